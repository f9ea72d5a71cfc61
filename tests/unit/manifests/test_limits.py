"""Sizes: limits too large for example folders, packed files, and input made to hurt."""

import gzip

import pytest

from services.manifests.checked import CheckedManifest
from tests.unit.manifests.conftest import Check

ENTRY = b'{"objectUrl":"gs://demo/%d.jpg"}'


def images(count: int) -> bytes:
    return b'{"images":[' + b",".join(ENTRY % number for number in range(count)) + b"]}"


def counts(checked: CheckedManifest) -> dict[str, int]:
    return checked.summary.counts


def test_more_than_encord_takes_at_once_is_sent_in_chunks(check: Check) -> None:
    assert counts(check(images(500_001))) == {"limit-items": 1}


def test_more_urls_than_one_document_may_hold(check: Check) -> None:
    def group(first: int) -> bytes:
        frames = b",".join(
            b'"objectUrl_%d":"gs://demo/%d.jpg"' % (n, first + n) for n in range(1_001)
        )
        return b'{"title":"g","objectUrl_0":0,'.replace(b'"objectUrl_0":0,', b"") + frames + b"}"

    groups = b",".join(group(number * 1_001) for number in range(1_000))
    checked = check(b'{"image_groups":[' + groups + b"]}")
    assert (counts(checked), checked.summary.urls) == ({"limit-urls": 1}, 1_001_000)


@pytest.mark.parametrize("name", ["m.json.gz", "m.csv.gz", "m.jsonl.gz"])
def test_packed_files_are_unpacked(check: Check, name: str) -> None:
    text = {
        "m.json.gz": images(2),
        "m.csv.gz": b"ObjectURL,Type\ngs://demo/a.jpg,image\ngs://demo/b.jpg,image\n",
        "m.jsonl.gz": b'{"type": "image", "objectUrl": "gs://demo/a.jpg"}\n' * 2,
    }[name]
    checked = check(gzip.compress(text), name)
    assert (checked.summary.valid_entries, len(list(checked.read(checked.valid_indexes())))) == (
        2,
        2,
    )


def test_samples_are_capped_and_counts_are_not(check: Check) -> None:
    rows = "\n".join("bad,image" for _ in range(50))
    checked = check(f"ObjectURL,Type\n{rows}", "m.csv", samples=3)
    assert counts(checked)["url-scheme"] == 50
    assert checked.findings(code="url-scheme").total == 3
    assert checked.summary.samples_per_code == 3
    assert len(checked.held_indexes()) == 50


BOMBS = {
    "open lists": b"[" * 100_000,
    "open objects": b'{"a":' * 100_000,
    "deep entry": b'{"images":[{"clientMetadata":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}]}",
    "deeper entry": b'{"images":[' + b"[" * 50_000 + b"]" * 50_000 + b"]}",
    "long number": b'{"images":[{"objectUrl":' + b"9" * 1_000_000 + b"}]}",
    "many keys": b'{"images":[{' + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}]}",
    "one key often": b'{"images":[{' + b",".join([b'"title":"a"'] * 50_000) + b"}]}",
    "many sections": b"{" + b",".join(b'"s%d":[]' % n for n in range(15_000)) + b"}",
    "quotes": b"ObjectURL,Type\n" + b'"' * 1_000_001 + b"\n",
    "open quotes": b"ObjectURL,Type\n" + b'"a\n' * 20_000,
    "many columns": b"ObjectURL" + b",x" * 20_000 + b"\n",
    "no line ends": b"ObjectURL,Type " + b"a" * 2_000_000,
    "empty lines": b"\n" * 500_000,
    "backslashes": b'{"images":["' + b"\\\\" * 500_000 + b'"]}',
}


@pytest.mark.timeout(30)  # a second is usual; what grows with the square of its size hangs
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", ["m.json", "m.csv", "m.jsonl"])
def test_bombs_are_reports(check: Check, bomb: str, name: str) -> None:
    assert check(BOMBS[bomb], name).summary.counts
