"""Take an inventory report instead of listing: Storage Insights' CSV or Parquet, in a spool."""

from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from services.buckets.errors import InventoryError
from services.buckets.spool import INVENTORY, SCHEMA, Checkpoint, Scope, Span, Spool, Totals

#: Our column to the report's.
_FIELDS: Final = {
    "name": "name",
    "size": "size",
    "content_type": "contentType",
    "updated": "updated",
    "generation": "generation",
}
_NEEDED: Final = ("name", "size")
#: A moment of UTC as reports and tables made of them write it, in its parts.
_PLAIN: Final = r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:UTC|Z)?$"
#: Objects in one part on disk.
_PART: Final = 100_000
_PARQUET: Final = b"PAR1"

UNREADABLE: Final = "The report cannot be read: {problem}"
OTHER_BUCKET: Final = "The report names no object of {bucket}."
LACKS: Final = "The report names objects without a {column}, so it cannot stand for a listing."
NO_REPORT: Final = "This is not an inventory report: it has no column {column}."


def take_report(spool: Spool, scope: Scope, report: Path) -> Totals:
    """Read a report into a spool, part by part; rows of other buckets are left out.

    Raises:
        InventoryError: It is no inventory report, or not of this bucket.
    """
    try:
        rows = _rows(report, scope.bucket)
        spool.begin(scope, INVENTORY)
        spool.plan([Span(prefix="")])
        known = Checkpoint()
        for frame in rows.collect_batches(chunk_size=_PART):
            _require_told(frame)
            known = spool.add(0, known, frame.sort("name"), 0, done=False)
    except PolarsError as problem:
        raise InventoryError(UNREADABLE, problem=_first_line(problem)) from None
    if not known.objects:
        raise InventoryError(OTHER_BUCKET, bucket=scope.bucket)
    spool.add(0, known, pl.DataFrame(schema=SCHEMA), 0, done=True)
    return spool.finish(INVENTORY)


def _require_told(frame: pl.DataFrame) -> None:
    """Refuse objects without a name or a size: what reads listings counts on both."""
    is_told = {
        "name": pl.col("name").fill_null("") != "",
        "size": pl.col("size").fill_null(-1) >= 0,
    }
    for column, told in is_told.items():
        if not frame.select(told.all()).item():
            raise InventoryError(LACKS, column=column)


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0]


def _rows(report: Path, bucket: str) -> pl.LazyFrame:
    table = _scan(report)
    present = table.collect_schema()
    missing = [name for name in _NEEDED if _FIELDS[name] not in present]
    if missing:
        raise InventoryError(NO_REPORT, column=_FIELDS[missing[0]])
    if "bucket" in present:
        table = table.filter(pl.col("bucket") == bucket)
    columns = [
        _read(field, present.get(field)).cast(SCHEMA[name]).alias(name)
        for name, field in _FIELDS.items()
    ]
    return table.select(columns)


def _read(field: str, kind: pl.DataType | None) -> pl.Expr:
    if kind is None:
        return pl.lit(None)
    column = pl.col(field)
    if field == "updated":
        return _moment(column, kind).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    return column


def _moment(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Read moments; those without a zone are UTC, as all of Google's, and odd ones not known."""
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        return column.dt.convert_time_zone("UTC")
    if kind.is_temporal():
        return column
    text = column.cast(pl.String).str.replace(_PLAIN, "${1}T${2}+00:00")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_zone="UTC", strict=False)


def _scan(report: Path) -> pl.LazyFrame:
    with report.open("rb") as stream:
        is_parquet = stream.read(len(_PARQUET)) == _PARQUET
    if is_parquet:
        return pl.scan_parquet(report)
    return pl.scan_csv(report, infer_schema=False)
