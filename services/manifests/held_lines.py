"""The cells of a held entry in our columns: a line for each frame of a composite."""

import json
import re
from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Final

import orjson

from services.domain.entries import EntryType
from services.domain.metadata import MetadataKey, MetadataSchema
from services.domain.nearest import fold
from services.manifests.csv_layout import (
    COLUMNS,
    CREATE,
    FIELD,
    GROUP,
    JSON_SUFFIX,
    KEY_PREFIX,
    METADATA,
    OBJECT_FIELDS,
    TITLE,
    TYPE,
    URL,
    Column,
    column_of,
    type_of,
)
from services.manifests.csv_values import reader_of
from services.manifests.url_check import frame_keys

#: Fields that have one of these columns, however they are spelled.
_OWN: Final = {"title": "Title", "createvideo": "Create video"}
_ROLES: Final = dict(zip((URL, TYPE, TITLE, GROUP, CREATE), COLUMNS, strict=True))
#: Characters that the reader allows in no cell, and those that no file can hold.
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_END: Final = re.compile(r"[\r\n]")
#: Keys are better off without line ends too.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
#: Holds a field `type` that does not say what the entry is.
TYPE_FIELD: Final = "field type"

Line = dict[str, str]


def object_of(text: str) -> dict[str, object] | None:
    """Read an entry's text as far as it is an object."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        return value if isinstance(value, dict) else None
    return None


def lines_of(
    kind: EntryType | None,
    given: Mapping[str, object],
    schema: MetadataSchema | None = None,
    *,
    group: str = "0",
) -> list[Line]:
    """Write an entry as lines, as well as cells can say it.

    Args:
        kind: What the entry asks for.
        given: Its fields; where `type` tells the type, as in JSON Lines, a column of ours does.
        schema: Types the cells when they are read again.
        group: Holds the lines of a composite together: titles may repeat and may be missing.
    """
    is_many = kind is not None and kind.is_composite
    fields = {name: value for name, value in given.items() if name != "type"}
    word = kind.value if kind else writable(_text(given.get("type")))
    first: Line = {"Type": word}
    if kind and "type" in given and not tells_type(given["type"], kind):
        first[TYPE_FIELD] = _one_line(given["type"]) or json_cell(None)
    frames = frame_keys(fields) if is_many else []
    for name, value in fields.items():
        if name == "clientMetadata":
            first |= _metadata(value, schema or {})
        elif name not in frames and fold(name) != "objecturl":
            first.setdefault(*_field(name, value))
    urls = [fields[key] for key in frames] or [_url_of(fields)]
    cells = {"Group": group if is_many else ""}
    return [
        {**(first if number == 0 else {"Type": word}), "ObjectURL": _one_line(url), **cells}
        for number, url in enumerate(urls)
    ]


def tells_type(value: object, kind: EntryType) -> bool:
    """Whether a field `type` says what an entry is, as in JSON Lines."""
    said = type_of(value) if isinstance(value, str) else None
    return said is not None and said.section == kind.section


def _url_of(fields: Mapping[str, object]) -> object:
    """Return the URL, also under a key that is spelled differently."""
    if "objectUrl" in fields:
        return fields["objectUrl"]
    return next((url for name, url in fields.items() if fold(name) == "objecturl"), None)


def writable(text: str) -> str:
    """Write out the characters that no cell may hold, so that a person sees them."""
    return _UNWRITABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _one_line(value: object) -> str:
    """Write a value without line ends: of a row that goes over lines readers take only so much."""
    return _LINE_END.sub(lambda match: f"\\u{ord(match[0]):04x}", writable(_text(value)))


def _field(name: str, value: object) -> tuple[str, str]:
    """Return the header and the cell of a field."""
    if known := OBJECT_FIELDS.get(fold(name)):
        return f"{known}{JSON_SUFFIX}", json_cell(value)
    if own := _OWN.get(fold(name)):
        return own, _one_line(value)
    suffix = "" if isinstance(value, str) else JSON_SUFFIX
    header = f"{_CONTROL.sub(' ', name)}{suffix}"
    # A field nobody knows must not stand where the reader sees another one.
    taken = column_of(header)[0].role
    return (f"field {header}" if taken else header), _one_line(value)


def our_header(column: Column) -> str:
    """Return the header that our files have for a column."""
    if column.role == METADATA:
        return f"{KEY_PREFIX}{column.key}{JSON_SUFFIX if column.is_json else ''}"
    if column.role == FIELD:
        return f"{column.key}{JSON_SUFFIX}"
    return _ROLES.get(column.role, column.header)


def _metadata(value: object, schema: MetadataSchema) -> Line:
    """Return a cell per key, or one for everything where keys cannot be headers."""
    if not isinstance(value, Mapping) or not value or any(map(_CONTROL.search, value)):
        return {f"clientMetadata{JSON_SUFFIX}": json_cell(value)}
    return dict(metadata_cell(str(key), each, schema.get(str(key))) for key, each in value.items())


def metadata_cell(key: str, value: object, declared: MetadataKey | None) -> tuple[str, str]:
    """Return header and cell of a key: text as it is where it is read as the same, else JSON."""
    header = f"{KEY_PREFIX}{key}"
    is_plain = isinstance(value, str) and value and not _CONTROL.search(value)
    is_key = not key.endswith(JSON_SUFFIX) and key == key.rstrip()
    if is_plain and is_key and reader_of(declared)(str(value)) == value:
        return header, str(value)
    return f"{header}{JSON_SUFFIX}", json_cell(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_cell(value)


def json_cell(value: object) -> str:
    """Write a value as JSON that a cell may hold."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = json.dumps(value)
    return text.replace("\x7f", "\\u007f")


def in_a_cell(text: str) -> str:
    """Write JSON text in one line, without characters that no cell may hold."""
    return writable(" ".join(text.split("\n")).replace("\r", " ").replace("\t", " "))


def as_json(header: str) -> str | None:
    """Name the column of the same key that holds JSON, where one may be needed."""
    is_text = header.startswith(KEY_PREFIX) and not header.endswith(JSON_SUFFIX)
    return f"{header}{JSON_SUFFIX}" if is_text else None


def one_way(line: Line, headers: Container[str]) -> Line:
    """Write text as JSON where other entries need JSON for the same key: one column a key."""
    return {
        other if (other := as_json(header)) and other in headers else header: (
            json_cell(text) if other in headers and text else text
        )
        for header, text in line.items()
    }
