"""Entries in another order than the file's: sorted once per check, kept beside its columns."""

import os
import tempfile
from enum import StrEnum
from pathlib import Path

import polars as pl

from services.manifests.arrow_files import open_columns
from services.manifests.columns import part_paths


class EntryOrder(StrEnum):
    """What entries are sorted by; equals stay in the order of the file."""

    FILE = "index"
    TYPE = "type"
    TITLE = "title"
    URL = "url"
    #: Most object URLs first.
    SIZE = "url_count"


class FindingOrder(StrEnum):
    """What findings are sorted by; equals stay in the order of the file."""

    FILE = "file"
    #: Errors first.
    SEVERITY = "severity"
    CODE = "code"
    VALUE = "value"


def sorted_indexes(folder: Path, order: EntryOrder) -> pl.Series:
    """Return the indexes of all entries in an order; sorts when nobody asked before."""
    target = folder / f"order-{order.value}.arrow"
    if not target.exists():
        _sort(folder, order, target)
    return open_columns(target)["index"]


def _sort(folder: Path, order: EntryOrder, target: Path) -> None:
    """Sort aside and rename: two people who ask at once write the same file."""
    by = pl.col(order.value)
    key = by.cast(pl.String) if order is EntryOrder.TYPE else by
    chosen = (
        pl.scan_ipc(part_paths(folder))
        .select("index", key.alias("key"))
        .sort(
            "key",
            descending=order is EntryOrder.SIZE,
            nulls_last=True,
            maintain_order=True,
        )
        .select("index")
        .collect()
    )
    handle, aside = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    chosen.write_ipc(aside, compression="uncompressed")
    Path(aside).replace(target)
