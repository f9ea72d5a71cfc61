import io
from pathlib import Path

import pytest

from services.domain.entries import EntryType
from services.manifests import templates
from services.manifests.options import CheckOptions, read_schema
from services.manifests.store import ManifestStore

SCHEMA = read_schema(
    {
        "weather": {"type": "enum", "options": ["sunny, dry", "rainy"]},
        "none": {"type": "enum", "options": []},
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


@pytest.mark.parametrize("kind", EntryType)
def test_a_template_checks_without_errors(kind: EntryType, tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10**6)
    assert SCHEMA is not None
    options = CheckOptions(schema=SCHEMA)
    content = templates.csv(kind, SCHEMA)
    checked = store.check(store.add(templates.name(kind), io.BytesIO(content)), options)
    summary = checked.summary
    assert not summary.has_errors
    assert set(summary.counts) <= {"csv-dicom", "field-unknown"}
    assert summary.by_type == {kind.value: 1 if kind.is_composite else 2}
    entry = next(checked.read(checked.valid_indexes()))
    assert b'"sunny, dry"' in entry.payload
    assert b'"none"' not in entry.payload
    for key in SCHEMA:
        assert f"metadata.{key}" in content.decode()


def test_keys_alone_make_blank_columns() -> None:
    text = templates.csv(EntryType.IMAGE, ["a", "b"]).decode("utf-8-sig")
    head, first, _ = text.splitlines()
    assert head == "ObjectURL,Type,Title,metadata.a,metadata.b"
    assert first == "gs://your-bucket/path/image-1.jpg,image,image 1,,"


def test_templates_have_plain_names() -> None:
    assert templates.name(EntryType.DICOM_SERIES) == "template-dicom-series.csv"
