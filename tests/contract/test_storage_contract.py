"""What a bucket does, asked by Google's client of two stand-ins: ours, and one nobody here wrote.

Where the other one cannot, `GAPS` says so; a gap that closes fails its test, and the table in the
sandbox's README is made from it (`UPDATE=1`).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]

import services.sandbox
from tests.contract.emulator_process import BUCKET, emulator_process
from tests.contract.sandbox_process import sandbox_process

README = Path(services.sandbox.__file__).with_name("README.md")
#: Test -> what `gcp-storage-emulator` does instead.
GAPS: dict[str, str] = {
    "test_a_listing_in_pages": "answers everything in one page",
    "test_a_listing_from_a_name_on": "takes no notice of `startOffset`",
    "test_an_object_is_written_only_where_nothing_is": "takes no notice of `ifGenerationMatch`",
    "test_rules_are_set_only_on_the_bucket_they_were_made_for": (
        "takes no notice of `ifMetagenerationMatch`"
    ),
    "test_cors_rules_are_obeyed": "keeps the rules, and answers as if there were none",
}
NAMES = ("c/a 1.txt", "c/ü.txt", "c/deep/1.txt", "c/deep/2.txt")


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The same objects in a bucket of each."""
    objects = {name: (name.encode(), "text/plain") for name in NAMES}
    with (
        emulator_process(objects) as url,
        sandbox_process(tmp_path_factory.mktemp("sandbox")) as sandbox,
    ):
        found = {
            "gcp-storage-emulator": _client(url).bucket(BUCKET),
            "sandbox": _client(sandbox.url).bucket(sandbox.bucket),
        }
        for name in NAMES:
            found["sandbox"].blob(name).upload_from_string(name.encode(), "text/plain")
        yield found


def _client(url: str) -> Any:
    return storage.Client(
        project="demo",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": url},
    )


@pytest.fixture(params=["sandbox", "gcp-storage-emulator"])
def bucket(request: pytest.FixtureRequest, peers: dict[str, Any]) -> Any:
    gap = GAPS.get(request.node.originalname)
    if gap and request.param != "sandbox":
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))
    return peers[request.param]


def test_a_bucket_exists(bucket: Any) -> None:
    assert bucket.exists()
    bucket.reload()
    assert bucket.metageneration


def test_a_bucket_that_is_not_there(bucket: Any) -> None:
    with pytest.raises(NotFound):
        bucket.client.get_bucket("nowhere-at-all")


def test_an_object_comes_back_as_it_was(bucket: Any) -> None:
    blob = bucket.blob("new/one.bin")
    blob.upload_from_string(b"\x00\xff" * 500, "application/octet-stream")
    assert bucket.blob("new/one.bin").download_as_bytes() == b"\x00\xff" * 500


def test_an_object_says_what_it_is(bucket: Any) -> None:
    blob = bucket.get_blob(NAMES[0])
    assert (blob.size, blob.content_type) == (len(NAMES[0]), "text/plain")
    assert blob.generation
    assert blob.updated
    assert blob.md5_hash
    assert blob.crc32c


def test_a_checksum_is_verified(bucket: Any) -> None:
    assert bucket.blob(NAMES[1]).download_as_bytes(checksum="crc32c") == NAMES[1].encode()


def test_an_object_that_is_not_there(bucket: Any) -> None:
    assert bucket.get_blob("c/nothing") is None
    assert not bucket.blob("c/nothing").exists()
    with pytest.raises(NotFound):
        bucket.blob("c/nothing").download_as_bytes()


def test_a_part_of_an_object(bucket: Any) -> None:
    assert bucket.blob(NAMES[0]).download_as_bytes(start=2, end=4) == NAMES[0].encode()[2:5]


def test_a_listing_by_prefix(bucket: Any) -> None:
    found = [blob.name for blob in bucket.list_blobs(prefix="c/deep/")]
    assert found == ["c/deep/1.txt", "c/deep/2.txt"]


def test_a_listing_of_one_level(bucket: Any) -> None:
    listed = bucket.list_blobs(prefix="c/", delimiter="/")
    assert [blob.name for blob in listed] == ["c/a 1.txt", "c/ü.txt"]
    assert set(listed.prefixes) == {"c/deep/"}


def test_a_listing_in_pages(bucket: Any) -> None:
    pages = bucket.list_blobs(prefix="c/", page_size=1).pages
    assert [[blob.name for blob in page] for page in pages] == [[name] for name in sorted(NAMES)]


def test_a_listing_by_pattern(bucket: Any) -> None:
    found = [blob.name for blob in bucket.list_blobs(match_glob="c/**/1.txt")]
    assert found == ["c/deep/1.txt"]


def test_a_listing_from_a_name_on(bucket: Any) -> None:
    found = [blob.name for blob in bucket.list_blobs(prefix="c/", start_offset="c/deep/2.txt")]
    assert found == ["c/deep/2.txt", "c/ü.txt"]


def test_a_listing_of_some_fields(bucket: Any) -> None:
    fields = "items(name,size),nextPageToken"
    found = list(bucket.list_blobs(prefix="c/deep/", fields=fields))
    assert [(blob.name, blob.size) for blob in found] == [(name, 12) for name in NAMES[2:]]


def test_what_replaces_an_object_is_another_generation(bucket: Any) -> None:
    blob = bucket.blob("new/again.txt")
    blob.upload_from_string(b"one")
    first = blob.generation
    blob.upload_from_string(b"two")
    assert blob.generation > first
    assert bucket.get_blob("new/again.txt").generation == blob.generation


def test_an_object_is_written_only_where_nothing_is(bucket: Any) -> None:
    with pytest.raises(PreconditionFailed):
        bucket.blob(NAMES[0]).upload_from_string(b"other", if_generation_match=0)
    assert bucket.blob(NAMES[0]).download_as_bytes() == NAMES[0].encode()


def test_a_resumable_upload(bucket: Any, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(range(256)) * 2048)
    bucket.blob("new/large.bin", chunk_size=256 * 1024).upload_from_filename(file)
    assert bucket.get_blob("new/large.bin").size == file.stat().st_size


def test_an_object_is_deleted(bucket: Any) -> None:
    bucket.blob("new/gone.txt").upload_from_string(b"x")
    bucket.blob("new/gone.txt").delete()
    assert bucket.get_blob("new/gone.txt") is None
    with pytest.raises(NotFound):
        bucket.blob("new/gone.txt").delete()


def test_cors_rules_are_kept(bucket: Any) -> None:
    rules = [{"origin": ["https://a.example"], "method": ["GET"], "maxAgeSeconds": 60}]
    bucket.cors = rules
    bucket.patch()
    assert bucket.client.get_bucket(bucket.name).cors == rules


def test_cors_rules_are_obeyed(bucket: Any) -> None:
    bucket.cors = [{"origin": ["https://a.example"], "method": ["GET"]}]
    bucket.patch()
    address = f"{bucket.client._connection.API_BASE_URL}/{bucket.name}/{NAMES[2]}"
    answer = bucket.client._http.get(address, headers={"Origin": "https://a.example"})
    assert answer.headers.get("Access-Control-Allow-Origin") == "https://a.example"


def test_rules_are_set_only_on_the_bucket_they_were_made_for(bucket: Any) -> None:
    found = bucket.client.get_bucket(bucket.name)
    found.cors = []
    with pytest.raises(PreconditionFailed):
        found.patch(if_metageneration_match=found.metageneration + 7)


def test_permissions_are_told(bucket: Any) -> None:
    asked = ["storage.objects.get", "storage.objects.list"]
    assert bucket.test_iam_permissions(asked) == asked


def test_the_readme_lists_the_gaps() -> None:
    lines = ["| what it cannot | what it does |", "|---|---|"]
    for name, gap in GAPS.items():
        lines.append(f"| {name.removeprefix('test_').replace('_', ' ')} | {gap} |")
    text = README.read_text()
    marks = re.compile(r"(<!-- emulator -->\n).*?(<!-- /emulator -->)", re.DOTALL)
    table = "\n".join(lines)
    told = marks.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)
    if os.environ.get("UPDATE"):
        README.write_text(told)
    assert marks.search(text)
    assert README.read_text() == told
