"""The files of a finished check, as repair needs them: where entries stand and what marks them."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from services.domain.chunks import Ranges
from services.domain.entries import EntryType
from services.domain.findings import Summary
from services.manifests.arrow_files import open_columns
from services.manifests.check import LAYOUT
from services.manifests.checked import CheckedManifest
from services.manifests.collector import NUMBER_OF
from services.manifests.columns import UNKNOWN, part_paths
from services.manifests.csv_layout import Layout, read_layout
from services.manifests.finding_columns import MARKS, codes_between
from services.manifests.options import CheckOptions
from services.manifests.stored import StoredEntry, read_entries

#: One truth value per entry.
Mask = npt.NDArray[np.bool_]

_COLUMNS: Final = ("index", "type", "start", "length", "url_count")


@dataclass(frozen=True, slots=True)
class Location:
    """Where one entry stands in the document: its bytes, in a CSV those of its first row."""

    index: int
    kind: EntryType | None
    start: int
    length: int
    url_count: int


@dataclass(frozen=True)
class Opened:
    """One finished check and its document."""

    checked: CheckedManifest

    @property
    def folder(self) -> Path:
        """The check's folder."""
        return self.checked.folder

    @property
    def document(self) -> Path:
        """The manifest as UTF-8 text."""
        return self.checked.document

    def entries(self, ranges: Ranges) -> Iterator[StoredEntry]:
        """Stream entries as the columns hold them, valid or not."""
        return read_entries(self.checked.source, ranges)

    @property
    def summary(self) -> Summary:
        """Counts of the check."""
        return self.checked.summary

    @property
    def options(self) -> CheckOptions:
        """What the check was asked."""
        return self.checked.options

    @property
    def is_csv(self) -> bool:
        """Whether the document is a CSV."""
        return self.summary.format.startswith("csv")

    def line_of(self, offset: int) -> int:
        """Return the line of a place in the document."""
        return self.checked.lines.line_of(offset)

    def marked(self, code: str) -> pl.DataFrame:
        """Return the entries with findings of a code and how many each has."""
        marks = open_columns(self.folder / MARKS)
        mine = marks.filter(pl.col("code") == NUMBER_OF[code])
        return mine.group_by("entry", maintain_order=True).len()

    def codes(self, entries: Collection[int]) -> dict[int, tuple[str, ...]]:
        """Return the codes of the findings about some entries that stand near one another."""
        if not entries:
            return {}
        return codes_between(open_columns(self.folder / MARKS), min(entries), max(entries))

    def mask(self, code: str) -> Mask:
        """Mark the entries with findings of a code."""
        made = self.none()
        made[self.marked(code)["entry"].to_numpy()] = True
        return made

    def held(self) -> Mask:
        """Mark the entries with errors."""
        made = self.every()
        for first, last in self.checked.valid_indexes().pairs:
            made[first : last + 1] = False
        return made

    def none(self) -> Mask:
        """Mark no entry."""
        return np.zeros(self.summary.entries, np.bool_)

    def every(self) -> Mask:
        """Mark every entry."""
        return np.ones(self.summary.entries, np.bool_)

    def locations(self, mask: Mask) -> Iterator[Location]:
        """Yield where the marked entries stand, in index order, part by part."""
        for path in part_paths(self.folder):
            part = open_columns(path, columns=list(_COLUMNS))
            first = part["index"][0]
            chosen = part.filter(pl.Series(mask[first : first + part.height]))
            for row in chosen.select(_COLUMNS).iter_rows():
                yield _location(row)

    @cached_property
    def layouts(self) -> list[tuple[int, Layout]]:
        """The columns of a CSV, each with the first entry below them."""
        content = json.loads((self.folder / LAYOUT).read_text(encoding="utf-8"))
        headers = (content["csv"] or {}).get("headers", [])
        return [(first, read_layout(cells)) for first, cells in headers]

    def by_start(self) -> Iterator[Location]:
        """Yield where all entries stand, in the order of the document."""
        paths = part_paths(self.folder)
        if paths:
            table = pl.scan_ipc(paths).select(_COLUMNS).sort("start").collect()
            yield from map(_location, table.iter_rows())


def _location(row: tuple[int, str, int | None, int | None, int]) -> Location:
    index, kind, start, length, url_count = row
    known = None if kind == UNKNOWN else EntryType(kind)
    return Location(index, known, start or 0, length or 0, url_count)
