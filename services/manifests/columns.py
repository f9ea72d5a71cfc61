"""The columns of entries on disk: one Arrow IPC file per 65,536 entries, read by memory mapping."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from services.domain.entries import EntryType

#: Entries per file; bounds what is in memory while writing and while reading.
PART: Final = 65_536

#: What stands for an entry of a type nobody knows.
UNKNOWN: Final = "unknown"
KINDS: Final = pl.Enum([*(kind.value for kind in EntryType), UNKNOWN])

SCHEMA: Final[dict[str, pl.DataType]] = {
    "index": pl.UInt32(),
    "type": KINDS,
    "title": pl.String(),
    "url": pl.String(),
    "url_count": pl.UInt32(),
    "valid": pl.Boolean(),
    # The entry's bytes in the document; a line where the payload is not in the document.
    "start": pl.Int64(),
    "length": pl.Int64(),
    "line": pl.UInt32(),
    # The entry as JSON where the document does not hold it in Encord's spelling.
    "payload": pl.Binary(),
}


@dataclass(slots=True)
class ColumnWriter:
    """Collect entries and write them part by part."""

    folder: Path
    count: int = 0
    parts: int = 0
    _columns: dict[str, list[object]] = field(default_factory=lambda: {k: [] for k in SCHEMA})

    def add(  # noqa: PLR0913 - one argument per column
        self,
        *,
        kind: EntryType | None,
        title: str | None,
        url: str | None,
        url_count: int,
        valid: bool,
        start: int | None = None,
        length: int | None = None,
        line: int | None = None,
        payload: bytes | None = None,
    ) -> None:
        """Add the next entry."""
        row = (
            self.count,
            kind.value if kind else UNKNOWN,
            title,
            url,
            url_count,
            valid,
            start,
            length,
            line,
            payload,
        )
        for column, value in zip(self._columns.values(), row, strict=True):
            column.append(value)
        self.count += 1
        if self.count % PART == 0:
            self.flush()

    def flush(self) -> None:
        """Write the entries collected so far as one part."""
        if not self._columns["index"]:
            return
        frame = pl.DataFrame(self._columns, schema=SCHEMA)
        self.add_part(frame)
        self._columns = {name: [] for name in SCHEMA}

    def add_part(self, frame: pl.DataFrame) -> None:
        """Write one part."""
        frame.write_ipc(part_path(self.folder, self.parts), compression="uncompressed")
        self.parts += 1


def part_path(folder: Path, number: int) -> Path:
    """Name a part's file."""
    return folder / f"entries-{number:05}.arrow"


def part_paths(folder: Path) -> list[Path]:
    """List the parts of a finished check in order."""
    return sorted(folder.glob("entries-*.arrow"))
