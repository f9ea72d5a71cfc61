"""Cells to values and back: types from a schema, JSON cells, and formulas made harmless.

A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` and a few others. Our exports put `'`
before such a cell, and before one that begins with `'`, so that reading takes exactly one away.
"""

import json
import re
from collections.abc import Callable
from typing import Final

from services.domain.metadata import MetadataKey, ValueType

_DANGEROUS: Final = re.compile(
    "[\\s\ufeff\u200b-\u200f\u00a0]*[=+\\-@|%\t\r\n\x00\uff1d\uff0b\uff0d\uff20']"
)
#: A cell that is read as a number.
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
#: Whole numbers of so many digits are exact everywhere.
SAFE_DIGITS: Final = 15
#: Longer ones are beyond every number, and Python itself reads only so many.
MAX_DIGITS: Final = 300
_WORDS: Final = {"true": True, "false": False}


def neutralized(text: str) -> str:
    """Make a cell harmless in a spreadsheet."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unneutralized(text: str) -> str:
    """Take away the one mark that `neutralized` puts."""
    return text.removeprefix("'")


def read_cell(text: str, *, is_json: bool, declared: MetadataKey | None) -> object:
    """Read a cell as the schema types it; text that does not fit stays text and is found later."""
    if is_json:
        return _from_json(text)
    return reader_of(declared)(text)


def reader_of(declared: MetadataKey | None) -> Callable[[str], object]:
    """Return what reads the cells of a key."""
    return _READERS.get(declared.type, str) if declared else str


def _boolean(text: str) -> object:
    return _WORDS.get(text.strip().lower(), text)


def _number(text: str) -> object:
    bare = text.strip()
    if not NUMBER.fullmatch(bare):
        return text
    is_whole = len(bare) <= MAX_DIGITS and bare.lstrip("-").isdigit()
    return int(bare) if is_whole else float(bare)


def _geometry(text: str) -> object:
    return _from_json(text) if text.lstrip().startswith("{") else text


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_READERS: Final[dict[ValueType, Callable[[str], object]]] = {
    ValueType.BOOLEAN: _boolean,
    ValueType.NUMBER: _number,
    ValueType.EMBEDDING: _from_json,
    ValueType.GEOSPATIAL: _geometry,
}
