"""The folder of manifests: fingerprints, limits, checks in processes of their own."""

import io
import json
import time
from pathlib import Path

import polars as pl
import pytest

from services.jobs import JobState
from services.manifests import columns, stamp
from services.manifests.errors import ManifestTooLargeError, NotCheckedError, UnknownManifestError
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

GOOD = b'{"images": [{"objectUrl": "gs://demo/a.jpg"}]}'
OPTIONS = CheckOptions()


def ended(store: ManifestStore, fingerprint: str) -> JobState:
    state = store.check_state(fingerprint, OPTIONS)
    for _ in range(400):
        if state.phase in {"done", "failed"}:
            break
        time.sleep(0.05)
        state = store.check_state(fingerprint, OPTIONS)
    return state


def test_same_bytes_have_one_fingerprint_and_the_last_name(store: ManifestStore) -> None:
    first = store.add("a.json", io.BytesIO(GOOD))
    assert store.add("b.json", io.BytesIO(GOOD)) == first
    assert store.name_of(first) == "b.json"
    (record,) = store.recent()
    assert (record.bytes, record.added_at.utcoffset() is not None) == (len(GOOD), True)


def test_too_large_uploads_leave_nothing_behind(tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10)
    with pytest.raises(ManifestTooLargeError, match="larger than the 10 bytes"):
        store.add("a.json", io.BytesIO(GOOD))
    assert list(tmp_path.iterdir()) == []


def test_unknown_and_unchecked_manifests_are_named(store: ManifestStore) -> None:
    with pytest.raises(UnknownManifestError):
        store.name_of("0" * 64)
    with pytest.raises(UnknownManifestError):
        store.name_of("../etc")
    with pytest.raises(NotCheckedError):
        store.open(store.add("a.json", io.BytesIO(GOOD)), OPTIONS)


def test_check_in_a_process_of_its_own(store: ManifestStore) -> None:
    fingerprint = store.add("a.json", io.BytesIO(GOOD))
    assert store.check_state(fingerprint, OPTIONS).phase == "none"
    store.start_check(fingerprint, OPTIONS)
    other = ManifestStore(store.root, max_bytes=store.max_bytes)
    other.start_check(fingerprint, OPTIONS)
    assert other.jobs._children == {}
    assert ended(store, fingerprint).phase == "done"
    assert store.open(fingerprint, OPTIONS).summary.valid_entries == 1


def test_cancelled_check_says_so_and_can_be_started_again(store: ManifestStore) -> None:
    rows = b"".join(b"gs://demo/%d.jpg,image\n" % n for n in range(60_000))
    fingerprint = store.add("a.csv", io.BytesIO(b"ObjectURL,Type\n" + rows))
    store.start_check(fingerprint, OPTIONS)
    store.cancel_check(fingerprint, OPTIONS)
    state = ended(store, fingerprint)
    assert (state.phase, state.message) == ("failed", "The work was cancelled.")
    store.start_check(fingerprint, OPTIONS)
    assert ended(store, fingerprint).phase == "done"


def test_other_options_are_another_check(store: ManifestStore) -> None:
    fingerprint = store.add("a.json", io.BytesIO(GOOD))
    assert store.check(fingerprint, OPTIONS).summary.counts == {}
    elsewhere = CheckOptions(bucket="other")
    assert store.check(fingerprint, elsewhere).summary.counts == {"url-other-bucket": 1}
    assert store.open(fingerprint, elsewhere).options.bucket == "other"


def test_same_bytes_under_another_extension_are_read_anew(store: ManifestStore) -> None:
    text = b"ObjectURL,Type\ngs://demo/a.jpg,image\n"
    first = store.check(store.add("a.json", io.BytesIO(text)), OPTIONS)
    assert first.summary.counts == {"json-syntax": 1}
    fingerprint = store.add("a.csv", io.BytesIO(text))
    assert store.check_state(fingerprint, OPTIONS).phase == "none"
    assert store.check(fingerprint, OPTIONS).summary.valid_entries == 1
    assert store.check(store.add("a.json", io.BytesIO(text)), OPTIONS).summary.entries == 0


def test_finished_check_is_read_as_it_was_under_any_later_name(store: ManifestStore) -> None:
    text = b"ObjectURL,Type\ngs://demo/a.jpg,image\n"
    pinned = store.check(store.add("a.csv", io.BytesIO(text)), OPTIONS).options
    fingerprint = store.add("a.json", io.BytesIO(text))
    assert store.check(fingerprint, OPTIONS).summary.valid_entries == 0
    again = CheckOptions.from_json(pinned.to_json())
    assert store.open(fingerprint, again).summary.valid_entries == 1


@pytest.mark.parametrize("change", ["stamp", "summary", "nothing"])
def test_checks_of_another_layout_are_made_again(store: ManifestStore, change: str) -> None:
    fingerprint = store.add("a.json", io.BytesIO(GOOD))
    folder = store.check(fingerprint, OPTIONS).folder
    path = folder / "summary.json"
    content = json.loads(path.read_text())
    if change == "nothing":
        path.unlink()
    else:
        del content["stamp" if change == "stamp" else "entries"]
        content["stamp"] = "1-old"
        path.write_text(json.dumps(content))
    (folder / "layout.json").write_text("{}")
    assert store.check_state(fingerprint, OPTIONS).phase == "none"
    with pytest.raises(NotCheckedError):
        store.open(fingerprint, OPTIONS)
    store.start_check(fingerprint, OPTIONS)
    assert ended(store, fingerprint).phase == "done"
    assert store.open(fingerprint, OPTIONS).summary.valid_entries == 1


def test_stamp_follows_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    before = stamp.stamp.__wrapped__()
    monkeypatch.setitem(columns.SCHEMA, "more", pl.String())
    assert stamp.stamp.__wrapped__() != before
