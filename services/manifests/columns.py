"""The columns of entries on disk: one Arrow IPC file per 65,536 entries, read by memory mapping."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from services.domain.entries import EntryType
from services.manifests.arrow_files import open_columns

#: Entries per file; bounds what is in memory while writing and while reading.
PART: Final = 65_536

#: What stands for an entry of a type nobody knows.
UNKNOWN: Final = "unknown"
KINDS: Final = pl.Enum([*(kind.value for kind in EntryType), UNKNOWN])

SCHEMA: Final[dict[str, pl.DataType]] = {
    "type": KINDS,
    "title": pl.String(),
    "url": pl.String(),
    "url_count": pl.UInt32(),
    "valid": pl.Boolean(),
    "start": pl.Int64(),
    "length": pl.Int64(),
    "line": pl.UInt32(),
    "payload": pl.Binary(),
}


class Row(NamedTuple):
    """One entry as the columns hold it; the fields are those of `SCHEMA`."""

    type: str
    title: str | None
    url: str | None
    url_count: int
    valid: bool
    #: The entry's bytes in the document; None where it is not in one piece there.
    start: int | None
    length: int | None
    #: None in JSON, where it follows from `start`.
    line: int | None
    #: The entry as JSON where the document does not hold it in Encord's spelling.
    payload: bytes | None


assert tuple(SCHEMA) == Row._fields


def same(value: object, size: int, kind: pl.DataType) -> pl.Series:
    """Make a column that has one value throughout, without planning a query for it."""
    return pl.Series([value], dtype=kind).new_from_index(0, size)


def put_among(
    accepted: pl.DataFrame, places: npt.NDArray[np.uint32], examined: dict[int, Row]
) -> pl.DataFrame:
    """Put examined rows, by place, among accepted ones, whose places are given in order."""
    if not examined:
        return accepted
    rows = pl.DataFrame(list(examined.values()), schema=SCHEMA, orient="row")
    order = np.argsort(np.concatenate([places, np.fromiter(examined, np.uint32)]), kind="stable")
    # Gathering from one piece takes half the time.
    return pl.concat([accepted, rows], rechunk=True)[order]


@dataclass(slots=True)
class ColumnWriter:
    """Collect entries and write them part by part; the index is the place in the order given."""

    folder: Path
    count: int = 0
    valid: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    _parts: int = 0
    _rows: list[Row] = field(default_factory=list)
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _waiting: int = 0

    def add(self, row: Row) -> None:
        """Add the next entry."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) == PART:
            self._collect_rows()

    def extend(self, frame: pl.DataFrame) -> None:
        """Add the next entries."""
        self._collect_rows()
        self.count += frame.height
        self._take(frame)

    def finish(self) -> None:
        """Write what is left."""
        self._collect_rows()
        if self._waiting:
            self._write(pl.concat(self._frames))

    def _collect_rows(self) -> None:
        if self._rows:
            frame = pl.DataFrame(self._rows, schema=SCHEMA, orient="row")
            self._rows = []
            self._take(frame)

    def _take(self, frame: pl.DataFrame) -> None:
        self._frames.append(frame)
        self.valid += int(frame["valid"].sum())
        for kind, count in enumerate(np.bincount(frame["type"].to_physical()).tolist()):
            if count:
                self.by_type[KINDS.categories[kind]] += count
        self._waiting += frame.height
        if self._waiting < PART:
            return
        whole = pl.concat(self._frames)
        full = whole.height - whole.height % PART
        for start in range(0, full, PART):
            self._write(whole.slice(start, PART))
        rest = whole.slice(full)
        self._frames, self._waiting = ([rest] if rest.height else []), rest.height

    def _write(self, frame: pl.DataFrame) -> None:
        first = self._parts * PART
        index = pl.int_range(first, first + frame.height, dtype=pl.UInt32, eager=True)
        whole = frame.insert_column(0, index.alias("index"))
        whole.write_ipc(part_path(self.folder, self._parts), compression="uncompressed")
        self._parts += 1


def rows_at(folder: Path, indexes: pl.Series) -> pl.DataFrame:
    """Return the entries of these indexes, in order of the index, from the parts that have them."""
    if indexes.is_empty():
        return pl.DataFrame(schema={"index": pl.UInt32, **SCHEMA})
    return pl.concat(
        open_columns(part_path(folder, number)).filter(pl.col("index").is_in(indexes.implode()))
        for number in (indexes // PART).unique().sort()
    )


def part_path(folder: Path, number: int) -> Path:
    """Name a part's file."""
    return folder / f"entries-{number:05}.arrow"


def part_paths(folder: Path) -> list[Path]:
    """List the parts of a finished check in order."""
    return sorted(folder.glob("entries-*.arrow"))
