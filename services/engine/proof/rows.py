"""The row-level result of a verification: written once, hashed, read a page at a time.

Its hash is the SHA-256 of the rows as JSON Lines, so that the download can be checked with
`sha256sum` alone.
"""

import hashlib
import io
import uuid
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from services.domain.paging import Page
from services.domain.verification import Verdict
from services.engine.proof.columns import LINES
from services.engine.spreadsheet import csv_bytes
from services.manifests.arrow_files import open_columns

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: Final[dict[Format, str]] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}
#: Rows that are written as text at a time.
BATCH: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRow:
    """One line of a verification as a page shows it."""

    verdict: str
    entry: int | None
    type: str
    title: str | None
    url: str
    urls: int
    stage: str
    detail: str
    item_uuid: str
    row_uuids: str


class VerifiedRows:
    """The rows of all receipts, one Arrow file each, and what each of them had expected."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, receipt: str) -> Path:
        """Name the file of a receipt's rows."""
        return self._folder / f"{receipt}.arrow"

    def expected_path(self, name: str) -> Path:
        """Name the file of what a receipt, or a task that is under way, expects."""
        return self._folder / f"{name}.expected.arrow"

    def write(self, receipt: str, lines: pl.DataFrame) -> tuple[dict[str, int], str]:
        """Write the rows; return how many there are of each verdict, and their hash."""
        write_columns(lines, self.path(receipt))
        counted = dict(lines["verdict"].value_counts().iter_rows())
        return {each: counted.get(each, 0) for each in map(str, Verdict)}, hash_of(lines)

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
        rows = self._chosen(receipt, verdict, search)
        return Page([VerifiedRow(**row) for row in rows.slice(offset, limit).to_dicts()], len(rows))

    def wrong(self, receipt: str, limit: int = 200) -> Page[VerifiedRow]:
        """Return the first rows that are not matched."""
        rows = self.read(receipt).filter(pl.col("verdict") != Verdict.MATCHED)
        return Page([VerifiedRow(**row) for row in rows.head(limit).to_dicts()], len(rows))

    def export(
        self, receipt: str, form: Format, *, verdict: str | None = None, search: str = ""
    ) -> bytes:
        """Return all rows, or those of a filter, as a file."""
        return export(self._chosen(receipt, verdict, search), form)

    def item_of_row(self, receipt: str, row: str) -> str | None:
        """Return the item of a data row of a receipt, if the row is there."""
        path = self.path(receipt)
        if not path.exists():
            return None
        held = pl.scan_ipc(path).filter(pl.col("row_uuids").str.contains(row, literal=True))
        items = held.select("item_uuid").head(1).collect()["item_uuid"]
        return items[0] if len(items) else None

    def read(self, receipt: str) -> pl.DataFrame:
        """Map a receipt's rows into memory."""
        return open_columns(self.path(receipt))

    def _chosen(self, receipt: str, verdict: str | None, search: str) -> pl.DataFrame:
        rows = self.read(receipt)
        if verdict:
            rows = rows.filter(pl.col("verdict") == verdict)
        if search:
            wanted = [
                pl.col(name).str.to_lowercase().str.contains(search.lower(), literal=True)
                for name in ("url", "title", "detail", "item_uuid")
            ]
            rows = rows.filter(pl.any_horizontal(wanted).fill_null(value=False))
        return rows


def write_columns(frame: pl.DataFrame, path: Path) -> None:
    """Write columns so that a reader never sees half of them, nor a mix of two writers."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_suffix(f".{uuid.uuid4().hex}.part")
    try:
        frame.write_ipc(aside, compression="uncompressed")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def hash_of(lines: pl.DataFrame) -> str:
    """Return the SHA-256 of the rows as JSON Lines, hex."""
    digest = hashlib.sha256()
    for part in lines.iter_slices(BATCH):
        text = io.BytesIO()
        part.write_ndjson(text)
        digest.update(text.getbuffer())
    return digest.hexdigest()


def export(lines: pl.DataFrame, form: Format) -> bytes:
    """Write rows as a file; a CSV is made harmless for spreadsheets."""
    target = io.BytesIO()
    if form == "csv":
        return BOM_UTF8 + csv_bytes([lines.columns]) + csv_bytes(lines.iter_rows())
    if form == "jsonl":
        lines.write_ndjson(target)
    else:
        lines.write_parquet(target)
    return target.getvalue()


def load(path: Path) -> pl.DataFrame:
    """Read rows from a download: JSON Lines, Parquet, or the app's own columns.

    Raises:
        ValueError: The file is none of these, or its columns are others.
    """
    readers: dict[str, Any] = {
        ".jsonl": lambda: pl.read_ndjson(path, schema=LINES),
        ".parquet": lambda: pl.read_parquet(path),
        ".arrow": lambda: pl.read_ipc(path),
    }
    reader = readers.get(path.suffix)
    if reader is None:
        raise ValueError(path.suffix)
    try:
        return reader().cast(LINES).select(list(LINES))  # type: ignore[no-any-return]
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(str(error)) from None
