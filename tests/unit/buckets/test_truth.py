"""Every `object-*` code has a bucket with it and one without it."""

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.buckets import prices, truth
from services.buckets.addresses import addresses, scopes
from services.buckets.spool import Checkpoint, Scope, Span, Spool
from services.cloud_storage.credentials import Access, anonymous, service_account
from services.cloud_storage.google import connect
from services.domain.entries import EntryType
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.unit.buckets.conftest import BUCKET, MakeSpool, images, rows_of
from tests.unit.canaries import Canary
from tests.unit.loopback import NOT_BILLED, PAYER_MISSING, Reply, answer, serving

EXAMPLES = Path(__file__).parents[2] / "manifests"
FORBIDDEN = answer({"error": {"message": "no"}}, 403)
#: Folders whose manifest is compared with the bucket beside it.
FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/object-*/bucket.json"))

NOBODY = anonymous()


def checked(store: ManifestStore, text: str) -> CheckedManifest:
    return store.check(store.add("rows.csv", io.BytesIO(text.encode())), CheckOptions())


@pytest.fixture
def one(manifests: ManifestStore) -> CheckedManifest:
    return checked(manifests, f"ObjectURL,Type\ngs://{BUCKET}/a.jpg,image\n")


def told(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_what_goes_on_with_an_older_listing_is_no_newer_than_that(
    one: CheckedManifest, tmp_path: Path
) -> None:
    spool, then = Spool(tmp_path / BUCKET), datetime(2026, 1, 2, tzinfo=UTC)
    spool.begin(Scope(bucket=BUCKET))
    spool.plan([Span(prefix="")])
    spool.add(0, Checkpoint(), rows_of(*images("a.jpg")), 1, done=True)
    os.utime(tmp_path / BUCKET / "spans.json", (then.timestamp(), then.timestamp()))
    spool.finish()
    found = compared(one, tmp_path)
    assert (found.at, found.counts) == (then, {})


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}"
)
def test_a_code_is_found_where_it_is_and_nowhere_else(
    folder: Path, manifests: ManifestStore, make_spool: MakeSpool, tmp_path: Path
) -> None:
    example = checked(manifests, (folder / "manifest.csv").read_text(encoding="utf-8"))
    bucket = told(folder, "bucket.json")
    if isinstance(bucket, list):
        found = truth.judge(addresses(example), make_spool(*map(tuple, bucket)))
        counts = dict(found.group_by("code").len().iter_rows())
    else:
        counts = refused(example, bucket["granted"], tmp_path).counts
    assert counts == told(folder, "expected.json")["counts"]


def refused(one: CheckedManifest, granted: list[str], folder: Path) -> truth.Compared:
    """Compare with a bucket that refuses to be listed."""
    return compared(one, folder, FORBIDDEN, answer({"permissions": granted}))


def compared(one: CheckedManifest, folder: Path, *replies: bytes) -> truth.Compared:
    """Compare, as nobody in particular, with a bucket that answers so."""
    with serving(*replies) as server:
        work = truth.Comparison(
            checked=one,
            open_reader=lambda: connect(anonymous(), api_endpoint=server.url),
            folder=folder,
        )
        return truth.compare(work, lambda _: None)


def test_what_may_be_read_and_not_listed_stays_unknown(
    one: CheckedManifest, tmp_path: Path
) -> None:
    found = refused(one, ["storage.objects.get"], tmp_path)
    assert found.unknown == {"yard may not be listed with these credentials": 1}


def test_what_nobody_may_ask_stays_unknown(one: CheckedManifest, tmp_path: Path) -> None:
    stranger = answer({"error": {"message": "no"}}, 401)
    found = compared(one, tmp_path, stranger, stranger)
    assert found.unknown == {"yard may not be listed with these credentials": 1}
    assert found.counts == {}


def compared_over(
    manifests: ManifestStore,
    folder: Path,
    urls: tuple[str, ...],
    *replies: Reply,
    access: Access = NOBODY,
) -> truth.Compared:
    rows = "".join(f"{url},image\n" for url in urls)
    with serving(*replies) as server:
        work = truth.Comparison(
            checked=checked(manifests, f"ObjectURL,Type\n{rows}"),
            open_reader=lambda: connect(access, api_endpoint=server.url),
            folder=folder / "compared" / "one",
        )
        work.folder.mkdir(parents=True)
        return truth.compare(work, lambda _: None)


HELD = answer({"items": [{"name": "b.jpg", "size": "1", "generation": "1"}]})
YARD = f"gs://{BUCKET}/b.jpg"


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        ("gs://MyBucket/a.jpg", "MyBucket"),
        ("gs://a/a.jpg", "a"),
        ("https://storage.googleapis.com/../a.jpg", ".."),
    ],
)
def test_a_name_that_no_bucket_has_keeps_no_other_bucket_from_being_compared(
    url: str, bucket: str, manifests: ManifestStore, tmp_path: Path
) -> None:
    compared = compared_over(manifests, tmp_path, (url, YARD), HELD)
    assert compared.unknown == {f"{bucket} is not a name that Google has for a bucket": 1}
    assert (compared.counts, compared.objects_listed) == ({}, 1)
    assert [path.name for path in (tmp_path / "compared").iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (answer({}, 400), "Google refused to list aaa as an invalid request"),
        (answer({}, 401), "Google did not accept the credentials for aaa"),
        (PAYER_MISSING, "aaa has requester pays on"),
        (NOT_BILLED, "the billing of aaa is off"),
    ],
)
def test_a_bucket_that_refuses_otherwise_stays_unknown_alone(
    refusal: Reply,
    reason: str,
    manifests: ManifestStore,
    canaries: dict[str, Canary],
    tmp_path: Path,
) -> None:
    urls = ("gs://aaa/a.jpg", YARD)
    somebody = service_account(canaries["google"].text)
    compared = compared_over(manifests, tmp_path, urls, refusal, HELD, access=somebody)
    assert (compared.unknown, compared.counts, compared.objects_listed) == ({reason: 1}, {}, 1)


def test_permissions_that_are_not_told_leave_a_bucket_unknown(
    manifests: ManifestStore, tmp_path: Path
) -> None:
    replies = (answer({}, 403), answer({}, 401), HELD)
    compared = compared_over(manifests, tmp_path, ("gs://aaa/a.jpg", YARD), *replies)
    assert compared.unknown == {"aaa may not be listed with these credentials": 1}
    assert compared.objects_listed == 1


@pytest.mark.parametrize(
    ("url", "said", "problems"),
    [
        ("gs://aaa/a.jpg", answer({}, 403), 1),
        ("gs://MyBucket/a.jpg", answer({}, 403), 2),
        ("gs://aaa/a.jpg", answer({"nextPageToken": "on"}), 0),
    ],
)
def test_no_price_is_claimed_for_what_lists_no_name(
    url: str, said: Reply, problems: int, manifests: ManifestStore
) -> None:
    one = checked(manifests, f"ObjectURL,Type\n{url},image\n{YARD},image\n")
    with serving(said, HELD) as server:
        price = prices.estimate(
            one, lambda: connect(anonymous(), api_endpoint=server.url), lambda _: None
        )
    assert (price.prefixes, price.objects, price.requests) == (2, None, None)
    assert (price.seconds, price.dollars) == (None, None)
    assert len(price.problems) == problems


@pytest.mark.parametrize(
    ("kind", "name", "codes"),
    [
        ("video", "a.mp4", ["object-too-large"]),
        ("image", "a.jpg", ["object-too-large"]),
        ("audio", "a.wav", []),
        ("pdf", "a.pdf", []),
        ("nifti", "a.nii", []),
        ("text", "a.txt", []),
    ],
)
def test_a_size_is_told_only_of_types_whose_size_encord_advises_on(
    kind: str, name: str, codes: list[str], manifests: ManifestStore, make_spool: MakeSpool
) -> None:
    example = checked(manifests, f"ObjectURL,Type\ngs://{BUCKET}/{name},{kind}\n")
    found = truth.judge(addresses(example), make_spool((name, 10**9 + 1, None, 1)))
    assert found["code"].to_list() == codes


def test_every_frame_of_a_group_is_looked_for(
    manifests: ManifestStore, make_spool: MakeSpool
) -> None:
    rows = "".join(f"gs://{BUCKET}/g/{n}.jpg,image group,One,g\n" for n in range(5))
    found = addresses(checked(manifests, f"ObjectURL,Type,Title,Group\n{rows}"))
    assert found["nth"].to_list() == [0, 1, 2, 3, 4]
    spool = make_spool(*images("g/0.jpg", "g/1.jpg", "g/3.jpg", "z.jpg"), part=2)
    missing = truth.judge(found, spool)
    assert missing.select("entry", "nth", "code").rows() == [
        (0, 2, "object-missing"),
        (0, 4, "object-missing"),
    ]


def test_only_what_is_named_is_listed(manifests: ManifestStore) -> None:
    names = ("images/street/0001.jpg", "images/street/0070.jpg", "root.jpg", "videos/a/1.jpg")
    rows = "".join(f"gs://{BUCKET}/{name},image\n" for name in names)
    rows += "gs://other/x.jpg,image\ns3://else/where.jpg,image\n"
    found = addresses(checked(manifests, f"ObjectURL,Type\n{rows}"))
    assert scopes(found) == [
        Scope(bucket="other", prefixes=("x.jpg",)),
        Scope(bucket=BUCKET, prefixes=("images/street/00", "root.jpg", "videos/a/1.jpg")),
    ]


@pytest.mark.parametrize(
    ("kind", "content_type", "fits"),
    [
        (EntryType.VIDEO, "video/mp4", True),
        (EntryType.VIDEO, "image/png", False),
        (EntryType.AUDIO, "video/mp4", True),
        (EntryType.NIFTI, "application/gzip", True),
        (EntryType.IMAGE, "application/gzip", False),
        (EntryType.IMAGE, None, True),
        (EntryType.DICOM_SERIES, "application/dicom", True),
        (EntryType.PDF, "application/pdf;version=1.7", True),
        (EntryType.SCENE, "text/html", True),
    ],
)
def test_a_content_type_fits_or_does_not(
    kind: EntryType,
    content_type: str | None,
    fits: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert truth.fits(kind, content_type) is fits


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("storage.googleapis.com/yard", BUCKET),
        ("storage.cloud.google.com/yard", BUCKET),
        ("yard.storage.googleapis.com", BUCKET),
        ("old-storage.googleapis.com/yard", None),
        ("old.storage.cloud.google.com/yard", None),
    ],
)
def test_only_googles_hosts_name_its_buckets(
    host: str, bucket: str | None, manifests: ManifestStore
) -> None:
    found = addresses(checked(manifests, f"ObjectURL,Type\nhttps://{host}/a.jpg,image\n"))
    assert found["bucket"].to_list() == [bucket]
