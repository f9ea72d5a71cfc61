"""JSON in the cells of a CSV is held to the same rules as a JSON document."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.metadata import read_schema
from services.manifests import json_text
from services.manifests.checked import CheckedManifest
from services.manifests.json_cells import raw_members
from tests.unit.manifests.conftest import Check

SCHEMA = read_schema({"a": "number", "v": "embedding", "g": "geospatial"})


def row(header: str, cell: str) -> str:
    quoted = cell.replace('"', '""')
    return f'ObjectURL,Type,Title,{header}\ngs://d/a.jpg,image,t,"{quoted}"\n'


def told(checked: CheckedManifest) -> list[tuple[object, ...]]:
    rows = checked.findings(limit=1_000).rows
    return [(f.code, f.line, f.column, f.pointer, f.message) for f in rows]


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


HALF = "This is not JSON: a text holds half a surrogate pair."
NESTED = "Values are nested over 64 levels deep here."


@pytest.mark.parametrize(
    ("header", "cell", "code", "pointer"),
    [
        ("clientMetadata", '{"a":NaN}', "json-number", "/0/clientMetadata/a"),
        ("metadata.x:json", "1e999", "json-number", "/0/clientMetadata/x"),
        ("metadata.x:json", "-Infinity", "json-number", "/0/clientMetadata/x"),
        ("metadata.x:json", "99999999999999999999", "json-number", "/0/clientMetadata/x"),
        ("clientMetadata", '{"a":"\\ud800"}', "json-syntax", "/0/clientMetadata/a"),
        ("clientMetadata", '{"a":{"\\udc00":1}}', "json-syntax", "/0/clientMetadata/a"),
        ("clientMetadata", '{"a":1,"a":2}', "json-duplicate-key", "/0/clientMetadata/a"),
        ("metadata.x:json", '[{"a":1,"a":2}]', "json-duplicate-key", "/0/clientMetadata/x/0/a"),
        ("metadata.x:json", deep(150), "json-depth", "/0/clientMetadata/x" + "/0" * 60),
        ("metadata.x:json", deep(5_000), "json-depth", "/0/clientMetadata/x" + "/0" * 60),
        ("metadata.x:json", deep(61), "json-depth", "/0/clientMetadata/x" + "/0" * 60),
        ("imageMetadata", '{"a":1,"a":2}', "json-duplicate-key", "/0/imageMetadata/a"),
    ],
)
def test_what_no_document_may_hold_is_found_in_cells(
    header: str, cell: str, code: str, pointer: str, check: Check, tmp_path: Path
) -> None:
    checked = check(row(header, cell), "m.csv")
    found = [each[:4] for each in told(checked) if each[0] == code]
    assert found == [(code, 2, 22, pointer)]
    assert checked.summary.valid_entries == 0
    assert json.loads(checked.preview()) == {"skip_duplicate_urls": True}
    checked.write_held(tmp_path / "held.csv")
    again = check((tmp_path / "held.csv").read_bytes(), "held.csv")
    assert again.summary.valid_entries == 0
    if len(cell) < 1_000:
        assert again.summary.counts == checked.summary.counts


@pytest.mark.parametrize(
    "cell", [deep(60), '{"a":"\\ud83d\\ude00"}', '"\\\\ud800"', "1e30", "1e-320"]
)
def test_what_a_document_may_hold_is_good_in_cells(cell: str, check: Check) -> None:
    checked = check(row("metadata.x:json", cell), "m.csv")
    assert told(checked) == []
    (entry,) = checked.read(checked.valid_indexes())
    assert json.loads(entry.payload)["clientMetadata"] == {"x": json.loads(cell)}


def test_a_csv_says_what_the_same_json_says(check: Check) -> None:
    text = '{"x": [NaN, {"a": 1, "a": 1e999}]}'
    by_cell = told(check(row("clientMetadata", text), "m.csv"))
    entry = f'{{"objectUrl": "gs://d/a.jpg", "title": "t", "clientMetadata": {text}}}'
    by_json = told(check(f'{{"images": [{entry}]}}'))
    assert sorted((code, message) for code, *_, message in by_cell) == sorted(
        (code, message) for code, *_, message in by_json
    )


def test_a_number_that_is_too_large_is_called_so(check: Check, tmp_path: Path) -> None:
    checked = check(row("metadata.a", "1e999"), "m.csv", schema=SCHEMA)
    assert [(code, message) for code, *_, message in told(checked)] == [
        ("json-number", "Infinity is not a number that JSON readers agree on."),
        ("metadata-value", "a is a number that is too large; the schema says a number."),
    ]
    checked.write_held(tmp_path / "held.csv")
    again = check((tmp_path / "held.csv").read_bytes(), "held.csv", schema=SCHEMA)
    assert again.summary.counts == checked.summary.counts


@pytest.mark.parametrize("columns", ["metadata.k,clientMetadata", "clientMetadata,metadata.k"])
@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("null", {}),
        ("[1]", {"metadata-type": 1}),
        ("NaN", {"metadata-type": 1, "json-number": 1}),
        ('{""k"":NaN}', {"group-conflict": 1}),
        ('{""k"":""v""}', {}),
        ('{""a"":NaN}', {"json-number": 1}),
        ('{""a"":1,""a"":1}', {"json-duplicate-key": 1}),
    ],
)
def test_a_column_of_its_own_counts(
    columns: str, cell: str, codes: dict[str, int], check: Check
) -> None:
    cells = f'v,"{cell}"' if columns.startswith("metadata") else f'"{cell}",v'
    checked = check(f"ObjectURL,Type,{columns}\ngs://d/a.jpg,image,{cells}\n", "m.csv")
    assert checked.summary.counts == codes
    if not codes:
        (entry,) = checked.read(checked.valid_indexes())
        assert json.loads(entry.payload)["clientMetadata"] == {"k": "v"}


def test_members_take_the_place_of_those_with_the_same_key() -> None:
    made = raw_members(msgspec.Raw(b' {"a" : NaN, "k": [1], "a": 2} '), {"k": "v"})
    assert isinstance(made, msgspec.Raw)
    assert bytes(made) == b'{"a" : NaN, "a": 2, "k":"v"}'


@given(st.integers(0, 70), st.integers(0, 70), st.sampled_from(['"]["', "1", '"\\""']))
def test_what_is_cut_short_nests_as_deep_as_is_allowed(one: int, other: int, leaf: str) -> None:
    objects = '{"a":' * other + leaf + "}" * other
    text = f"[{'[' * one}{leaf}{']' * one}, {objects}]"
    short = json_text.shallow(text)
    assert (short == text) == (max(one, other) < json_text.MAX_DEPTH)
    assert json.loads(short)[0] == json.loads(text)[0] or one >= json_text.MAX_DEPTH
    assert json_text.shallow(short) == short


@pytest.mark.parametrize(
    ("number", "is_plain"),
    [
        ("-0.00012345678901234567890123", True),
        ("1.5e-320", True),
        ("999999999999999999", True),
        ("-9223372036854775809", False),
        ("18446744073709551616", False),
        ("1e309", False),
        ("1E+309", False),
        ("-Infinity", False),
    ],
)
def test_only_numbers_that_may_be_too_large_are_looked_at(*, number: str, is_plain: bool) -> None:
    assert json_text.is_plain(number) == is_plain
    assert json_text.is_plain(f'{{"v":[0,{number}]}}') == is_plain


@pytest.mark.parametrize("odd", ["scene12", "Infinity", "9e99"])
def test_null_leaves_the_metadata_to_the_next_row(odd: str, check: Check) -> None:
    """Text that may be a number too large is read again as it stands, with the same answer."""
    metadata = json.dumps({"source": odd, "site": "A"}).replace('"', '""')
    rows = f'gs://b/1.jpg,image group,G,null\ngs://b/2.jpg,image group,G,"{metadata}"\n'
    checked = check(f"ObjectURL,Type,Title,clientMetadata\n{rows}", "m.csv")
    (entry,) = checked.read(checked.valid_indexes())
    assert json.loads(entry.payload)["clientMetadata"] == {"source": odd, "site": "A"}
