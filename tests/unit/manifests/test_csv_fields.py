"""Rows of a CSV become one entry: which cell counts, and where a finding about it points."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.metadata import read_schema
from services.domain.rules import Fix
from services.manifests import repair
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.unit.manifests.conftest import Check

GROUP = (
    "ObjectURL,Type,Title,Group,metadata.k,imageMetadata\n"
    "gs://d/1.jpg,image group,,g,,\n"
    "gs://d/2.jpg,image group,{title},g,bad,\n"
    "gs://d/3.jpg,image group,,g,worse,\n"
)


def test_a_value_of_a_group_is_found_in_the_row_that_gives_it(check: Check) -> None:
    schema = read_schema({"k": "number"})
    checked = check(GROUP.format(title="x" * 301), "m.csv", schema=schema)
    places = [(f.code, f.line, f.column) for f in checked.findings().rows]
    assert places == [
        ("title-too-long", 3, 26),
        ("metadata-value", 3, 330),
        ("group-conflict", 4, 29),
    ]


def test_a_key_of_its_own_column_is_found_there(check: Check) -> None:
    text = 'ObjectURL,Type,clientMetadata,metadata.k\ngs://d/a.jpg,image,"{""a"":""x""}",bad\n'
    schema = read_schema({"k": "number", "a": "number"})
    checked = check(text, "m.csv", schema=schema)
    found = [(f.pointer, f.line, f.column) for f in checked.findings().rows]
    assert found == [("/0/clientMetadata/a", 2, 20), ("/0/clientMetadata/k", 2, 36)]


COLUMNS = {"metadata.k": "v", "clientMetadata": '{""a"":1,""k"":""v""}', "metadata.x:json": "[0]"}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(list(COLUMNS)))
def test_columns_of_metadata_make_one_object_in_any_order(check: Check, order: list[str]) -> None:
    cells = ",".join(f'"{COLUMNS[name]}"' for name in order)
    checked = check(f"ObjectURL,Type,{','.join(order)}\ngs://d/a.jpg,image,{cells}\n", "m.csv")
    (entry,) = checked.read(checked.valid_indexes())
    assert json.loads(entry.payload)["clientMetadata"] == {"a": 1, "k": "v", "x": [0]}
    assert checked.summary.counts == {}


SPLIT = (
    "ObjectURL,Type,Group,clientMetadata,metadata.k\n"
    'gs://d/a.jpg,image,,"{""k"":1,""a"":1,""k"":2}",2\n'
    "gs://d/1.jpg,image group,g,,v\n"
    'gs://d/2.jpg,image group,g,"{""k"":""w"",""a"":[1]}",\n'
    'gs://d/b.jpg,image,,"[1]",kept\n'
)


def test_a_key_that_its_own_column_says_otherwise_is_told_and_kept(
    check: Check, store: ManifestStore, tmp_path: Path
) -> None:
    checked = check(SPLIT, "m.csv")
    found = [(f.code, f.pointer, f.line, f.column) for f in checked.findings().rows]
    assert found == [
        ("group-conflict", "/0/clientMetadata/k", 2, 21),
        ("metadata-type", "/1/clientMetadata", 5, 21),
        ("group-conflict", "/2/clientMetadata/k", 4, 28),
    ]
    first = 'clientMetadata.k is 2 here and "2" in the column metadata.k; an entry has one value.'
    assert checked.findings().rows[0].message == first
    fixed = repair.apply(
        store, checked.summary.fingerprint, CheckOptions(), "group-conflict", Fix.REMOVE_KEY
    )
    sent = store.check(fixed, CheckOptions())
    assert [
        json.loads(entry.payload)["clientMetadata"] for entry in sent.read(sent.valid_indexes())
    ] == [{"a": 1, "k": "2"}, {"k": "v", "a": [1]}]
    for _ in range(2):
        checked.write_held(tmp_path / "held.csv")
        checked = check((tmp_path / "held.csv").read_bytes(), "held.csv")
        assert checked.summary.counts == {"group-conflict": 2, "metadata-type": 1}
        with (tmp_path / "held.csv").open(encoding="utf-8-sig", newline="") as stream:
            cells = [
                (row["clientMetadata:json"], row["metadata.k"]) for row in csv.DictReader(stream)
            ]
        assert cells[0] == ('{"k":1,"a":1,"k":2}', "2")
        assert ("[1]", "kept") in cells


TYPED_HEADER = (
    "ObjectURL,Image group title,Create video\ngs://d/1.jpg,A,{video}\n"
    "ObjectURL,Type,Group\ngs://d/2.jpg,{word},A\n"
)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (TYPED_HEADER.format(video="", word="image sequence"), 4, 14),
        (TYPED_HEADER.format(video="false", word="image sequence"), 4, 14),
        ("ObjectURL,Image group title,Type\nx://1,A,\nx://2,A,image sequence\n", 3, 9),
    ],
)
def test_a_type_that_contradicts_the_header_of_the_first_row_is_told(
    text: str, line: int, column: int, store: ManifestStore
) -> None:
    first = store.add("m.csv", io.BytesIO(text.encode()))
    checked = store.check(first, CheckOptions())
    (told,) = (each for each in checked.findings().rows if each.code == "group-conflict")
    said = "type is image sequence here and image group in line 2; an entry has one value."
    assert (told.line, told.column, told.message) == (line, column, said)
    fixed = repair.apply(store, first, CheckOptions(), "group-conflict", Fix.REMOVE_KEY)
    assert store.check(fixed, CheckOptions()).summary.by_type == {"image_group": 1}
    assert "group-conflict" not in store.check(fixed, CheckOptions()).summary.counts


SILENT = "ObjectURL,Image group title,Type\nx://1,A,image sequence\nx://2,A,\n"
#: A row without a column has no cell to mend.
BELOW = "ObjectURL,Type,Group\nx://1,image sequence,A\nObjectURL,Image group title\nx://2,A\n"


@pytest.mark.parametrize(("text", "line", "is_mended"), [(SILENT, 3, True), (BELOW, 4, False)])
def test_a_header_that_contradicts_the_type_above_is_told_and_held(
    text: str, line: int, *, is_mended: bool, store: ManifestStore, tmp_path: Path
) -> None:
    first = store.add("m.csv", io.BytesIO(text.encode()))
    checked = store.check(first, CheckOptions())
    (told,) = (each for each in checked.findings().rows if each.code == "group-conflict")
    said = "type is image group here and image sequence in line 2; an entry has one value."
    assert (told.line, told.column, told.message) == (line, 7, said)
    fixed = repair.apply(store, first, CheckOptions(), "group-conflict", Fix.REMOVE_KEY)
    counts = store.check(fixed, CheckOptions()).summary.counts
    assert ("group-conflict" not in counts) is is_mended
    checked.write_held(tmp_path / "held.csv")
    with (tmp_path / "held.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["Type"] for row in csv.DictReader(stream)] == ["image_sequence", "image group"]


@pytest.mark.parametrize("word", ["image sequence", "image group"])
def test_a_header_of_groups_holds_for_a_sequence_that_a_cell_says(word: str, check: Check) -> None:
    checked = check(TYPED_HEADER.format(video="true", word=word), "m.csv")
    assert (checked.summary.counts, checked.summary.by_type) == ({}, {"image_sequence": 1})


DISAGREEING = (
    "ObjectURL,Type,Title,Group,metadata.n,Vendor\n"
    "gs://d/1.jpg,image group,A,g,5,acme\n"
    "gs://d/2.jpg,image sequence,B,g,6,zeta\n"
    "gs://d/3.jpg,image group,A,g,5.0,\n"
)
#: Row and column of what the second row says otherwise.
DISAGREED = [("/0/type", 3, 14), ("/0/title", 3, 29), ("/0/clientMetadata/n", 3, 33)]
NUMBERS = CheckOptions(schema=read_schema({"n": "number"}))


def test_rows_that_disagree_are_held_and_keep_what_they_say(check: Check, tmp_path: Path) -> None:
    checked = check(DISAGREEING, "m.csv", schema=NUMBERS.schema)
    for _ in range(2):  # what is held says it again
        found = [each for each in checked.findings().rows if each.code == "group-conflict"]
        assert [each.pointer for each in found] == [pointer for pointer, *_ in DISAGREED]
        checked.write_held(tmp_path / "held.csv")
        with (tmp_path / "held.csv").open(encoding="utf-8-sig", newline="") as stream:
            _, second, third = csv.DictReader(stream)
        told = [second[name] for name in ("Type", "Title", "metadata.n:json", "Vendor")]
        assert told == ["image sequence", "B", "6", "zeta"]
        assert (third["Title"], third["Vendor"]) == ("", "")
        checked = check((tmp_path / "held.csv").read_bytes(), "h.csv", schema=NUMBERS.schema)


def test_rows_that_disagree_about_the_whole_metadata_still_do_when_held(
    check: Check, tmp_path: Path
) -> None:
    text = (
        "ObjectURL,Type,Title,Group,clientMetadata,Type\n"
        'gs://d/1.jpg,image group,A,g,"{""a"":1}",video\n'
        'gs://d/2.jpg,image group,A,g,"{""b"":2}",image\n'
    )
    checked = check(text, "m.csv")
    for _ in range(2):
        assert checked.summary.counts["group-conflict"] == 1
        assert checked.summary.entries == 1
        checked.write_held(tmp_path / "held.csv")
        with (tmp_path / "held.csv").open(encoding="utf-8-sig", newline="") as stream:
            first, second = csv.DictReader(stream)
        assert json.loads(first["clientMetadata:json"]) == {"a": 1}
        assert json.loads(second["clientMetadata:json"]) == {"b": 2}
        assert (first["Type (6)"], second["Type (6)"]) == ("video", "image")
        checked = check((tmp_path / "held.csv").read_bytes(), "held.csv")


def test_what_rows_disagree_about_is_found_in_its_cell(check: Check) -> None:
    checked = check(DISAGREEING, "m.csv", schema=NUMBERS.schema)
    found = [(f.pointer, f.line, f.column) for f in checked.findings().rows if f.entry == 0]
    assert found == DISAGREED


def test_the_first_row_can_be_kept_and_another_value_be_written(store: ManifestStore) -> None:
    first = store.add("m.csv", io.BytesIO(DISAGREEING.encode()))
    fixed = repair.apply(store, first, NUMBERS, "group-conflict", Fix.REMOVE_KEY)
    edits: dict[int, dict[str, str | None]] = {
        0: {"title": "C", "type": "image sequence", "metadata.n": "7"}
    }
    edited = repair.edit(store, first, edits, NUMBERS)
    for made, kind, title, number in (
        (fixed, "image_group", "A", 5),
        (edited, "image_sequence", "C", 7),
    ):
        (entry,) = store.check(made, NUMBERS).read(store.check(made, NUMBERS).valid_indexes())
        said = json.loads(entry.payload)
        assert (entry.type, entry.title, said["clientMetadata"]) == (kind, title, {"n": number})
        assert len(entry.urls) == 3


def test_a_title_that_holds_its_row_in_the_group_is_not_taken_away(store: ManifestStore) -> None:
    text = "ObjectURL,Type,Title,Group\ngs://d/1.jpg,image group,A,g\ngs://d/2.jpg,image group,g,\n"
    first = store.add("m.csv", io.BytesIO(text.encode()))
    assert store.check(first, NUMBERS).summary.counts == {"group-conflict": 1}
    assert repair.apply(store, first, NUMBERS, "group-conflict", Fix.REMOVE_KEY) == first


@pytest.mark.parametrize(
    ("word", "said"),
    [("video", "The row is 'video' and its header says image."), ("cat", "'cat' is not a type")],
)
def test_a_type_that_contradicts_its_header_is_told(word: str, said: str, check: Check) -> None:
    checked = check(
        f"ObjectURL,Image title,Type\ngs://d/a.jpg,a,\ngs://d/b.jpg,b,{word}\n", "m.csv"
    )
    (finding,) = checked.findings().rows
    assert (finding.code, finding.line, finding.column) == ("entry-type", 3, 16)
    assert finding.message.startswith(said)
    assert checked.summary.by_type["image"] == 1


SEQUENCE = '"title": "s", "objectUrl_0": "gs://d/1.jpg"'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ObjectURL,Type,Title,Create video\ngs://d/1.jpg,image sequence,s,{}\n", "csv"),
        (
            '{{"type":"image_sequence","title":"s","objectUrl_0":"gs://d/1","createVideo":{}}}',
            "jsonl",
        ),
    ],
)
def test_a_sequence_that_is_to_be_no_video_is_told(text: str, name: str, check: Check) -> None:
    checked = check(text.format("false"), f"m.{name}")
    assert [f.message for f in checked.findings().rows] == [
        "createVideo is false; it must be true in a sequence."
    ]
    silent = check(text.format({"csv": "", "jsonl": "null"}[name]), f"m.{name}")
    (entry,) = silent.read(silent.valid_indexes())
    assert json.loads(entry.payload)["createVideo"] is True


@pytest.mark.parametrize(
    ("first", "second"), [("gs://d/1.jpg", "gs://d/2.jpg"), ("gs://d/1.jpg", "")]
)
def test_of_two_columns_of_urls_the_first_counts(first: str, second: str, check: Check) -> None:
    checked = check(f"ObjectURL,Type,objecturl\n{first},image,{second}\n", "m.csv")
    assert checked.summary.counts == {"csv-syntax": 1}  # two columns are both the URL
    (entry,) = checked.read(checked.valid_indexes())
    assert entry.urls == (first,)
