"""Template CSVs: our columns for one type of entry, with the keys of the metadata schema.

The example rows check without findings, so that a template can be uploaded as it is to try it.
"""

import csv as csv_format
import io
import json
from collections.abc import Mapping
from typing import Final

from services.domain.entries import EntryType
from services.domain.metadata import MetadataKey, MetadataSchema, ValueType
from services.manifests.csv_layout import COLUMNS, KEY_PREFIX

_EXTENSIONS: Final[Mapping[EntryType, str]] = {
    EntryType.VIDEO: "mp4",
    EntryType.IMAGE: "jpg",
    EntryType.IMAGE_GROUP: "jpg",
    EntryType.IMAGE_SEQUENCE: "jpg",
    EntryType.AUDIO: "mp3",
    EntryType.TEXT: "txt",
    EntryType.PDF: "pdf",
    EntryType.NIFTI: "nii.gz",
    EntryType.DICOM_SERIES: "dcm",
    EntryType.TIME_SERIES: "csv",
}
#: Types that a template can show; a scene is an object and needs JSON.
KINDS: Final = tuple(_EXTENSIONS)

#: Larger vectors would make the template unreadable; their cells are left blank.
_LARGEST: Final = 64


def csv(kind: EntryType, schema: MetadataSchema) -> bytes:
    """Return a template as UTF-8 with a byte order mark, which spreadsheets need.

    Args:
        kind: The type of its entries, one of `KINDS`.
        schema: The live schema; each of its keys becomes a column with a value that fits.
    """
    return template(kind, schema).encode("utf-8-sig")


def template(kind: EntryType, schema: MetadataSchema) -> str:
    """Return a template as text: one entry, its frames in rows of their own."""
    stream = io.StringIO(newline="")
    writer = csv_format.writer(stream)
    writer.writerow([*_columns(kind), *(KEY_PREFIX + key for key in schema)])
    values = [_example(declared) for declared in schema.values()]
    for number, row in enumerate(_rows(kind)):
        writer.writerow([*row, *(values if number == 0 else [""] * len(values))])
    return stream.getvalue()


def name(kind: EntryType) -> str:
    """Return the file name of a template."""
    return f"template-{kind.value.replace('_', '-')}.csv"


def _columns(kind: EntryType) -> list[str]:
    """Return the columns a type needs: only a composite has a group, only images a choice."""
    if kind in {EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE}:
        return list(COLUMNS)
    return list(COLUMNS[: 4 if kind.is_composite else 3])


def _rows(kind: EntryType) -> list[list[str]]:
    """Return one entry: a row, or a row for each of two frames."""
    stem, ending = kind.value.replace("_", "-"), _EXTENSIONS[kind]
    path = f"gs://your-bucket/path/{stem}"
    if not kind.is_composite:
        return [[f"{path}.{ending}", kind.value, f"Your {kind.label}"]]
    flag = {EntryType.IMAGE_GROUP: ["false"], EntryType.IMAGE_SEQUENCE: ["true"]}.get(kind, [])
    rest = [kind.value, f"Your {kind.label}", "1", *flag]
    return [[f"{path}-{number}.{ending}", *rest] for number in (0, 1)]


def _example(declared: MetadataKey) -> str:
    """Return a value that fits a key; blank when there is none to show."""
    match declared.type:
        case ValueType.ENUM:
            return declared.options[0]
        case ValueType.EMBEDDING:
            size = declared.size or 3
            return json.dumps([0.0] * size) if size <= _LARGEST else ""
        case ValueType.VARCHAR:
            return "example"[: declared.size]
        case _:
            return _EXAMPLES.get(declared.type, "")


_EXAMPLES: Final[Mapping[ValueType, str]] = {
    ValueType.BOOLEAN: "true",
    ValueType.DATETIME: "2025-04-03T12:00:00Z",
    ValueType.NUMBER: "1.5",
    ValueType.UUID: "00000000-0000-4000-8000-000000000000",
    ValueType.TEXT: "example",
    ValueType.GEOSPATIAL: '{"type": "Point", "coordinates": [13.4, 52.5]}',
}
