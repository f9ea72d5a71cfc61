"""Compare metadata by what values mean: 1 is 1.0, and a moment is the same in every time zone.

Only keys that were asked for are compared. Others may be anybody's, Encord's own among them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

#: What is worth reading as a moment: date, time and zone are all there.
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:?\d{2})"
)
_SHOWN: Final = 60
_ABSENT: Final = object()
#: Made once: `json.dumps` makes a writer for every text.
_WRITE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SHORTEST_MOMENT: Final = len("2026-11-01T12:00Z")
#: What is in its one spelling already.
_UNCHANGED: Final = frozenset({int, bool, type(None)})
_SMALL_OR_LARGE: Final = re.compile(rb"\de[-\d]|0\.0000")
#: The canonical text of an item that has no metadata.
NONE_AT_ALL: Final = "{}"


def canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in the one spelling that equals every other spelling of it."""
    if isinstance(value, str):
        return _instant(value) if _MOMENT.fullmatch(value) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list):
        return [canonical(each) for each in value]
    if isinstance(value, Mapping):
        # Most values need no closer look, and there are millions of them.
        return {
            str(key): each
            if (kind := type(each := value[key])) in _UNCHANGED
            or (kind is str and len(each) < _SHORTEST_MOMENT)
            else canonical(each)
            for key in sorted(value, key=str)
        }
    return value


@lru_cache  # half a million items were made on a few days, or at one hour
def _instant(text: str) -> str:
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return text


def canonical_text(metadata: object) -> str | None:
    """Return canonical metadata as JSON text; None when there is nothing to compare."""
    if not isinstance(metadata, Mapping) or not metadata:
        return None
    value = canonical(metadata)
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:  # a number beyond 64 bits, half a character
        return _WRITE(value)
    # Many times faster, and the same but for exponents: 1e-05 is 0.00001 there, 1e-07 is 1e-7.
    return _WRITE(value) if _SMALL_OR_LARGE.search(text) else text.decode()


def differences(expected: str, found: str) -> list[str]:
    """Say how one canonical text contradicts another, one phrase a key that was asked for."""
    return list(_differences(json.loads(expected), json.loads(found)))


def _differences(expected: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    for key, asked in expected.items():
        stored = found.get(key, _ABSENT)
        if stored is _ABSENT:
            yield f"{key}: asked for {_shown(asked)}, not there"
        elif not _same(asked, stored):
            yield f"{key}: asked for {_shown(asked)}, found {_shown(stored)}"


def _same(asked: object, stored: object) -> bool:
    # Python's own 1 == True must not make a number of a yes.
    return json.dumps(asked) == json.dumps(stored)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
