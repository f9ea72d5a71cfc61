"""Failing rows as text, and edited text as a new manifest."""

import io
import json
from pathlib import Path

import pytest

from services.domain.metadata import read_schema
from services.manifests import repair
from services.manifests.options import CheckOptions
from services.manifests.repair.errors import InvalidEditError, UnknownEntryError
from services.manifests.store import ManifestStore

OPTIONS = CheckOptions(schema=read_schema({"km": "number"}))


def store_in(root: Path) -> ManifestStore:
    return ManifestStore(root, max_bytes=50_000_000)


def add(store: ManifestStore, text: str, name: str) -> str:
    return store.add(name, io.BytesIO(text.encode()))


def text_of(store: ManifestStore, fingerprint: str) -> str:
    return (store.root / fingerprint / "source").read_bytes().decode()


JSON = (
    '{"images": [{"objectUrl": "gs://d/a.jpg"},\n'
    ' {"objectUrl": "/b.jpg", "title": 5, "clientMetadata": {"km": "x", "n": 1},\n'
    '  "imageMetadata": {"width": 0}}, "gs://d/c.jpg"]}'
)


def test_failing_entries_of_json_are_flat_text(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    checked = store.check(add(store, JSON, "m.json"), OPTIONS)
    page = repair.failing_rows(checked)
    assert page.total == 2
    row, other = page.rows
    assert (row.index, row.line, row.type) == (1, 2, "image")
    assert row.fields == {
        "objectUrl": "/b.jpg",
        "title": "5",
        "metadata.km": "x",
        "metadata.n": "1",
        "imageMetadata.width": "0",
    }
    assert {finding.code for finding in row.findings} >= {"url-scheme", "title-type"}
    assert other.fields == {"raw": '"gs://d/c.jpg"'}
    assert repair.failing_rows(checked, "title-type").total == 1
    assert [row.index for row in repair.failing_rows(checked, offset=1, limit=1).rows] == [2]
    assert repair.failing_rows(checked, "url-empty").rows == ()


def test_edited_json_has_typed_values_and_the_rest_as_it_was(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    before = add(store, JSON, "m.json")
    edits = {
        1: {
            "objectUrl": "gs://d/b.jpg",
            "title": "b",
            "metadata.km": "1.5",
            "metadata.n": "2",
            "metadata.new": "text",
            "imageMetadata.width": "640",
            "imageMetadata.height": "480",
            "imageMetadata.mimeType": "image/jpeg",
            "imageMetadata.fileSize": "10",
        },
        2: {"raw": '{"objectUrl":\n"gs://d/c.jpg"}'},
    }
    after = repair.edit(store, before, edits, OPTIONS)
    assert text_of(store, after).startswith(JSON[:46])
    assert json.loads(text_of(store, after))["images"][1:] == [
        {
            "objectUrl": "gs://d/b.jpg",
            "title": "b",
            "clientMetadata": {"km": 1.5, "n": 2, "new": "text"},
            "imageMetadata": {
                "width": 640,
                "height": 480,
                "mimeType": "image/jpeg",
                "fileSize": 10,
            },
        },
        {"objectUrl": "gs://d/c.jpg"},
    ]
    assert not store.check(after, OPTIONS).summary.has_errors
    (step,) = repair.lineage(store, after)
    assert (step.operation, step.count, step.detail) == ("edit", 10, {"entries": "2"})


def test_fields_are_added_removed_and_left_alone(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    text = '{"image_groups": [{"createVideo": "perhaps", "objectUrl_0": "gs://d/a.jpg"}]}'
    before = add(store, text, "m.json")
    assert repair.edit(store, before, {0: {"createVideo": "perhaps"}}) == before
    edits = {0: {"title": "g", "createVideo": "yes", "metadata.a": "1", "objectUrl_1": "gs://d/b"}}
    after = repair.edit(store, before, edits)
    assert json.loads(text_of(store, after))["image_groups"] == [
        {
            "createVideo": True,
            "objectUrl_0": "gs://d/a.jpg",
            "title": "g",
            "clientMetadata": {"a": "1"},
            "objectUrl_1": "gs://d/b",
        }
    ]
    gone = repair.edit(store, after, {0: {"createVideo": None, "metadata.a": None}})
    assert json.loads(text_of(store, gone))["image_groups"][0]["clientMetadata"] == {}
    assert "createVideo" not in text_of(store, gone)


def test_a_broken_line_of_json_lines_is_written_anew(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    before = add(store, '{"type": "image", "objectUrl": "gs://d/a.jpg"}\n{"type": \n', "m.jsonl")
    checked = store.check(before, OPTIONS)
    (row,) = repair.failing_rows(checked).rows
    assert row.fields == {"raw": '{"type":'}
    after = repair.edit(
        store, before, {1: {"raw": '{"type": "image",\n "objectUrl": "gs://d/b.jpg"}'}}
    )
    assert store.check(after, OPTIONS).summary.valid_entries == 2
    with pytest.raises(InvalidEditError, match="entry 1"):
        repair.edit(store, before, {1: {"raw": "{"}})


def test_unknown_entries_and_columns_are_named(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    before = add(store, "ObjectURL,Type\n/a,image\n", "m.csv")
    with pytest.raises(UnknownEntryError, match="no entry 7"):
        repair.edit(store, before, {7: {"title": "a"}})
    with pytest.raises(UnknownEntryError, match="field 'title' in entry 0"):
        repair.edit(store, before, {0: {"title": "a"}})
    assert text_of(store, repair.edit(store, before, {0: {"type": None}})).endswith("/a,\n")


CSV = (
    "ObjectURL;Type;Title;Group;metadata.km;label\r\n"
    "gs://d/a.jpg;image;a;;1;\r\n"
    "/b.jpg;image;;;x;l\r\n"
    "gs://d/c.jpg;picture;c;;;\r\n"
    "gs://d/d.jpg;image\r\n"
    "gs://d/e.jpg;image;e;;5;;more\r\n"
    '"gs://d/f.jpg;image;f;;5;\r\n'
    "gs://d/1.jpg;image group;;g;;\r\n"
    "/2.jpg;image group;;g;7;\r\n"
)


def test_failing_entries_of_csv_are_their_cells(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    checked = store.check(add(store, CSV, "m.csv"), OPTIONS)
    page = repair.failing_rows(checked)
    fields = {row.index: (row.line, dict(row.fields)) for row in page.rows}
    assert page.total == 6
    blank = dict.fromkeys(["objectUrl", "type", "title", "group", "metadata.km", "label"], "")
    assert fields == {
        1: (3, blank | {"objectUrl": "/b.jpg", "type": "image", "metadata.km": "x", "label": "l"}),
        2: (4, blank | {"objectUrl": "gs://d/c.jpg", "type": "picture", "title": "c"}),
        3: (5, blank | {"objectUrl": "gs://d/d.jpg", "type": "image"}),
        4: (
            6,
            blank
            | {"objectUrl": "gs://d/e.jpg", "type": "image", "title": "e", "metadata.km": "5"}
            | {"cell 7": "more"},
        ),
        5: (7, {"raw": '"gs://d/f.jpg;image;f;;5;'}),
        6: (
            8,
            {
                "objectUrl_0": "gs://d/1.jpg",
                "objectUrl_1": "/2.jpg",
                "type": "image group",
                "title": "",
                "group": "g",
                "metadata.km": "7",
                "label": "",
            },
        ),
    }


def test_edited_cells_land_in_their_rows(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    edits: dict[int, dict[str, str | None]] = {
        1: {"objectUrl": "gs://d/b.jpg", "metadata.km": "2", "label": None},
        2: {"type": "image", "title": 'c; "c"'},
        3: {"metadata.km": "4"},
        4: {"cell 7": None},
        5: {"raw": "gs://d/f.jpg;image;f;;5;"},
        6: {"objectUrl_1": "gs://d/2.jpg", "group": "h", "metadata.km": "8"},
    }
    after = repair.edit(store, add(store, CSV, "m.csv"), edits, OPTIONS)
    assert text_of(store, after) == (
        "ObjectURL;Type;Title;Group;metadata.km;label\r\n"
        "gs://d/a.jpg;image;a;;1;\r\n"
        "gs://d/b.jpg;image;;;2;\r\n"
        'gs://d/c.jpg;image;"c; ""c""";;;\r\n'
        "gs://d/d.jpg;image;;;4;\r\n"
        "gs://d/e.jpg;image;e;;5;\r\n"
        "gs://d/f.jpg;image;f;;5;\r\n"
        "gs://d/1.jpg;image group;;h;;\r\n"
        "gs://d/2.jpg;image group;;h;8;\r\n"
    )
    assert not store.check(after, OPTIONS).summary.has_errors


def test_the_mark_before_formulas_is_not_seen_and_kept(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    text = "ObjectURL,Type,Title,Onboarding finding\n/a,image,'=1+1,why\n"
    before = add(store, text, "m.csv")
    (row,) = repair.failing_rows(store.check(before, OPTIONS)).rows
    assert row.fields == {"objectUrl": "/a", "type": "image", "title": "=1+1"}
    after = repair.edit(store, before, {0: {"title": "=2+2"}})
    assert text_of(store, after).endswith("/a,image,'=2+2,why\n")
