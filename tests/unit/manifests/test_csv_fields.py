"""Rows of a CSV become one entry: which cell counts, and where a finding about it points."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.metadata import read_schema
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
    assert places == [("title-too-long", 3, 26), ("metadata-value", 3, 330)]


def test_a_key_of_its_own_column_is_found_there(check: Check) -> None:
    text = 'ObjectURL,Type,clientMetadata,metadata.k\ngs://d/a.jpg,image,"{""a"":""x""}",bad\n'
    schema = read_schema({"k": "number", "a": "number"})
    checked = check(text, "m.csv", schema=schema)
    found = [(f.pointer, f.line, f.column) for f in checked.findings().rows]
    assert found == [("/0/clientMetadata/a", 2, 20), ("/0/clientMetadata/k", 2, 36)]


COLUMNS = {"metadata.k": "v", "clientMetadata": '{""a"":1,""k"":2}', "metadata.x:json": "[0]"}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(list(COLUMNS)))
def test_columns_of_metadata_make_one_object_in_any_order(check: Check, order: list[str]) -> None:
    cells = ",".join(f'"{COLUMNS[name]}"' for name in order)
    checked = check(f"ObjectURL,Type,{','.join(order)}\ngs://d/a.jpg,image,{cells}\n", "m.csv")
    (entry,) = checked.read(checked.valid_indexes())
    assert json.loads(entry.payload)["clientMetadata"] == {"a": 1, "k": "v", "x": [0]}
    assert checked.summary.counts == {}
