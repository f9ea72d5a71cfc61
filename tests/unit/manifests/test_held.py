"""Held entries: a file for a spreadsheet that can be mended and uploaded again."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from services.domain.chunks import Ranges
from services.domain.metadata import read_schema
from services.domain.rules import RULES
from services.manifests import stored as stored_module
from services.manifests.checked import CheckedManifest
from services.manifests.csv_values import neutralized, unneutralized
from services.manifests.stored import StoredEntry, read_entries
from tests.unit.manifests.conftest import Check

JSON = """{"images": [
  {"objectUrl": "gs://demo/ok.jpg"},
  {"objectUrl": "gs://demo/a b.jpg", "title": "=SUM(A1)", "clientMetadata":
    {"n": 5, "s": "+x", "q": "'quoted", "o": {"deep": [1]}, "e": ""}},
  {"objectUrl": "gs://demo/m.jpg", "imageMetadata": {"width": 0, "height": 2, "fileSize": 3,
    "mimeType": "image/jpeg"}},
  {"title": "no url", "titel": "odd"}
 ],
 "image_groups": [
  {"title": "g", "objectUrl_0": "gs://demo/1 1.jpg", "objectUrl_1": "gs://demo/2.jpg",
   "createVideo": true, "clientMetadata": {"n": 1}}
]}
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def payloads(checked: CheckedManifest) -> list[object]:
    return [json.loads(entry.payload) for entry in checked.read(checked.valid_indexes())]


def test_reasons_stand_beside_the_entries(check: Check, tmp_path: Path) -> None:
    assert check(JSON).write_held(tmp_path / "held.csv") == 4
    first, *_ = rows(tmp_path / "held.csv")
    assert first["ObjectURL"] == "gs://demo/a b.jpg"
    assert first["Title"] == "'=SUM(A1)"
    assert first["Onboarding finding"] == (
        "url-whitespace: There is white space (blank) inside the URL."
    )


def test_codes_whose_messages_were_not_kept_are_reasons_too(check: Check, tmp_path: Path) -> None:
    document = """{"images": [{"objectUrl": "gs://demo/a", "title": 1},
        {"objectUrl": "gs://demo/b ", "title": 2}, {"objectUrl": "gs://demo/c ", "title": 3}]}"""
    check(document, samples=1).write_held(tmp_path / "held.csv")
    kept = "There is white space (blank) at the end of the URL."
    titles = [RULES[code].title for code in ("title-type", "url-whitespace")]
    assert [row["Onboarding finding"] for row in rows(tmp_path / "held.csv")] == [
        "title-type: The title is a number; it must be plain text.",
        f"url-whitespace: {kept} title-type: {titles[0]}.",
        f"url-whitespace: {titles[1]}. title-type: {titles[0]}.",
    ]


def test_no_cell_begins_like_a_formula(check: Check, tmp_path: Path) -> None:
    check(JSON).write_held(tmp_path / "held.csv")
    for row in rows(tmp_path / "held.csv"):
        assert not any(cell.lstrip().startswith(tuple("=+-@\t\r|%")) for cell in row.values())


def test_mended_entries_are_what_the_manifest_said(check: Check, tmp_path: Path) -> None:
    check(JSON).write_held(tmp_path / "held.csv")
    text = (tmp_path / "held.csv").read_text(encoding="utf-8-sig")
    mended = (
        text.replace("a b.jpg", "a_b.jpg")
        .replace("1 1.jpg", "1.jpg")
        .replace('""width"":0', '""width"":1')
    )
    again = check(mended, "held.csv")
    assert again.summary.entries == 4
    assert payloads(again) == [
        {
            "objectUrl": "gs://demo/a_b.jpg",
            "title": "=SUM(A1)",
            "clientMetadata": {"n": 5, "s": "+x", "q": "'quoted", "o": {"deep": [1]}, "e": ""},
        },
        {
            "objectUrl": "gs://demo/m.jpg",
            "imageMetadata": {
                "width": 1,
                "height": 2,
                "fileSize": 3,
                "mimeType": "image/jpeg",
            },
        },
        {
            "title": "g",
            "createVideo": True,
            "clientMetadata": {"n": 1},
            "objectUrl_0": "gs://demo/1.jpg",
            "objectUrl_1": "gs://demo/2.jpg",
        },
    ]


def test_rows_that_could_not_be_split_are_kept_as_text(check: Check, tmp_path: Path) -> None:
    broken = 'ObjectURL,Type,Title\ngs://demo/a.jpg,image\n"gs://demo/b.jpg,image,b\n'
    checked = check(broken, "m.csv")
    assert checked.write_held(tmp_path / "held.csv") == 2
    width, quote = rows(tmp_path / "held.csv")
    assert width["ObjectURL"] == "gs://demo/a.jpg"
    assert quote["Onboarding row"] == '"gs://demo/b.jpg,image,b'


def test_broken_lines_of_json_lines_are_kept_as_text(check: Check, tmp_path: Path) -> None:
    text = '{"type": "image", "objectUrl": "gs://demo/a.jpg"}\n{"type": \n'
    assert check(text, "m.jsonl").write_held(tmp_path / "held.csv") == 1
    (line,) = rows(tmp_path / "held.csv")
    assert line["Onboarding row"] == '{"type":'


@pytest.mark.parametrize(
    "text", ["=1+1", "'x", "''=1", "-5", "\tx", "\uff1dx", " =x", "plain", "", "gs://demo/a.jpg"]
)
def test_neutralizing_is_reversible(text: str) -> None:
    assert unneutralized(neutralized(text)) == text
    assert not neutralized(text).lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


def again(check: Check, document: object, folder: Path) -> CheckedManifest:
    """Hold everything of a document, mend the URLs and upload what was held."""
    check(json.dumps(document)).write_held(folder / "held.csv")
    text = (folder / "held.csv").read_text(encoding="utf-8-sig")
    return check("\ufeff" + text.replace("/bad", "gs://demo/bad"), "held.csv")


def test_groups_without_frames_stay_apart(check: Check, tmp_path: Path) -> None:
    groups = [{"title": "g"}, {"title": "g"}, {"title": "g", "objectUrl_0": "/bad"}]
    made = again(check, {"image_groups": groups}, tmp_path)
    assert made.summary.entries == 3
    assert [row.title for row in made.entries().rows] == ["g", "g", "g"]


def test_group_without_a_title_is_not_named_by_its_number(check: Check, tmp_path: Path) -> None:
    made = again(check, {"image_groups": [{"objectUrl_0": "gs://demo/a.jpg"}]}, tmp_path)
    assert made.summary.counts == {"title-missing": 1}


@pytest.mark.parametrize(
    "values",
    [
        [{"k": "text"}, {"k": 5}],
        [{"k": "5"}, {"k": 5}],
        [{"k": "a"}, {"k:json": "b"}, {"k": 1}, {"k:json": 2}],
        [{"k:json": "a", "k": "[1]", "k:json:json": {"deep": "'x"}}],
        [{"a ": "trailing", "a": "bare"}],
        [{"k": "bell\x07 and delete\x7f"}, {"k": "plain"}],
        [{"bell\x07": "x"}, {"": "x"}, {}],
    ],
)
def test_metadata_comes_back_as_it_was(
    check: Check, tmp_path: Path, values: list[dict[str, object]]
) -> None:
    entries = [{"objectUrl": f"/bad{n}", "clientMetadata": each} for n, each in enumerate(values)]
    made = again(check, {"images": entries}, tmp_path)
    assert "csv-syntax" not in made.summary.counts
    found = [json.loads(each.payload)["clientMetadata"] for each in stored(made)]
    assert found == values


def stored(checked: CheckedManifest) -> list[StoredEntry]:
    return list(read_entries(checked.source, Ranges(((0, checked.summary.entries - 1),))))


def test_metadata_that_is_no_object_is_held_as_it_is(check: Check, tmp_path: Path) -> None:
    entry = {"objectUrl": "gs://demo/a.jpg", "clientMetadata": "text"}
    made = again(check, {"images": [entry]}, tmp_path)
    assert made.summary.counts == {"metadata-type": 1}


def test_fields_do_not_become_columns_of_ours(check: Check, tmp_path: Path) -> None:
    entries = [
        {"objectUrl": "/bad1", "Type": "video", "group": "x", "imageMetadata": "odd"},
        {"objectUrl": "/bad2", "imagemetadata": {"width": 1}, "=cmd": "y"},
    ]
    made = again(check, {"images": entries}, tmp_path)
    assert "csv-syntax" not in made.summary.counts
    assert made.summary.by_type == {"image": 2}
    assert not any(header == "=cmd" for header in rows(tmp_path / "held.csv")[0])


def test_rows_of_encords_dialect_do_not_change_the_others(check: Check, tmp_path: Path) -> None:
    text = "ObjectURL,Image title\ngs://demo/a.jpg\nObjectURL,Video title\n/bad.mp4,v\n"
    check(text, "m.csv").write_held(tmp_path / "held.csv")
    assert [row["Type"] for row in rows(tmp_path / "held.csv")] == ["image", "video"]


def test_scene_of_a_row_has_no_empty_url(check: Check) -> None:
    scene = json.dumps({"type": "composite_scene"}).replace('"', '""')
    made = check(f'ObjectURL,Type,Title,scene\n,scene,s,"{scene}"\n', "m.csv")
    (entry,) = stored(made)
    assert "objectUrl" not in json.loads(entry.payload)


def test_numbers_that_only_lenient_readers_take_do_not_end_the_check(check: Check) -> None:
    groups = '{"title": "g", "objectUrl_0": "gs://demo/a", "clientMetadata": {"k": NaN}}'
    made = check(f'{{"image_groups": [{groups}, {groups}]}}')
    assert made.summary.counts == {"json-number": 2, "url-duplicate": 1}


def test_scattered_entries_are_gathered_at_once(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [{"objectUrl": f"gs://demo/{n}.jpg"} for n in range(6)]
    made = check(json.dumps({"images": images, "audio": [{"objectUrl": "gs://demo/a.mp3"}]}))
    reads: list[int] = []
    load = stored_module.load_part

    def counted(folder: Path, number: int) -> pl.DataFrame:
        reads.append(number)
        return load(folder, number)

    monkeypatch.setattr(stored_module, "load_part", counted)
    made.write_registration(Ranges.of([0, 2, 5, 6]), tmp_path / "out.json")
    sent = json.loads((tmp_path / "out.json").read_text())
    assert sent["images"] == [images[0], images[2], images[5]]
    assert sent["audio"] == [{"objectUrl": "gs://demo/a.mp3"}]
    assert len(reads) == 3  # once to see which sections there are, once for each of them


def test_cells_that_are_not_sent_stay_in_every_round(check: Check, tmp_path: Path) -> None:
    text = (
        "ObjectURL,Type,Title,Group,Vendor,Vendor,=cmd,Title,Onboarding row\n"
        "/bad.jpg,image,t,left,acme,zeta,'x,other,7\n"
        "/1.jpg,image group,u,g,,,,,\n"
        "/2.jpg,image group,,g,second,,,,\n"
    )
    columns = ["Group", "Vendor", "Vendor (6)", "'=cmd", "Title (8)", "Onboarding row (9)"]
    checked = check(text, "m.csv")
    assert checked.summary.counts["csv-header-unknown"] == 4  # nobody but us knows our columns
    for _ in range(3):
        checked.write_held(tmp_path / "held.csv")
        first, group, frame = rows(tmp_path / "held.csv")
        assert [first[name] for name in columns] == ["left", "acme", "zeta", "''x", "other", "7"]
        assert (group["Vendor"], frame["Vendor"]) == ("", "second")
        checked = check((tmp_path / "held.csv").read_bytes(), "held.csv")
        assert checked.summary.entries == 2
        for entry in stored(checked):
            assert "Vendor" not in json.loads(entry.payload)  # they are not part of the entry


@pytest.mark.parametrize("name", ["cells", "row", "entry", "finding"])
def test_a_field_of_our_own_name_stays_a_field(name: str, check: Check, tmp_path: Path) -> None:
    cells = {f"Onboarding {name}": [{"Title": "x"}], "objectUrl": "/bad.jpg"}
    made = again(check, {"images": [cells]}, tmp_path)
    (entry,) = stored(made)
    assert json.loads(entry.payload) == {**cells, "objectUrl": "gs://demo/bad.jpg"}
    assert "Title" not in json.loads(entry.payload)


@pytest.mark.parametrize(
    "said",
    [
        {"title": "", "Title": "x"},
        {"Title": "x", "title": None},
        {"nobody": None},
        {"nobody": ""},
        {"title": "", "clientMetadata": None},
    ],
)
def test_what_says_nothing_stays_beside_a_changed_cell(
    said: dict[str, object], check: Check, tmp_path: Path
) -> None:
    checked = check(json.dumps({"images": [{"objectUrl": "gs://d/a b", **said}]}))
    told = checked.summary.counts
    checked.write_held(tmp_path / "held.csv")
    held = (tmp_path / "held.csv").read_text(encoding="utf-8-sig")
    again = check("\ufeff" + held.replace("a b", "b c", 1), "held.csv")
    (entry,) = stored(again)
    assert json.loads(entry.payload) == {"objectUrl": "gs://d/b c", **said}
    assert told.items() <= again.summary.counts.items()


def test_null_in_a_field_that_nobody_knows_is_sent(check: Check) -> None:
    entry = {"objectUrl": "gs://d/a.jpg", "nobody": None}
    assert payloads(check(json.dumps({"images": [{**entry, "title": None}]}))) == [entry]


TYPED = read_schema({"k": "number", "b": "boolean", "g": "geospatial", "e": "embedding"})


def test_text_that_its_type_would_be_read_as_stays_text_in_every_round(
    check: Check, tmp_path: Path
) -> None:
    values = [{"k": "5"}, {"k": 5}, {"b": "true"}, {"g": '{"a": 1}'}, {"e": "[1]"}]
    entries = [{"objectUrl": f"/{n}", "clientMetadata": each} for n, each in enumerate(values)]
    checked = check(json.dumps({"images": entries}), schema=TYPED)
    told = checked.summary.counts
    for _ in range(2):
        assert [json.loads(each.payload)["clientMetadata"] for each in stored(checked)] == values
        assert checked.summary.counts == told
        checked.write_held(tmp_path / "held.csv")
        checked = check((tmp_path / "held.csv").read_bytes(), "held.csv", schema=TYPED)


def test_a_row_with_a_cell_too_many_keeps_the_types_of_the_others(
    check: Check, tmp_path: Path
) -> None:
    text = "ObjectURL,Type,metadata.k\n/bad.jpg,image,7\ngs://demo/a.jpg,image,5,lost\n"
    check(text, "m.csv", schema=TYPED).write_held(tmp_path / "held.csv")
    held = (tmp_path / "held.csv").read_text(encoding="utf-8-sig")
    mended = held.replace('"gs://demo/a.jpg","image",""', '"gs://demo/a.jpg","image","lost"')
    assert payloads(check("\ufeff" + mended, "held.csv", schema=TYPED)) == [
        {"objectUrl": "gs://demo/a.jpg", "title": "lost", "clientMetadata": {"k": 5}}
    ]


def test_held_rows_are_ours_without_their_reasons(check: Check, tmp_path: Path) -> None:
    entry = {"objectUrl": "gs://demo/a.jpg", "title": 5, "clientMetadata": {"s": "=x"}}
    check(json.dumps({"images": [entry]})).write_held(tmp_path / "held.csv")
    (row,) = rows(tmp_path / "held.csv")
    del row["Onboarding finding"]
    with (tmp_path / "sent.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row)
    (again,) = stored(check((tmp_path / "sent.csv").read_bytes(), "sent.csv"))
    assert json.loads(again.payload) == entry
