"""The bucket, through Google's own client and plain HTTP."""

import io
import json
import struct
from typing import Any

import pytest
import requests
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.auth.exceptions import InvalidOperation
from PIL import Image

from services.sandbox import gcs_errors
from services.sandbox.probe import facts_of
from tests.sandbox.conftest import Running

ORIGIN = "https://app.encord.com"


def names(blobs: Any) -> list[str]:
    return [blob.name for blob in blobs]


def test_buckets_are_listed_and_described(sandbox: Running, bucket: Any) -> None:
    client = sandbox.storage()
    assert names(client.list_buckets()) == ["encord-demo-bucket"]
    bucket.reload()
    assert bucket.location == "EU"
    assert bucket.cors[0]["origin"] == [ORIGIN, "https://api.encord.com"]
    assert bucket.exists()
    assert not client.bucket("nowhere").exists()


def test_cors_rules_are_replaced(bucket: Any, sandbox: Running) -> None:
    bucket.reload()
    bucket.cors = [{"origin": ["*"], "method": ["GET"]}]
    bucket.patch(if_metageneration_match=bucket.metageneration)
    found = sandbox.storage().get_bucket("encord-demo-bucket")
    assert found.cors == [{"origin": ["*"], "method": ["GET"]}]
    with pytest.raises(PreconditionFailed):
        bucket.patch(if_metageneration_match=1)
    found.cors = []
    found.patch()
    assert sandbox.storage().get_bucket("encord-demo-bucket").cors == []


def test_permissions_depend_on_the_bucket(sandbox: Running, bucket: Any) -> None:
    wanted = ["storage.objects.get", "storage.buckets.update"]
    assert bucket.test_iam_permissions(wanted) == wanted
    client = sandbox.storage()
    assert client.bucket("encord-locked-bucket").test_iam_permissions(wanted) == []
    with pytest.raises(InvalidOperation, match="cannot be refreshed"):
        client.get_bucket("encord-locked-bucket")  # a 401, which the client tries to mend


def test_listing_by_prefix_delimiter_and_pages(bucket: Any) -> None:
    assert len(names(bucket.list_blobs(prefix="images/", page_size=37))) == 260
    top = bucket.list_blobs(delimiter="/", page_size=3)
    assert names(top) == []
    assert sorted(top.prefixes) == [
        f"{name}/"
        for name in (
            "audio",
            "bulk",
            "documents",
            "groups",
            "images",
            "restricted",
            "scans",
            "text",
            "traps",
            "videos",
        )
    ]
    inner = bucket.list_blobs(prefix="groups/", delimiter="/")
    assert names(inner) == []
    assert sorted(inner.prefixes) == ["groups/seq-01/", "groups/seq-02/"]
    pages = [names(page) for page in bucket.list_blobs(prefix="videos/", page_size=4).pages]
    assert [len(page) for page in pages] == [4, 4, 1]


def test_listing_by_glob_and_offsets(bucket: Any) -> None:
    assert names(bucket.list_blobs(match_glob="*/0002.*")) == [
        "audio/0002.wav",
        "documents/0002.pdf",
        "restricted/0002.jpg",
        "text/0002.txt",
        "videos/0002.mp4",
    ]
    assert len(names(bucket.list_blobs(match_glob="images/**/000[1-3].{jpg,png}"))) == 6
    assert names(bucket.list_blobs(match_glob="videos/*.webm"))[0] == "videos/0003.webm"
    found = names(bucket.list_blobs(start_offset="bulk/999998", end_offset="documents/0002.pdf"))
    assert found == ["bulk/999998.jpg", "bulk/999999.jpg", "documents/0001.pdf"]


def test_virtual_objects_are_like_the_others(bucket: Any) -> None:
    found = list(bucket.list_blobs(prefix="bulk/", max_results=1500))
    assert (found[0].name, found[-1].name) == ("bulk/000000.jpg", "bulk/001499.jpg")
    blob = bucket.get_blob("bulk/765432.jpg")
    assert len(blob.download_as_bytes()) == blob.size == found[0].size
    assert bucket.get_blob("bulk/1000000.jpg") is None
    blob.delete()
    assert not blob.exists()
    assert names(
        bucket.list_blobs(prefix="bulk/76543", max_results=3, start_offset="bulk/765431")
    ) == [
        "bulk/765431.jpg",
        "bulk/765433.jpg",
        "bulk/765434.jpg",
    ]


def test_objects_are_real(bucket: Any) -> None:
    images = list(bucket.list_blobs(prefix="images/"))
    assert len({blob.md5_hash for blob in images}) == 260
    for blob in images[::40]:
        with Image.open(io.BytesIO(blob.download_as_bytes())) as image:
            image.load()
            assert image.size == (160, 120)
    scan = bucket.blob("scans/series-01/0003.dcm").download_as_bytes()
    assert scan[128:132] == b"DICM"
    assert bucket.get_blob("traps/empty.jpg").size == 0


@pytest.mark.parametrize("checksum", ["md5", "crc32c"])
def test_downloads_carry_their_checksums(bucket: Any, checksum: str) -> None:
    blob = bucket.blob("images/street/0001.jpg")
    data = blob.download_as_bytes(checksum=checksum)
    assert data[:3] == b"\xff\xd8\xff"
    assert blob.download_as_bytes(start=1, end=4, checksum=None) == data[1:5]


def test_upload_and_delete(bucket: Any) -> None:
    blob = bucket.blob("new/a b+c.txt")
    blob.upload_from_string("hello", content_type="text/plain", checksum="crc32c")
    assert blob.size == 5
    assert bucket.blob("new/a b+c.txt").download_as_text() == "hello"
    with pytest.raises(PreconditionFailed):
        blob.upload_from_string("again", if_generation_match=0)
    blob.delete()
    with pytest.raises(NotFound, match="No such object: encord-demo-bucket/new"):
        blob.delete()


def test_another_generation_is_not_there(bucket: Any, sandbox: Running) -> None:
    blob = bucket.blob("new/again.txt")
    blob.upload_from_string("first")
    first = blob.generation
    blob.upload_from_string("second")
    assert bucket.get_blob("new/again.txt", generation=blob.generation).size == 6
    assert bucket.get_blob("new/again.txt", generation=first) is None
    assert bucket.blob("new/again.txt", generation=blob.generation).download_as_text() == "second"
    with pytest.raises(NotFound, match=r"No such object: encord-demo-bucket/new/again\.txt"):
        bucket.blob("new/again.txt", generation=first).download_as_text()
    with pytest.raises(NotFound):
        bucket.blob("new/again.txt", generation=first).delete()
    address = f"{sandbox.url}/encord-demo-bucket/new/again.txt?generation="
    old = requests.get(f"{address}{first}", timeout=10)
    assert (old.status_code, "NoSuchKey" in old.text) == (404, True)
    assert requests.get(f"{address}{blob.generation}", timeout=10).text == "second"
    assert requests.get(f"{address}x", timeout=10).status_code == 400


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NoSuchKey"), (412, "PreconditionFailed"), (413, "EntityTooLarge")]
)
def test_every_refusal_has_a_body_of_the_xml_api(status: int, code: str) -> None:
    answer = gcs_errors.as_xml(gcs_errors.GoogleError(status, "No & no"))
    assert answer.status_code == status
    assert f"<Code>{code}</Code><Message>No &amp; no</Message>" in bytes(answer.body).decode()


def test_resumable_upload(bucket: Any) -> None:
    blob = bucket.blob("new/long.bin", chunk_size=256 * 1024)
    blob.upload_from_file(io.BytesIO(b"ab" * 300_000), checksum=None)
    assert bucket.get_blob("new/long.bin").size == 600_000


def test_error_bodies_are_googles(sandbox: Running) -> None:
    base = f"{sandbox.url}/storage/v1/b"
    missing = requests.get(f"{base}/encord-demo-bucket/o/no%2Fwhere.jpg", timeout=10)
    message = "No such object: encord-demo-bucket/no/where.jpg"
    assert missing.status_code == 404
    assert missing.json() == {
        "error": {
            "code": 404,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": "notFound"}],
        }
    }
    locked = requests.get(f"{base}/encord-locked-bucket", timeout=10)
    assert locked.status_code == 401
    (said,) = locked.json()["error"]["errors"]
    assert (said["reason"], said["location"]) == ("required", "Authorization")
    assert "Anonymous caller does not have storage.buckets.get access" in said["message"]
    assert requests.get(f"{base}/encord-locked-bucket/o", timeout=10).status_code == 401
    media = requests.get(
        f"{sandbox.url}/download{base[len(sandbox.url) :]}/encord-demo-bucket/o/x", timeout=10
    )
    assert (media.status_code, media.text) == (404, "No such object: encord-demo-bucket/x")
    path_style = requests.get(f"{sandbox.url}/encord-demo-bucket/x", timeout=10)
    assert path_style.status_code == 404
    assert "<Code>NoSuchKey</Code>" in path_style.text
    denied = requests.get(f"{sandbox.url}/encord-locked-bucket/x", timeout=10)
    assert (denied.status_code, "<Code>AccessDenied</Code>" in denied.text) == (403, True)


def test_ranges_and_head(sandbox: Running) -> None:
    address = f"{sandbox.url}/encord-demo-bucket/images/street/0001.jpg"
    whole = requests.get(address, timeout=10)
    size = len(whole.content)
    assert whole.headers["Accept-Ranges"] == "bytes"

    def get(wanted: str) -> requests.Response:
        return requests.get(address, headers={"Range": wanted}, timeout=10)

    part = get("bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{size}"
    assert get("bytes=-5").content == whole.content[-5:]
    assert get(f"bytes={size - 3}-").content == whole.content[-3:]
    assert get(f"bytes={size}-").status_code == 416
    head = requests.head(address, timeout=10)
    assert (head.headers["Content-Length"], head.content) == (str(size), b"")
    assert head.headers["Content-Type"] == "image/jpeg"
    address = f"{sandbox.url}/encord-demo-bucket/traps/empty.jpg"
    assert (get("").status_code, get("").content) == (200, b"")
    assert [get(wanted).status_code for wanted in ("bytes=0-0", "bytes=-5")] == [416, 416]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/storage/v1/b/encord-demo-bucket/o?pageToken=!!!", None),
        ("GET", "/storage/v1/b/encord-demo-bucket/o?matchGlob=[z-a]", None),
        ("PATCH", "/storage/v1/b/encord-demo-bucket", '{"cors": '),
        ("POST", "/upload/storage/v1/b/encord-demo-bucket/o?uploadType=resumable", "[]"),
    ],
)
def test_what_cannot_be_read_is_refused_as_invalid(
    sandbox: Running, method: str, path: str, body: str | None
) -> None:
    answer = requests.request(method, sandbox.url + path, data=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "invalid"


def test_pages_of_other_sites_change_nothing(sandbox: Running, bucket: Any) -> None:
    new = f"{sandbox.url}/upload/storage/v1/b/encord-demo-bucket/o?uploadType=media&name=a.html"

    def leave(headers: dict[str, str]) -> int:
        return requests.post(new, "<script>", headers=headers, timeout=10).status_code

    assert (leave({"Origin": "https://evil.example"}), bucket.get_blob("a.html")) == (403, None)
    assert leave({"Content-Type": "text/html"}) == 200
    address = f"{sandbox.url}/encord-demo-bucket/a.html"
    led_here = requests.get(address, headers={"Host": "evil.example"}, timeout=10)
    assert (led_here.status_code, "script" in led_here.text) == (403, False)
    own = requests.get(address, timeout=10)
    assert own.headers["Content-Security-Policy"] == "sandbox"
    assert own.headers["X-Content-Type-Options"] == "nosniff"


def test_cors_follows_the_rules(sandbox: Running, bucket: Any) -> None:
    address = f"{sandbox.url}/encord-demo-bucket/images/street/0001.jpg"

    def allowed(origin: str) -> str | None:
        answer = requests.get(address, headers={"Origin": origin}, timeout=10)
        assert answer.status_code == 200
        return answer.headers.get("Access-Control-Allow-Origin")

    assert allowed(ORIGIN) == ORIGIN
    assert allowed("https://evil.example") is None
    bucket.cors = [{"origin": ["*"], "method": ["GET"]}]
    bucket.patch()
    assert allowed("https://evil.example") == "*"


def test_preflight(sandbox: Running) -> None:
    address = f"{sandbox.url}/encord-demo-bucket/images/street/0001.jpg"

    def ask(method: str, headers: str = "") -> requests.Response:
        sent = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
        if headers:
            sent["Access-Control-Request-Headers"] = headers
        return requests.options(address, headers=sent, timeout=10)

    fine = ask("GET", "content-type")
    assert fine.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert fine.headers["Access-Control-Allow-Methods"] == "GET"
    assert fine.headers["Access-Control-Max-Age"] == "3600"
    assert "Access-Control-Allow-Origin" not in ask("PUT").headers
    assert "Access-Control-Allow-Origin" not in ask("GET", "x-other").headers


def test_the_state_file_holds_no_key(sandbox: Running) -> None:
    announced = json.loads((sandbox.directory / "endpoint.json").read_text())
    assert set(announced) == {
        "url",
        "ssh_key_path",
        "integrations",
        "buckets",
        "accounts",
        "pid",
        "control_token",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"BM" + struct.pack("<IHHIIiiHH24x", 54, 0, 0, 54, 40, 10**5, 10**5, 1, 24),  # 30 GB
        b"RIFF$\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 0, 0, 1, 8) + b"data" + bytes(4),
    ],
    ids=["a picture of 30 GB", "sound at no rate"],
)
def test_a_file_may_be_anything(data: bytes) -> None:
    assert facts_of(data)["broken"] is True
