"""Find and replace over URLs."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import urls
from services.domain.rules import Fix
from services.manifests import repair
from services.manifests.options import CheckOptions
from services.manifests.repair import Kind, Replacement
from services.manifests.store import ManifestStore

TO_GS, TO_HTTPS = Replacement(kind=Kind.TO_GS), Replacement(kind=Kind.TO_HTTPS)
BUCKET = Replacement(kind=Kind.BUCKET, old="old", new="new")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://storage.googleapis.com/b/a/k.jpg", "gs://b/a/k.jpg"),
        ("https://storage.cloud.google.com/b/k%23%3f.jpg", "gs://b/k#?.jpg"),
        ("https://b.storage.googleapis.com/a%2Fk.jpg", "gs://b/a/k.jpg"),
        ("https://storage.googleapis.com/b/a%2520b.jpg", "gs://b/a%20b.jpg"),
        ("https://storage.googleapis.com/b/%C3%A9.jpg", "gs://b/é.jpg"),
        ("https://storage.googleapis.com/b/k.jpg?X-Goog-Signature=1", "gs://b/k.jpg"),
        ("https://storage.googleapis.com/b/a+b.jpg", "gs://b/a+b.jpg"),
    ],
)
def test_https_becomes_gs_with_the_name_decoded(url: str, expected: str) -> None:
    assert TO_GS.of(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.googleapis.com/b/a%20b.jpg",  # gs:// cannot hold the blank
        "https://storage.googleapis.com/b/%FF.jpg",
        "https://storage.googleapis.com/b/100%.jpg",
        "https://storage.googleapis.com/b/k.jpg?generation=5",
        "https://b.s3.amazonaws.com/k.jpg",
        "gs://b/k.jpg",
        " gs://b/k.jpg",
        "",
    ],
)
def test_what_gs_cannot_say_stays(url: str) -> None:
    assert TO_GS.of(url) == url


def test_gs_becomes_https_with_the_name_encoded() -> None:
    assert TO_HTTPS.of("gs://b/a%20#?é.jpg") == (
        "https://storage.googleapis.com/b/a%2520%23%3F%C3%A9.jpg"
    )
    assert TO_HTTPS.of("https://x.org/b/k") == "https://x.org/b/k"


@given(st.text(min_size=1, max_size=30))
def test_spellings_convert_back_and_forth(name: str) -> None:
    url = f"gs://bucket/{name}"
    there = TO_HTTPS.of(url)
    if urls.fault_of(url):
        assert there == url
    else:
        assert there.startswith("https://")
        assert there.isascii()
        assert TO_GS.of(there) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("gs://old/old/k", "gs://new/old/k"),
        ("s3://old/k", "s3://new/k"),
        ("https://storage.googleapis.com/old/k", "https://storage.googleapis.com/new/k"),
        ("https://old.storage.googleapis.com/k", "https://new.storage.googleapis.com/k"),
        ("https://old.s3.eu-west-1.amazonaws.com/k", "https://new.s3.eu-west-1.amazonaws.com/k"),
        ("https://OLD.s3.amazonaws.com/old/k", "https://new.s3.amazonaws.com/old/k"),
        ("https://old.example.com/old/k", "https://old.example.com/new/k"),
        ("https://old.example.com:8443/old/old/k", "https://old.example.com:8443/new/old/k"),
        ("https://old/old/k", "https://old/new/k"),
        ("https://old/k", "https://new/k"),
        ("https://old.example.com/other/k", "https://old.example.com/other/k"),
        ("gs://older/k", "gs://older/k"),
        ("gs://other/old/k", "gs://other/old/k"),
        ("gs://old", "gs://old"),
    ],
)
def test_a_bucket_is_renamed_and_nothing_that_looks_like_it(url: str, expected: str) -> None:
    assert BUCKET.of(url) == expected


def test_a_bucket_named_like_its_host_leaves_the_host_alone() -> None:
    asked = Replacement(kind=Kind.BUCKET, old="storage", new="new")
    url = "https://storage.googleapis.com/storage/x.png"
    assert asked.of(url) == "https://storage.googleapis.com/new/x.png"


def test_a_prefix_is_replaced_and_mends_what_was_refused() -> None:
    asked = Replacement(kind=Kind.PREFIX, old="/mnt/data/", new="gs://b/")
    assert asked.of("/mnt/data/k.jpg") == "gs://b/k.jpg"
    assert asked.of("gs://b/mnt/data/k.jpg") == "gs://b/mnt/data/k.jpg"
    worse = Replacement(kind=Kind.PREFIX, old="gs://b/", new="ftp://b/")
    assert worse.of("gs://b/k.jpg") == "gs://b/k.jpg"
    assert Replacement(kind=Kind.PREFIX, new="x").of("gs://b/k") == "gs://b/k"
    assert Replacement(kind=Kind.BUCKET, old="b").of("gs://b/k") == "gs://b/k"


DOCUMENT = {
    "images": [
        {"objectUrl": "gs://old/a.jpg", "clientMetadata": {"objectUrl": "gs://old/a.jpg"}},
        {"objectUrl": "gs://old/ü.jpg", "title": "gs://old/b"},
        {"objectUrl": 5},
        {"objectURL": "gs://old/c.jpg"},
        "gs://old/d.jpg",
    ],
    "image_groups": [
        {"title": "g", "objectUrl_0": "gs://old/1.jpg", "objectUrl_1": "gs://x/2.jpg"}
    ],
    "scenes": [{"title": "s", "scene": {"content": {"url": "gs://old/s.pcd"}}}],
}


def replaced(root: Path, text: str, name: str) -> tuple[str, repair.Preview]:
    store = ManifestStore(root, max_bytes=10**6)
    before = store.add(name, io.BytesIO(text.encode()))
    seen = repair.preview_urls(store.check(before, CheckOptions()), BUCKET, limit=3)
    after = repair.replace_urls(store, before, BUCKET)
    if seen.count:
        (step,) = repair.lineage(store, after)
        assert (step.operation, step.count) == ("replace", seen.count)
        assert step.detail == {"kind": "bucket", "old": "old", "new": "new"}
    return (store.root / after / "source").read_text(), seen


def test_urls_of_json_are_replaced_and_no_other_text(tmp_path: Path) -> None:
    text = json.dumps(DOCUMENT, indent=1)
    after, seen = replaced(tmp_path, text, "m.json")
    expected = json.loads(text)
    expected["images"][0]["objectUrl"] = "gs://new/a.jpg"
    expected["images"][1]["objectUrl"] = "gs://new/ü.jpg"
    expected["images"][3]["objectURL"] = "gs://new/c.jpg"
    expected["image_groups"][0]["objectUrl_0"] = "gs://new/1.jpg"
    expected["scenes"][0]["scene"]["content"]["url"] = "gs://new/s.pcd"
    assert json.loads(after) == expected
    assert seen.count == 5
    first = seen.changes[0]
    assert (first.entry, first.line, first.field) == (0, 3, "objectUrl")
    assert (first.before, first.after) == ("gs://old/a.jpg", "gs://new/a.jpg")
    assert len(seen.changes) == 3


def test_urls_of_the_sdks_form_are_replaced(tmp_path: Path) -> None:
    frame = {"url": "gs://old/1.jpg", "title": None}
    group = {"externalFileType": "IMG_GROUP", "title": "g", "images": [frame]}
    after, seen = replaced(tmp_path, json.dumps({"imageGroups": [group]}), "m.json")
    assert json.loads(after)["imageGroups"][0]["images"][0]["url"] == "gs://new/1.jpg"
    assert seen.count == 1


def test_broken_lines_of_json_lines_are_copied(tmp_path: Path) -> None:
    text = '{"type": "image", "objectUrl": "gs://old/a"}\n{"objectUrl": "gs://old/a"\n'
    after, _ = replaced(tmp_path, text, "m.jsonl")
    assert after == text.replace("old", "new", 1)


def test_urls_of_csv_are_replaced_row_by_row(tmp_path: Path) -> None:
    text = (
        "ObjectURL,Type,Group,Title\n"
        'gs://old/a.jpg,image,,"gs://old/t, x"\n'
        "gs://old/1.jpg,image group,g,\n"
        "gs://old/b.jpg,picture,,\n"
        'ObjectURL,Image title\n"gs://old/c.jpg"x,\n'
        "gs://old/d.jpg,\n"
    )
    after, seen = replaced(tmp_path, text, "m.csv")
    assert seen.count == 4
    for name in ("a.jpg", "1.jpg", "b.jpg", "d.jpg"):
        text = text.replace(f"gs://old/{name}", f"gs://new/{name}")
    assert after == text


def test_line_ends_and_blank_lines_of_csv_stay(tmp_path: Path) -> None:
    text = "ObjectURL,Type\r\ngs://old/a.jpg,image\n\n\r\ngs://x/b.jpg,image\r\ngs://old/c,image"
    store = ManifestStore(tmp_path, max_bytes=10**6)
    before = store.add("m.csv", io.BytesIO(text.encode()))
    after = repair.replace_urls(store, before, BUCKET)
    assert (store.root / after / "source").read_bytes() == text.replace("old", "new").encode()


def test_nothing_to_replace_is_the_same_manifest(tmp_path: Path) -> None:
    text = '{"images": [{"objectUrl": "gs://x/a.jpg"}]}'
    assert replaced(tmp_path, text, "m.json")[0] == text


def test_a_held_row_that_could_not_be_read_is_not_put_right_by_a_replacement(
    tmp_path: Path,
) -> None:
    store = ManifestStore(tmp_path / "store", max_bytes=10**6)
    wide = b"ObjectURL,Type,Title,metadata.site\ngs://old/a.jpg,image,Hello, world,Oslo\n"
    checked = store.check(store.add("m.csv", io.BytesIO(wide)), CheckOptions())
    checked.write_held(tmp_path / "held.csv")
    held = store.add("held.csv", io.BytesIO((tmp_path / "held.csv").read_bytes()))
    after = store.check(repair.replace_urls(store, held, BUCKET), CheckOptions())
    assert (after.summary.entries, after.summary.valid_entries) == (1, 0)
    assert set(after.summary.counts) == {"csv-syntax"}


def test_a_sequence_stays_one_when_its_held_line_is_mended(tmp_path: Path) -> None:
    store = ManifestStore(tmp_path / "store", max_bytes=10**6)
    line = b'{"type":"image_sequence","title":"a","title":"b","objectUrl_0":"gs://b/0.jpg"}\n'
    checked = store.check(store.add("m.jsonl", io.BytesIO(line)), CheckOptions())
    checked.write_held(tmp_path / "held.csv")
    held = store.add("held.csv", io.BytesIO((tmp_path / "held.csv").read_bytes()))
    code, fix = "json-duplicate-key", Fix.REMOVE_KEY
    mended = store.check(repair.apply(store, held, CheckOptions(), code, fix), CheckOptions())
    (entry,) = mended.read(mended.valid_indexes())
    assert json.loads(entry.payload)["createVideo"] is True
