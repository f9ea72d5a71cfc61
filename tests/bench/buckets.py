"""Buckets at size: a listing over a socket, and a manifest's names joined with a large listing."""

import tempfile
from pathlib import Path
from typing import Final

import polars as pl

from services.buckets.listing import list_objects
from services.buckets.reach import Reach
from services.buckets.spool import SCHEMA, Checkpoint, Scope, Span, Spool
from services.buckets.truth import judge
from tests.contract.sandbox_process import sandbox_process

URLS: Final = 500_000
OBJECTS: Final = 1_000_000
#: Listed of the sandbox's virtual objects: its own work is most of what is measured.
LISTED: Final = 100_000
_PART: Final = 50_000


def write_names(path: Path) -> None:
    """Write the names of a manifest, and beside them the listing of a bucket twice as large."""
    names = pl.Series("name", [f"site-{n % 7}/{n:07d}.jpg" for n in range(OBJECTS)]).sort()
    asked = names.gather_every(2).shuffle(seed=1)
    frame = pl.DataFrame({"key": asked}).with_row_index("entry")
    frame.with_columns(
        nth=pl.lit(0, pl.UInt32),
        kind=pl.lit("image"),
        url=pl.lit("gs://yard/") + pl.col("key"),
        bucket=pl.lit("yard"),
    ).write_parquet(path)
    spool = Spool(_listing_beside(path))
    spool.begin(Scope(bucket="yard"))
    spool.plan([Span(prefix="")])
    known = Checkpoint()
    for part in names.to_frame().iter_slices(_PART):
        rows = part.with_columns(
            size=pl.lit(1_000, pl.Int64),
            content_type=pl.lit("image/jpeg"),
            updated=pl.lit("2026-11-23T02:00:00Z"),
            generation=pl.lit(1, pl.Int64),
        )
        known = spool.add(0, known, rows.select(list(SCHEMA)), 50, done=False)
    spool.finish()


def _listing_beside(path: Path) -> Path:
    return path.with_suffix(".listing")


def join(file: Path) -> None:
    """Join, and find nothing wrong."""
    found = judge(pl.read_parquet(file), Spool(_listing_beside(file)))
    assert found.is_empty()


def listing(_file: Path) -> None:
    """List from the sandbox, which is started first; it answers one range after the other."""
    with tempfile.TemporaryDirectory() as folder, sandbox_process(Path(folder)) as sandbox:
        reach = Reach(account="nobody", endpoint=sandbox.url)
        scope = Scope(bucket=sandbox.bucket, prefixes=("bulk/0",))
        totals = list_objects(Spool(Path(folder) / "spool"), scope, reach.open, lambda _: None)
    assert totals.objects == LISTED
