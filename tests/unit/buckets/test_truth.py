"""Every `object-*` code has a bucket with it and one without it."""

import io
from pathlib import Path

import pytest

from services.buckets import truth
from services.buckets.addresses import addresses, scopes
from services.buckets.spool import Scope
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import connect
from services.domain.content_types import ADVISED_BYTES
from services.domain.entries import EntryType
from services.domain.rules import GROUPS
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.unit.buckets.conftest import BUCKET, MakeSpool, Object, images
from tests.unit.loopback import answer, serving

CODES = [rule.code for rule in GROUPS["Bucket check"]]
#: Code to a bucket that has it and one that has not, for an image `a.jpg`.
BUCKETS: dict[str, tuple[list[Object], list[Object]]] = {
    "object-missing": (images("A.jpg"), images("a.jpg")),
    "object-empty": ([("a.jpg", 0, "image/jpeg", 1)], images("a.jpg")),
    "object-type": ([("a.jpg", 1, "text/html", 1)], [("a.jpg", 1, "application/octet-stream", 1)]),
    "object-too-large": (
        [("a.jpg", ADVISED_BYTES + 1, "image/jpeg", 1)],
        [("a.jpg", ADVISED_BYTES, "image/jpeg", 1)],
    ),
}


def checked(store: ManifestStore, text: str) -> CheckedManifest:
    return store.check(store.add("rows.csv", io.BytesIO(text.encode())), CheckOptions())


@pytest.fixture
def one(manifests: ManifestStore) -> CheckedManifest:
    return checked(manifests, f"ObjectURL,Type\ngs://{BUCKET}/a.jpg,image\n")


@pytest.mark.parametrize("code", [code for code in CODES if code != "object-forbidden"])
def test_a_code_is_found_where_it_is_and_nowhere_else(
    code: str, one: CheckedManifest, make_spool: MakeSpool
) -> None:
    with_it, without = BUCKETS[code]
    found = truth.judge(addresses(one), make_spool(*with_it, name="with"))
    assert found["code"].to_list() == [code]
    assert truth.judge(addresses(one), make_spool(*without, name="without")).is_empty()


@pytest.mark.parametrize(
    ("granted", "codes", "unknown"),
    [
        ([], {"object-forbidden": 1}, {}),
        (["storage.objects.get"], {}, {"yard may not be listed with these credentials": 1}),
    ],
)
def test_not_listed_is_forbidden_only_when_reading_is(
    granted: list[str],
    codes: dict[str, int],
    unknown: dict[str, int],
    one: CheckedManifest,
    tmp_path: Path,
) -> None:
    forbidden = answer({"error": {"message": "no"}}, 403)
    with serving(forbidden, answer({"permissions": granted})) as server:
        work = truth.Comparison(
            checked=one,
            open_reader=lambda: connect(anonymous(), api_endpoint=server.url),
            folder=tmp_path,
        )
        compared = truth.compare(work, lambda _: None)
    assert (compared.counts, compared.unknown) == (codes, unknown)


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
