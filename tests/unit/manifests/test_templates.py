"""Template CSVs are valid manifests and have the schema's columns."""

import pytest

from services.domain.entries import EntryType
from services.manifests.options import read_schema
from services.manifests.templates import KINDS, template
from tests.unit.manifests.conftest import Check

SCHEMA = read_schema(
    {
        "weather": {"type": "enum", "options": ["sunny"]},
        "taken": "datetime",
        "km": "number",
        "ok": "boolean",
        "id": "uuid",
        "note": {"type": "varchar", "size": 3},
        "vec": {"type": "embedding", "size": 2},
    }
)


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_valid_as_they_stand(check: Check, kind: EntryType) -> None:
    checked = check(template(kind, SCHEMA), "t.csv", schema=SCHEMA)
    counts = dict(checked.summary.counts)
    assert counts.pop("csv-dicom", None) == (1 if kind is EntryType.DICOM_SERIES else None)
    assert (counts, checked.summary.by_type) == ({}, {kind.value: 1})


def test_columns_follow_the_schema() -> None:
    header = template(EntryType.IMAGE, SCHEMA).splitlines()[0]
    assert header == (
        "ObjectURL,Type,Title,metadata.weather,metadata.taken,metadata.km,metadata.ok,"
        "metadata.id,metadata.note,metadata.vec"
    )
