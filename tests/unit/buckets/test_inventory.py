"""An inventory report stands for a listing, in both of its formats."""

from datetime import UTC, time
from pathlib import Path

import polars as pl
import pytest

from services.buckets import browsing
from services.buckets.errors import InventoryError
from services.buckets.inventory import take_report
from services.buckets.listing import list_objects
from services.buckets.spool import Checkpoint, Scope, Span, Spool
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import GoogleBuckets, connect
from tests.unit.buckets.conftest import images, rows_of
from tests.unit.loopback import answer, serving

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


def test_what_a_report_does_not_tell_stays_unknown(spool: Spool, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("name,size\na.jpg,3\n")
    take_report(spool, Scope(bucket="yard"), path)
    columns = ("updated", "generation", "content_type")
    assert spool.objects().select(columns).collect().rows() == [(None, None, None)]
    (line,) = browsing.level(spool, "").rows
    assert (line.is_folder, line.generation, line.updated) == (False, None, None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be read"),
        (b"file,bytes\na,1\n", "no column name"),
        (b"bucket,name,size\nother,a,1\n", "names no object of yard"),
        (b"name,size\na,many\n", "cannot be read"),
        (b"name,size\na,1\nb,\n", "objects without a size"),
        (b"name,size\na,-1\n", "objects without a size"),
        (b"name,size\n,1\n", "objects without a name"),
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


MOMENTS = {
    "2026-11-23T02:00:00.5Z": "02:00:00.500000",
    "2026-11-23 02:00:00 UTC": "02:00:00",
    "2026-11-23 02:00:00": "02:00:00",
    "2026-11-23T02:00:00+01:30": "00:30:00",
    "the day before": None,
    "": None,
}


def test_moments_are_read_however_written_and_odd_ones_are_not_known(
    spool: Spool, tmp_path: Path
) -> None:
    path = tmp_path / "report.csv"
    rows = "".join(f"{number},1,{moment}\n" for number, moment in enumerate(MOMENTS))
    path.write_text(f"name,size,updated\n{rows}")
    take_report(spool, Scope(bucket="yard"), path)
    lines = browsing.level(spool, "").rows
    assert [line.name for line in lines] == ["0", "1", "2", "3", "4", "5"]
    read = [line.updated.astimezone(UTC).time() if line.updated else None for line in lines]
    assert read == [time.fromisoformat(moment) if moment else None for moment in MOMENTS.values()]


def test_moments_of_another_zone_are_told_in_utc(spool: Spool, tmp_path: Path) -> None:
    here = pl.col("updated").str.to_datetime(time_zone="UTC").dt.convert_time_zone("Asia/Tokyo")
    REPORT.with_columns(here).write_parquet(tmp_path / "report.parquet")
    take_report(spool, Scope(bucket="yard"), tmp_path / "report.parquet")
    assert set(spool.objects().collect()["updated"]) == {"2026-11-23T02:00:00Z"}


def listed(spool: Spool, *held: str) -> list[str]:
    """List a bucket that holds these objects; return the names on disk."""
    page = answer({"items": [{"name": name, "size": "1", "generation": "1"} for name in held]})
    with serving(page) as server:

        def reader() -> GoogleBuckets:
            return connect(anonymous(), api_endpoint=server.url)

        totals = list_objects(spool, Scope(bucket="yard"), reader, lambda _: None)
    names = spool.objects().collect()["name"].sort().to_list()
    assert totals.objects == len(names)
    return names


def test_a_broken_report_in_a_listing_half_way_makes_no_listing_look_complete(
    spool: Spool, tmp_path: Path
) -> None:
    spool.begin(Scope(bucket="yard"))
    spool.plan([Span(prefix="", flat=True), Span(prefix="m/")])
    spool.add(0, Checkpoint(), rows_of(*images("a.jpg")), 1, done=True)
    report = tmp_path / "report.csv"
    report.write_text("name,size\na.jpg,many\n")
    with pytest.raises(InventoryError):
        take_report(spool, Scope(bucket="yard"), report)
    assert listed(spool, "a.jpg", "m/1.jpg", "m/2.jpg") == ["a.jpg", "m/1.jpg", "m/2.jpg"]


def test_what_a_broken_report_had_brought_is_not_gone_on_with(spool: Spool, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    good = "".join(f"m/{number:06}.jpg,1\n" for number in range(400_000))
    report.write_text(f"name,size\n{good}z.jpg,many\n")
    with pytest.raises(InventoryError):
        take_report(spool, Scope(bucket="yard"), report)
    assert listed(spool, "a.jpg", "z.jpg") == ["a.jpg", "z.jpg"]


def test_a_listing_half_way_leaves_nothing_in_a_report(spool: Spool, tmp_path: Path) -> None:
    spool.begin(Scope(bucket="yard"))
    spool.plan([Span(prefix="", flat=True), Span(prefix="m/")])
    spool.add(0, Checkpoint(), rows_of(*images("gone.jpg")), 1, done=True)
    spool.add(1, Checkpoint(), rows_of(*images("m/1.jpg")), 1, done=False)
    REPORT.write_csv(tmp_path / "report.csv")
    assert take_report(spool, Scope(bucket="yard"), tmp_path / "report.csv").objects == 2
    assert spool.objects().collect()["name"].to_list() == ["a/ü 1.jpg", "c.mp4"]


def test_a_listing_of_before_sources_were_told_apart_is_begun_anew(spool: Spool) -> None:
    spool.begin(Scope(bucket="yard"))
    spool.plan([Span(prefix="")])
    spool.add(0, Checkpoint(), rows_of(*images("m.jpg")), 1, done=False)
    (spool.folder / "scope.json").write_text('{"bucket": "yard", "prefixes": []}')
    assert listed(spool, "a.jpg", "z.jpg") == ["a.jpg", "z.jpg"]
