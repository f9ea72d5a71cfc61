"""The rules about custom metadata: its shape, its keys, and its values against a schema."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeGuard

import orjson

from services.domain.entries import EntryType
from services.domain.metadata import (
    VARCHAR_LIMIT,
    MetadataKey,
    MetadataSchema,
    ValueType,
)
from services.domain.nearest import hint
from services.manifests.faults import Fault, Path, found, shown
from services.manifests.json_text import is_carried

#: Encord's documented limit for the metadata of one item, in bytes.
MAX_BYTES: Final = 10_000_000

#: Keys that Encord's documents allow: letters, digits, blank, hyphen, underscore, period.
KEY: Final = re.compile(r"[A-Za-z0-9 ._-]*[A-Za-z0-9][A-Za-z0-9 ._-]*")
_SEPARATORS: Final = str.maketrans("", "", " ._-")
UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DATETIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NUL: Final = b"\\u0000"
#: Entries use the same keys over and over; what is said of a key is kept for this many.
_MANY_KEYS: Final = 10_000
_VIDEO_LIKE: Final = {EntryType.VIDEO, EntryType.IMAGE_SEQUENCE, EntryType.AUDIO}
_FIELD: Final = "clientMetadata"


def metadata_faults(
    value: object, kind: EntryType, schema: MetadataSchema | None
) -> Iterator[Fault]:
    """Check one `clientMetadata`."""
    if not isinstance(value, Mapping):
        yield Fault("metadata-type", (_FIELD,), value, {"found": found(value)})
        return
    text = _as_json(value)
    if len(text) > MAX_BYTES:
        yield Fault("metadata-too-large", (_FIELD,), None, {"bytes": f"{len(text):,}"})
    may_have_nul = _NUL in text
    for key, each in value.items():
        path = (_FIELD, key)
        if may_have_nul:
            yield from _nul_faults(each, key, path)
        if is_reserved(key):
            yield from _reserved_faults(key, each, kind, path)
        elif problem := key_problem(key):
            yield Fault(
                "metadata-key", path, key, {"key": repr(key[:80]), "problem": problem}, True
            )
        elif schema is not None:
            yield from _declared_faults(key, each, schema, path)


def _as_json(value: object) -> bytes:
    """Write metadata as JSON; what cannot be written is found by other rules."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=_MANY_KEYS)
def is_reserved(key: str) -> bool:
    """Whether a key means something to Encord, or reads as if it did."""
    return key == "$encord" or key.translate(_SEPARATORS) == "keyframes"


@lru_cache(maxsize=_MANY_KEYS)
def key_problem(key: str) -> str | None:
    """Say why a metadata key cannot be declared; None when it can."""
    if not key:
        return "it is empty"
    if key.startswith("$"):
        return "keys that begin with $ belong to Encord"
    if not key.translate(_SEPARATORS):
        return "it has only separators"
    if not KEY.fullmatch(key):
        odd = next(char for char in key if not KEY.fullmatch(f"a{char}"))
        return f"{odd!r} is not allowed"
    return None


def _nul_faults(value: object, key: str, path: Path) -> Iterator[Fault]:
    """Find NUL, which Encord's database cannot store in text."""
    if isinstance(value, str):
        if "\x00" in value:
            expected = "text without U+0000"
            details = {"key": key, "found": "text with U+0000", "expected": expected}
            yield Fault("metadata-value", path, value, details)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _nul_faults(each, name, (*path, name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _nul_faults(each, key, (*path, place))


def _reserved_faults(key: str, value: object, kind: EntryType, path: Path) -> Iterator[Fault]:
    problem = _reserved_problem(key, value, kind)
    if problem:
        yield Fault("metadata-reserved", path, value, {"key": key, "problem": problem}, True)


def _reserved_problem(key: str, value: object, kind: EntryType) -> str | None:
    if kind not in _VIDEO_LIKE:
        return "it has a meaning for videos only"
    if key == "$encord":
        return _settings_problem(value)
    if key != "keyframes":
        return "its name reads as keyframes"
    whole = isinstance(value, list) and all(_is_frame(each) for each in value)
    return None if whole else "it must be a list of frame numbers"


def _is_frame(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _settings_problem(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return "it must be an object with config or frames"
    unknown = [key for key in value if key not in {"config", "frames"}]
    if unknown:
        return f"{unknown[0]!r} is neither config nor frames"
    frames = value.get("frames", [])
    if isinstance(frames, list):
        return None if all(map(_is_frame, frames)) else "frames must be frame numbers"
    return None if isinstance(frames, Mapping) else "frames must be a list or an object"


def _declared_faults(
    key: str, value: object, schema: MetadataSchema, path: Path
) -> Iterator[Fault]:
    declared = schema.get(key)
    if declared is None:
        yield Fault("metadata-undeclared", path, key, {"key": key, "hint": hint(key, schema)}, True)
    elif value is not None:
        yield from value_faults(key, value, declared, path)


def value_faults(key: str, value: object, declared: MetadataKey, path: Path) -> Iterator[Fault]:
    """Check one value against its key's declaration."""
    fault: Fault | None = None
    match declared.type:
        case ValueType.ENUM:
            fault = _enum_fault(key, value, declared.options)
        case ValueType.EMBEDDING:
            fault = _embedding_fault(key, value, declared.size)
        case ValueType.DATETIME | ValueType.UUID | ValueType.VARCHAR | ValueType.TEXT:
            fault = _text_fault(key, value, declared)
        case ValueType.BOOLEAN:
            fault = None if isinstance(value, bool) else _misfit(key, value, "true or false")
        case ValueType.NUMBER:
            fault = _number_fault(key, value)
        case ValueType.GEOSPATIAL:
            fault = None if isinstance(value, Mapping | str) else _misfit(key, value, "a geometry")
    if fault is not None:
        yield Fault(fault.code, path, value, fault.details)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def is_exact(value: object) -> bool:
    """Whether Encord keeps a whole number as it is: its type for numbers is F64 (SDK 0.1.211)."""
    if not isinstance(value, int) or not is_carried(value):
        return True
    return int(float(value)) == value


def _number_fault(key: str, value: object) -> Fault | None:
    if not is_number(value):
        return _misfit(key, value, "a number")
    if is_exact(value):
        return None
    said = f"{value}, which a number of 64 bits rounds to {float(value):.0f}"
    details = {"key": key, "found": said, "expected": "a number"}
    return Fault("metadata-value", details=details)


def _misfit(key: str, value: object, expected: str) -> Fault:
    details = {"key": key, "found": found(value), "expected": expected}
    return Fault("metadata-value", details=details)


def _enum_fault(key: str, value: object, options: tuple[str, ...]) -> Fault | None:
    if value in options:
        return None
    guess = hint(value, options) if isinstance(value, str) else ""
    details = {"key": key, "value": shown(value), "hint": guess}
    return Fault("metadata-enum", details=details)


def _embedding_fault(key: str, value: object, size: int | None) -> Fault | None:
    if not isinstance(value, list):
        problem = f"it is {found(value)}, not a list of numbers"
    elif not all(map(is_number, value)):
        problem = "not all of its members are numbers"
    elif size is not None and len(value) != size:
        problem = f"it has {len(value):,} numbers; the schema says {size:,}"
    else:
        return None
    return Fault("metadata-embedding", details={"key": key, "problem": problem})


def _text_fault(key: str, value: object, declared: MetadataKey) -> Fault | None:
    if not isinstance(value, str):
        return _misfit(key, value, "text")
    match declared.type:
        case ValueType.UUID if not UUID.fullmatch(value):
            return Fault("metadata-uuid", details={"value": shown(value)})
        case ValueType.DATETIME if not is_datetime(value):
            return Fault("metadata-datetime", details={"value": shown(value)})
        case ValueType.VARCHAR if len(value) > (limit := declared.size or VARCHAR_LIMIT):
            details = {"key": key, "length": f"{len(value):,}", "limit": f"{limit:,}"}
            return Fault("metadata-length", details=details)
    return None


def is_datetime(text: str) -> bool:
    """Whether a text is a date, or a date and time, in ISO 8601's extended form."""
    if not _DATETIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
