"""Template CSVs: the columns of our superset for one type, with the schema's metadata columns."""

import csv
import io
from typing import Final

from services.domain.entries import EntryType
from services.manifests.csv_layout import METADATA
from services.manifests.schema import MetadataKey, MetadataSchema, ValueType

_NAMES: Final = {
    EntryType.VIDEO: ("clip.mp4",),
    EntryType.IMAGE: ("photo.jpg",),
    EntryType.IMAGE_GROUP: ("left.jpg", "right.jpg"),
    EntryType.IMAGE_SEQUENCE: ("frame-0.jpg", "frame-1.jpg"),
    EntryType.AUDIO: ("call.mp3",),
    EntryType.TEXT: ("note.txt",),
    EntryType.PDF: ("report.pdf",),
    EntryType.NIFTI: ("scan.nii.gz",),
    EntryType.DICOM_SERIES: ("slice-0.dcm", "slice-1.dcm"),
    EntryType.TIME_SERIES: ("signal.csv",),
}
_SAMPLES: Final = {
    ValueType.BOOLEAN: "true",
    ValueType.DATETIME: "2025-04-03T12:00:00Z",
    ValueType.NUMBER: "1.5",
    ValueType.UUID: "00000000-0000-4000-8000-000000000000",
    ValueType.VARCHAR: "text",
    ValueType.TEXT: "text",
}

#: Types that a template can show; a scene is an object and needs JSON.
KINDS: Final = tuple(_NAMES)


def template(kind: EntryType, schema: MetadataSchema | None = None) -> str:
    """Return a CSV that is valid as it stands and shows every column of a type."""
    keys = dict(schema or {})
    group = ["Group"] if kind.is_composite else []
    header = ["ObjectURL", "Type", "Title", *group, *(f"{METADATA}{key}" for key in keys)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(header)
    for number, name in enumerate(_NAMES[kind]):
        url = f"gs://your-bucket/path/{name}"
        title = "" if number else f"Your {kind.label}"
        values = [_sample(key) for key in keys.values()] if number == 0 else [""] * len(keys)
        writer.writerow([url, kind.value, title, *(["1"] if group else []), *values])
    return stream.getvalue()


def _sample(key: MetadataKey) -> str:
    """Show a value that fits; empty where any value would be a guess."""
    if key.type is ValueType.ENUM:
        return key.options[0] if key.options else ""
    text = _SAMPLES.get(key.type, "")
    return text[: key.size] if key.type is ValueType.VARCHAR and key.size else text
