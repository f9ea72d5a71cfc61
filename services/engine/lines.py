"""Read a verification's lines back, a page at a time, from their columns on disk."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from services.domain.paging import Page
from services.engine.spreadsheet import csv_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRow:
    """One line of a verification as a page shows it."""

    verdict: str
    entry: int | None
    type: str
    title: str | None
    url: str
    #: Where a missing entry stopped.
    where: str
    item_uuid: str | None
    #: The dataset's rows, separated by spaces.
    row_uuid: str


class Lines:
    """The lines of all receipts, one Arrow file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def page(
        self,
        receipt: str,
        *,
        verdict: str | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 100,
    ) -> Page[VerifiedRow]:
        """Return one page; what is wrong comes before what is right."""
        lines = self._scan(receipt)
        if verdict:
            lines = lines.filter(pl.col("verdict") == verdict)
        if search:
            wanted = search.lower()
            found = [
                pl.col(name)
                .str.to_lowercase()
                .str.contains(wanted, literal=True)
                .fill_null(value=False)
                for name in ("url", "title")
            ]
            lines = lines.filter(pl.any_horizontal(found))
        total = int(lines.select(pl.len()).collect().item())
        matched_last = lines.sort(pl.col("verdict") == "matched", maintain_order=True)
        rows = matched_last.slice(offset, limit).collect().to_dicts()
        return Page([_view(row) for row in rows], total)

    def stream(self, receipt: str) -> Iterator[VerifiedRow]:
        """Yield every line in the order in which it was written."""
        for row in self._scan(receipt).collect().iter_rows(named=True):
            yield _view(row)

    def csv(self, receipt: str) -> bytes:
        """Return every line for a spreadsheet, with a byte order mark."""
        names = [field.name for field in fields(VerifiedRow)]
        rows = ([getattr(row, name) for name in names] for row in self.stream(receipt))
        return BOM_UTF8 + csv_bytes(chain([names], rows))

    def _scan(self, receipt: str) -> pl.LazyFrame:
        return pl.scan_ipc(self._folder / f"{receipt}.arrow")


def _view(row: dict[str, Any]) -> VerifiedRow:
    return VerifiedRow(
        verdict=row["verdict"],
        entry=row["entry"],
        type=row["type"],
        title=row["title"],
        url=row["url"],
        where=row["stopped"],
        item_uuid=row["item_uuid"],
        row_uuid=" ".join(row["row_uuids"]),
    )
