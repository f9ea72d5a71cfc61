"""The rules about media metadata: all fields once the object is there, typed and positive."""

from collections.abc import Iterator, Mapping
from typing import Final

from services.domain.nearest import fold, hint
from services.manifests.faults import Fault, found

_TEXT: Final = "text"
_WHOLE: Final = "a whole number"
_NUMBER: Final = "a number"

#: Media field to its fields' types; every one is required by Encord's model.
MEDIA: Final[Mapping[str, Mapping[str, str]]] = {
    "videoMetadata": {
        "fps": _NUMBER,
        "duration": _NUMBER,
        "width": _WHOLE,
        "height": _WHOLE,
        "file_size": _WHOLE,
        "mime_type": _TEXT,
    },
    "imageMetadata": {"mimeType": _TEXT, "fileSize": _WHOLE, "width": _WHOLE, "height": _WHOLE},
    "audioMetadata": {
        "duration": _NUMBER,
        "file_size": _WHOLE,
        "mime_type": _TEXT,
        "sample_rate": _WHOLE,
        "bit_depth": _WHOLE,
        "codec": _TEXT,
        "num_channels": _WHOLE,
    },
    "textMetadata": {"file_size": _WHOLE, "mime_type": _TEXT},
    "pdfMetadata": {"file_size": _WHOLE, "num_pages": _WHOLE},
}

#: Spellings that Encord's pages use beside the model's.
_ALIASES: Final = {"durationseconds": "duration"}


def media_faults(field: str, value: object) -> Iterator[Fault]:
    """Check one media metadata object."""
    if not isinstance(value, Mapping):
        details = {"field": field, "found": found(value), "expected": "an object"}
        yield Fault("media-metadata-type", (field,), value, details)
        return
    known = MEDIA[field]
    by_fold = {fold(name): name for name in known} | _ALIASES
    present: set[str] = set()
    for key, each in value.items():
        name = by_fold.get(fold(key))
        if name is None or name not in known or name in present:
            details = {"key": key, "article": field, "hint": hint(key, known)}
            yield Fault("field-unknown", (field, key), key, details, on_key=True)
            continue
        present.add(name)
        yield from _value_faults(field, key, each, known[name])
    missing = [name for name in known if name not in present]
    if missing:
        details = {"field": field, "missing": ", ".join(missing)}
        yield Fault("media-metadata-incomplete", (field,), None, details, on_key=True)


def _value_faults(field: str, key: str, value: object, expected: str) -> Iterator[Fault]:
    path, name = (field, key), f"{field}.{key}"
    if not _is_of(value, expected):
        details = {"field": name, "found": found(value), "expected": expected}
        yield Fault("media-metadata-type", path, value, details)
    elif not isinstance(value, str) and not _is_positive(value):
        yield Fault("media-metadata-range", path, value, {"field": name, "value": value})


def _is_of(value: object, expected: str) -> bool:
    if expected == _TEXT:
        return isinstance(value, str) and bool(value)
    if isinstance(value, bool):
        return False
    if expected == _WHOLE:
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, int | float)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and value > 0
