"""An inventory report stands for a listing, in both of its formats."""

from pathlib import Path

import polars as pl
import pytest

from services.buckets.errors import InventoryError
from services.buckets.inventory import take_report
from services.buckets.spool import Scope, Spool

REPORT = pl.DataFrame(
    {
        "project": ["p"] * 3,
        "bucket": ["yard", "other", "yard"],
        "name": ["a/ü 1.jpg", "b.jpg", "c.mp4"],
        "size": [12, 5, 0],
        "contentType": ["image/jpeg", "image/png", None],
        "updated": ["2026-11-23T02:00:00Z"] * 3,
        "generation": [1700000000000001, 2, 3],
    }
)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "listing")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_report_is_taken(ending: str, spool: Spool, tmp_path: Path) -> None:
    path = tmp_path / f"report.{ending}"
    if ending == "csv":
        REPORT.write_csv(path)
    else:
        moment = pl.col("updated").str.to_datetime(time_zone="UTC")
        REPORT.with_columns(moment).write_parquet(path)
    totals = take_report(spool, Scope(bucket="yard"), path)
    assert (totals.objects, totals.bytes, totals.requests, totals.source) == (2, 12, 0, "inventory")
    assert set(spool.objects().collect()["updated"]) == {"2026-11-23T02:00:00Z"}
    rows = spool.objects().select("name", "size", "content_type", "generation").collect().rows()
    assert rows == [
        ("a/ü 1.jpg", 12, "image/jpeg", 1700000000000001),
        ("c.mp4", 0, None, 3),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be read"),
        (b"file,bytes\na,1\n", "no column name"),
        (b"bucket,name,size\nother,a,1\n", "names no object of yard"),
        (b"name,size\na,many\n", "cannot be read"),
        (b"PAR1 and nothing else", "cannot be read"),
    ],
)
def test_what_is_no_report_of_this_bucket_says_why(
    content: bytes, says: str, spool: Spool, tmp_path: Path
) -> None:
    path = tmp_path / "report"
    path.write_bytes(content)
    with pytest.raises(InventoryError, match=says):
        take_report(spool, Scope(bucket="yard"), path)
    assert spool.totals() is None
