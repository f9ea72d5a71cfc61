"""URLs taken apart by our own scanner."""

import json
import os
from pathlib import Path

import pytest

from services.domain.urls import (
    ObjectUrl,
    UrlFault,
    bucket_of,
    fault_of,
    split,
    without_signature,
)

CORPORA = Path(os.environ.get("INGEST_CORPORA", Path(__file__).parents[4] / "shared/data/corpora"))


@pytest.mark.parametrize(
    ("url", "bucket", "key", "extension"),
    [
        ("gs://demo/a/b.jpg", "demo", "a/b.jpg", "jpg"),
        ("s3://demo/a#b?c.JPEG", "demo", "a#b?c.JPEG", "jpeg"),
        ("https://storage.googleapis.com/demo/a.png", "demo", "a.png", "png"),
        ("https://demo.storage.googleapis.com/a.png", "demo", "a.png", "png"),
        ("https://My_box.storage.googleapis.com/a.png", "my_box", "a.png", "png"),
        ("https://a.b_c.storage.googleapis.com:443/d/e", "a.b_c", "d/e", ""),
        ("https://storage.cloud.google.com/demo/a.png", "demo", "a.png", "png"),
        ("https://demo.s3.eu-west-1.amazonaws.com/a/b.mp4", "demo", "a/b.mp4", "mp4"),
        ("https://s3.eu-west-1.amazonaws.com/demo/b.mp4", "demo", "b.mp4", "mp4"),
        ("https://account.blob.core.windows.net/box/c.dcm", "box", "c.dcm", "dcm"),
        ("https://minio.example:9000/demo/c", "demo", "c", ""),
        ("https://cdn.example/file.pdf", "cdn.example", "file.pdf", "pdf"),
        ("gs://demo/\u4e2d\u00e9.jpg", "demo", "\u4e2d\u00e9.jpg", "jpg"),
    ],
)
def test_forms_in_use(url: str, bucket: str, key: str, extension: str) -> None:
    found = split(url)
    assert isinstance(found, ObjectUrl)
    assert (found.bucket, found.key, found.extension) == (bucket, key, extension)
    assert bucket_of(url) == bucket


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url-empty"),
        ("gs://demo/a b", "url-whitespace"),
        ("gs://demo/a\u00a0b", "url-whitespace"),
        ("gs://demo/a\n", "url-whitespace"),
        ("gs://demo/a\x00", "url-control"),
        ("gs://demo/\ufffd", "url-control"),
        ("ftp://demo/a", "url-scheme"),
        ("demo/a", "url-scheme"),
        ("gs://", "url-bucket"),
        ("gs://demo/", "url-bucket"),
        ("https://user:pw@host/b/k", "url-bucket"),
        ("https://evil\\@good/b/k", "url-bucket"),
        ("https://host/b/k#fragment", "url-bucket"),
        ("https://a..b/c/d", "url-bucket"),
        ("https://host:port/b/k", "url-bucket"),
        ("https://my_box.s3.amazonaws.com/k", "url-bucket"),
        ("https://_box.storage.googleapis.com/k", "url-bucket"),
        ("gs://demo/" + "a" * 16_384, "url-too-long"),
    ],
)
def test_refused_ones_say_why(url: str, code: str) -> None:
    fault = fault_of(url)
    assert isinstance(fault, UrlFault)
    assert fault.code == code
    assert bucket_of(url) is None


def test_white_space_is_named_with_its_place() -> None:
    details = [
        fault.details["where"]
        for url in (" gs://b/k", "gs://b/k ", "gs://b/a k")
        if (fault := fault_of(url))
    ]
    assert details == ["at the start of", "at the end of", "inside"]


def test_signed_urls_are_seen() -> None:
    signed = split("https://host/b/k?x=1&X-Amz-Signature=00")
    assert isinstance(signed, ObjectUrl)
    assert signed.is_signed
    plain = split("https://host/b/k?signature-of=1")
    assert isinstance(plain, ObjectUrl)
    assert not plain.is_signed


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://host/b/k?x=1&X-Amz-Signature=00", "https://host/b/k"),
        ("https://host/b/k?GoogleAccessId=me&Expires=1&Signature=00", "https://host/b/k"),
        ("/b/k?sig=00", "/b/k"),
        ("X-Goog-Signature=00", ""),
        ("https://host/b/k?version=2", "https://host/b/k?version=2"),
        ("gs://bucket/what?.jpg", "gs://bucket/what?.jpg"),
        ("a design of 3", "a design of 3"),
    ],
)
def test_no_signature_stays_on_what_is_searched_for(text: str, bare: str) -> None:
    assert without_signature(text) == bare


def test_no_url_breaks_the_scanner() -> None:
    path = CORPORA / "blns/blns.json"
    if not path.exists():
        if os.environ.get("REQUIRE_CORPORA") == "1":
            pytest.fail(f"no corpora at {CORPORA}")
        pytest.skip(f"no corpora at {CORPORA} (INGEST_CORPORA)")
    for text in json.loads(path.read_text(encoding="utf-8")):
        for url in (text, f"gs://{text}", f"https://{text}", f"gs://demo/{text}"):
            split(url)
