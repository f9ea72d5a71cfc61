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
#: Objects in one part on disk.
_PART: Final = 100_000
_PARQUET: Final = b"PAR1"

UNREADABLE: Final = "The report cannot be read: {problem}"
OTHER_BUCKET: Final = "The report names no object of {bucket}."
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
            known = spool.add(0, known, frame.sort("name"), 0, done=False)
    except PolarsError as problem:
        raise InventoryError(UNREADABLE, problem=_first_line(problem)) from None
    if not known.objects:
        raise InventoryError(OTHER_BUCKET, bucket=scope.bucket)
    spool.add(0, known, pl.DataFrame(schema=SCHEMA), 0, done=True)
    return spool.finish(INVENTORY)


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
    is_moment = kind.is_temporal()
    return pl.col(field).dt.strftime("%Y-%m-%dT%H:%M:%SZ") if is_moment else pl.col(field)


def _scan(report: Path) -> pl.LazyFrame:
    with report.open("rb") as stream:
        is_parquet = stream.read(len(_PARQUET)) == _PARQUET
    if is_parquet:
        return pl.scan_parquet(report)
    return pl.scan_csv(report, infer_schema=False)
