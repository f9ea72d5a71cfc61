"""Rows of a CSV become one entry: which cell counts, and where a finding about it points."""

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
