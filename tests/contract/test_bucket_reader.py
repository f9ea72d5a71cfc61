"""Google's real client on the sandbox: what a bucket reader promises."""

from collections.abc import Iterator

import pytest

from services.cloud_storage.credentials import anonymous
from services.cloud_storage.errors import Changed, NotFound, NotPublic
from services.cloud_storage.google import GoogleBuckets, connect
from services.cloud_storage.interface import BucketReader
from services.domain.browser import conclude
from services.domain.cors import ORIGINS, PageRequest, mended
from tests.contract.sandbox_process import SandboxProcess

LOCKED = "encord-locked-bucket"


@pytest.fixture
def reader(sandbox: SandboxProcess) -> Iterator[GoogleBuckets]:
    made = connect(anonymous(), api_endpoint=sandbox.url)
    yield made
    made.close()


def names(reader: BucketReader, bucket: str, **options: object) -> list[str]:
    pages = reader.list_objects(bucket, **options)  # type: ignore[arg-type] # passed on as given
    return [found.name for page in pages for found in page]


def test_a_bucket_says_what_it_is(reader: GoogleBuckets, sandbox: SandboxProcess) -> None:
    bucket = reader.bucket(sandbox.bucket)
    assert bucket.name == sandbox.bucket
    assert bucket.location
    assert bucket.storage_class
    assert bucket.metageneration >= 1
    assert bucket.uniform_access


def test_permissions_are_what_the_identity_has(
    reader: GoogleBuckets, sandbox: SandboxProcess
) -> None:
    asked = ["storage.objects.get", "storage.objects.list"]
    assert reader.test_permissions(sandbox.bucket, asked) == frozenset(asked)
    assert reader.test_permissions(LOCKED, asked) == frozenset()


def test_objects_are_found_by_prefix_and_number(
    reader: GoogleBuckets, sandbox: SandboxProcess
) -> None:
    street = names(reader, sandbox.bucket, prefix="images/street/")
    assert len(street) > 100
    assert street == sorted(street)
    assert all(name.startswith("images/street/") for name in street)
    assert names(reader, sandbox.bucket, prefix="images/street/", limit=7) == street[:7]
    assert names(reader, sandbox.bucket, prefix="nothing/") == []


def test_many_objects_come_in_pages(reader: GoogleBuckets, sandbox: SandboxProcess) -> None:
    pages = reader.list_objects(sandbox.bucket, prefix="bulk/", limit=2500)
    assert [len(page) for page in pages] == [1000, 1000, 500]


def test_an_object_says_what_it_is(reader: GoogleBuckets, sandbox: SandboxProcess) -> None:
    (page,) = reader.list_objects(sandbox.bucket, prefix="images/street/0001")
    found = reader.object(sandbox.bucket, "images/street/0001.jpg")
    assert page == [found]
    assert found.content_type == "image/jpeg"
    assert found.size > 0
    assert found.generation > 0
    assert found.updated.tzinfo is not None


def test_what_is_missing_or_locked_is_told_apart(
    reader: GoogleBuckets, sandbox: SandboxProcess
) -> None:
    with pytest.raises(NotFound):
        reader.bucket("encord-no-such-bucket")
    with pytest.raises(NotFound):
        names(reader, "encord-no-such-bucket")
    with pytest.raises(NotFound, match="images/none"):
        reader.object(sandbox.bucket, "images/none.jpg")
    with pytest.raises(NotPublic) as caught:
        reader.bucket(LOCKED)
    assert "storage.buckets.get" in caught.value.raw
    with pytest.raises(NotPublic):
        names(reader, LOCKED)


def test_the_start_of_an_object_is_read(reader: GoogleBuckets, sandbox: SandboxProcess) -> None:
    assert reader.first_bytes(sandbox.bucket, "images/street/0001.jpg", 3) == b"\xff\xd8\xff"
    assert reader.first_bytes(sandbox.bucket, "traps/empty.jpg", 1) == b""
    with pytest.raises(NotFound):
        reader.first_bytes(sandbox.bucket, "images/none.jpg", 1)


def test_cors_rules_are_set_only_on_the_bucket_they_were_made_for(
    reader: GoogleBuckets, sandbox: SandboxProcess
) -> None:
    before = reader.bucket(sandbox.bucket)
    rules = mended(before.cors_document, ORIGINS["US"])
    page = PageRequest(origin=ORIGINS["US"][0], headers=("Content-Type",))
    asked = (sandbox.bucket, "images/street/0001.jpg", page)
    assert not conclude(reader.as_page(*asked), page).allowed
    after = reader.set_cors(sandbox.bucket, rules, metageneration=before.metageneration)
    assert after.cors_document == rules
    assert after.metageneration > before.metageneration
    assert conclude(reader.as_page(*asked), page).allowed
    with pytest.raises(Changed):
        reader.set_cors(sandbox.bucket, "[]", metageneration=before.metageneration)
    assert reader.bucket(sandbox.bucket).cors_document == rules
    with pytest.raises(NotPublic) as caught:
        reader.set_cors(LOCKED, "[]", metageneration=1)
    assert "storage.buckets.update" in caught.value.raw


def test_what_is_no_matter_of_cors_is_told_by_its_status(
    reader: GoogleBuckets, sandbox: SandboxProcess
) -> None:
    page = PageRequest(origin=ORIGINS["EU"][0])
    found = conclude(reader.as_page(sandbox.bucket, "images/none.jpg", page), page)
    assert (found.allowed, found.status) == (False, 404)
    assert found.why == "The object was answered with 404; that is no matter of CORS."
