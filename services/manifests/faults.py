"""What a rule says about an entry before anybody knows where in the file it stands."""

import json
import math
from collections.abc import Mapping
from typing import Final

import msgspec

Path = tuple[str | int, ...]

#: Values in findings are cut here.
VALUE_LIMIT: Final = 200


class Fault(msgspec.Struct, frozen=True):
    """One broken rule: code, path inside the entry, value and the details of its message.

    There are as many of them as a file has mistakes, and this kind is made in no time.
    """

    code: str
    path: Path = ()
    value: object = None
    details: Mapping[str, object] = {}
    #: The fault is about the key at `path`, not about its value.
    on_key: bool = False


def found(value: object) -> str:
    """Name the type of a JSON value as a person would."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "a number that is too large"
    names = {int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "another value")


def article(words: str) -> str:
    """Put the article before the words of a type."""
    return f"{'an' if words[0].lower() in 'aeio' or words == 'NIfTI file' else 'a'} {words}"


def begun(words: str) -> str:
    """Begin a sentence; `capitalize` would write DICOM small."""
    return words[0].upper() + words[1:]


def shown(value: object) -> str | None:
    """Cut a value to what a finding holds; control characters are written out."""
    if value is None:
        return None
    text = value if isinstance(value, str) else _as_json(value)
    return text[:VALUE_LIMIT]


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
