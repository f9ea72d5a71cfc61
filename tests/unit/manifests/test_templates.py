"""Template CSVs are valid manifests and have the schema's columns."""

import io
from pathlib import Path

import pytest

from services.domain.entries import EntryType
from services.domain.metadata import read_schema
from services.manifests import templates
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.manifests.templates import KINDS

SCHEMA = read_schema(
    {
        "weather": {"type": "enum", "options": ["sunny, dry", "rainy"]},
        "none": {"ty": "hologram", "planes": 3},
        "taken": "datetime",
        "km": "number",
        "ok": "boolean",
        "id": "uuid",
        "note": {"type": "varchar", "size": 3},
        "free": "text",
        "vec": {"type": "embedding", "size": 3},
        "large": {"type": "embedding", "size": 512},
        "where": "geospatial",
        "team.name": "varchar",
    }
)


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_valid_as_they_stand(kind: EntryType, tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10**6)
    options = CheckOptions(schema=SCHEMA)
    content = templates.csv(kind, SCHEMA)
    checked = store.check(store.add(templates.name(kind), io.BytesIO(content)), options)
    counts = dict(checked.summary.counts)
    assert counts.pop("csv-dicom", None) == (1 if kind is EntryType.DICOM_SERIES else None)
    assert (counts, checked.summary.by_type) == ({}, {kind.value: 1})
    (entry,) = checked.read(checked.valid_indexes())
    assert b'"sunny, dry"' in entry.payload
    assert b'"none"' not in entry.payload


def test_all_types_but_scenes_have_a_template() -> None:
    assert set(EntryType) - set(KINDS) == {EntryType.SCENE}


def test_columns_follow_the_schema() -> None:
    header = templates.template(EntryType.IMAGE, SCHEMA).splitlines()[0]
    assert header == ",".join(["ObjectURL,Type,Title", *(f"metadata.{key}" for key in SCHEMA)])


def test_a_template_needs_no_schema() -> None:
    text = templates.csv(EntryType.IMAGE, {}).decode("utf-8-sig")
    assert text.splitlines() == [
        "ObjectURL,Type,Title",
        "gs://your-bucket/path/image.jpg,image,Your image",
    ]


def test_templates_have_plain_names() -> None:
    assert templates.name(EntryType.DICOM_SERIES) == "template-dicom-series.csv"
