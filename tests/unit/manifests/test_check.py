"""What a check says, in the words and places a person reads."""

import json
from pathlib import Path

import pytest

from services.domain.chunks import Ranges
from services.domain.entries import EntryType
from services.domain.findings import Finding
from services.manifests.checked import CheckedManifest
from tests.unit.manifests.conftest import Check

JSON = """{"images": [
  {"objectUrl": "gs://demo/a.jpg", "title": "a", "clientMetadata": {"k": 1}},
  {"objectURL": "gs://demo/b c.jpg"},
  {"objectUrl": "gs://demo/a.jpg", "title": "x", "title": "y"},
  {"objectUrl": "gs://demo/\u00e9/a.mp4", "titel": "\u00e9"}
 ],
 "image_groups": [{"title": "g", "objectUrl_0": "gs://demo/1.jpg", "createVideo": true}]
}
"""

CSV = """ObjectURL,Type,Title,Group,Create video,metadata.weather
gs://demo/1.jpg,image,"multi
line",,,rain
gs://demo/2 .jpg,image,t,,,
gs://demo/f1.jpg,Image Group,,g1,,
gs://demo/f2.jpg,image_group,,g1,false,sun
gs://demo/1.jpg,image,,,,
"""


def placed(checked: CheckedManifest) -> set[tuple[str, int | None, int | None]]:
    return {(each.code, each.line, each.column) for each in checked.findings().rows}


def only(checked: CheckedManifest, code: str) -> Finding:
    page = checked.findings(code=code)
    assert page.total == 1, [each.code for each in checked.findings().rows]
    return page.rows[0]


def said(checked: CheckedManifest) -> list[tuple[str, ...]]:
    """What the valid entries ask for, apart from their order across types."""
    entries = checked.read(checked.valid_indexes())
    return sorted(
        (e.type, " ".join(e.urls), json.dumps(json.loads(e.payload), sort_keys=True))
        for e in entries
    )


def test_places_in_json(check: Check) -> None:
    assert placed(check(JSON)) == {
        ("field-case", 3, 4),
        ("url-whitespace", 3, 17),
        ("json-duplicate-key", 4, 50),
        ("url-duplicate", 4, 17),
        ("url-extension", 5, 17),
        ("field-unknown", 5, 38),
    }


def test_places_in_one_line_json(check: Check) -> None:
    text = '{"images":[{"objectUrl":"gs://b/\u00e9.jpg"},{"objectUrl":"b.jpg"}]}'
    assert placed(check(text)) == {("url-scheme", 1, text.index('"b.jpg"') + 1)}


def test_places_in_csv_after_a_multi_line_cell(check: Check) -> None:
    checked = check(CSV, "m.csv")
    assert placed(checked) == {("url-whitespace", 4, 1), ("url-duplicate", 7, 1)}
    assert [row.line for row in checked.entries().rows] == [2, 4, 7, 5]


def test_messages_name_the_likely_key(check: Check) -> None:
    finding = only(check(JSON), "field-unknown")
    assert finding.message == "titel is not a field of an image (perhaps title is meant)."
    assert (finding.pointer, finding.entry, finding.field) == ("/images/3/titel", 3, "titel")


def test_valid_and_held_are_all_entries(check: Check, tmp_path: Path) -> None:
    for text, name in ((JSON, "m.json"), (CSV, "m.csv")):
        checked = check(text, name)
        held = checked.write_held(tmp_path / "held.csv")
        assert len(checked.valid_indexes()) + held == checked.summary.entries


def test_csv_groups_become_one_entry(check: Check) -> None:
    checked = check(CSV, "m.csv")
    (group,) = checked.entries(type=EntryType.IMAGE_GROUP).rows
    (entry,) = checked.read(Ranges.of([group.index]))
    assert entry.urls == ("gs://demo/f1.jpg", "gs://demo/f2.jpg")
    assert json.loads(entry.payload) == {
        "objectUrl_0": "gs://demo/f1.jpg",
        "objectUrl_1": "gs://demo/f2.jpg",
        "title": "g1",
        "createVideo": False,
        "clientMetadata": {"weather": "sun"},
    }


def test_registration_reads_back_to_the_same_entries(check: Check, tmp_path: Path) -> None:
    checked = check(CSV, "m.csv")
    target = tmp_path / "out.json"
    checked.write_registration(checked.valid_indexes(), target)
    again = check(target.read_bytes())
    assert not again.summary.has_errors
    assert said(again) == said(checked)


def test_preview_is_what_encord_receives(check: Check) -> None:
    assert json.loads(check(JSON).preview(1)) == {
        "skip_duplicate_urls": True,
        "images": [{"objectUrl": "gs://demo/a.jpg", "title": "a", "clientMetadata": {"k": 1}}],
    }


def test_buckets_are_counted(check: Check) -> None:
    assert check(CSV, "m.csv").buckets() == {"demo": 4}


def test_a_url_is_found_again_in_a_held_group_whose_text_is_no_json(check: Check) -> None:
    first = '{"title": "a", "objectUrl_0": "gs://b/1.jpg", "clientMetadata": {"x": NaN}}'
    second = '{"title": "b", "objectUrl_0": "gs://b/1.jpg"}'
    checked = check(f'{{"image_groups": [{first}, {second}]}}')
    assert only(checked, "json-number").entry == 0
    assert only(checked, "url-duplicate").entry == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"skipDuplicateUrls":false,\n "upsertMetadata":true,\n "imageGroups":[]}',
            [
                ("skip-off", 1, 2, "/skipDuplicateUrls"),
                ("upsert-without-skip", 2, 2, "/upsertMetadata"),
            ],
        ),
        (
            '{"upsert_metadata":true,\n "images":[{"clientMetadata":{"upsert_metadata":1}}]}',
            [("upsert-without-skip", 1, 2, "/upsert_metadata")],
        ),
    ],
)
def test_a_flag_is_found_where_it_stands(
    text: str, expected: list[tuple[object, ...]], check: Check
) -> None:
    checked = check(text)
    found = [(f.code, f.line, f.column, f.pointer) for f in checked.findings().rows]
    assert [each for each in found if each[0] not in {"url-missing", "key-case"}] == expected


def test_a_sentence_begins_large_and_leaves_names_as_they_are(check: Check) -> None:
    (finding,) = check('{"dicom_series": [{"title": "d"}]}').findings().rows
    assert finding.message == "A DICOM series has no objects."
