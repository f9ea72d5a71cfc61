"""Write held entries with their reasons as CSV that a spreadsheet opens and our reader reads."""

import csv
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from services.domain.nearest import fold
from services.jobs import Progress
from services.manifests.csv_layout import (
    CREATE,
    FINDING_HEADER,
    GROUP,
    JSON_SUFFIX,
    METADATA,
    OBJECT_FIELDS,
    ROW_HEADER,
    TITLE,
    TYPE,
    URL,
    column_of,
)
from services.manifests.csv_values import neutralized
from services.manifests.stored import StoredEntry
from services.manifests.url_check import frame_keys

#: Columns of our superset, in the order of the template.
COLUMNS: Final = ("ObjectURL", "Type", "Title", "Group", "Create video")
#: Fields that have one of these columns, however they are spelled.
_OWN: Final = {"title": "Title", "createvideo": "Create video"}
_ROLES: Final = dict(zip((URL, TYPE, TITLE, GROUP, CREATE), COLUMNS, strict=True))
#: Characters that the reader allows in no cell; a header is better off without line ends too.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
#: Entries between two words about the progress.
_STEP: Final = 4_096

Line = dict[str, str]


def write_held(
    entries: Callable[[], Iterable[StoredEntry]],
    reasons: Mapping[int, str],
    target: Path,
    progress: Progress,
) -> None:
    """Write entries; two passes over their lines, the first to learn the columns."""
    lines = _Lines(entries, reasons, progress)
    headers = dict.fromkeys(header for line in lines.read(0.0) for header in line)
    extra = [
        header
        for header in headers
        if header not in {*COLUMNS, FINDING_HEADER} and _as_json(header) not in headers
    ]
    columns = [*COLUMNS, *extra, FINDING_HEADER]
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(map(neutralized, columns))
        for line in lines.read(0.5):
            made = _one_way(line, headers)
            writer.writerow(neutralized(made.get(header, "")) for header in columns)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of all entries; half of the progress is reading them once."""

    entries: Callable[[], Iterable[StoredEntry]]
    reasons: Mapping[int, str]
    progress: Progress

    def read(self, done: float) -> Iterator[Line]:
        """Yield the lines once more."""
        for number, entry in enumerate(self.entries()):
            if number % _STEP == 0:
                self.progress(done + number / max(len(self.reasons), 1) / 2)
            yield from entry_lines(entry, self.reasons.get(entry.index, ""))


def _as_json(header: str) -> str | None:
    """Name the column of the same key that holds JSON, where one may be needed."""
    is_text = header.startswith(METADATA) and not header.endswith(JSON_SUFFIX)
    return f"{header}{JSON_SUFFIX}" if is_text else None


def _one_way(line: Line, headers: Container[str]) -> Line:
    """Write text as JSON where other entries need JSON for the same key: one column a key."""
    return {
        other if (other := _as_json(header)) and other in headers else header: (
            _cell(text) if other in headers and text else text
        )
        for header, text in line.items()
    }


def entry_lines(entry: StoredEntry, reason: str) -> Iterator[Line]:
    """Yield the lines of one entry: one per frame of a composite."""
    fields = _fields(entry)
    if ROW_HEADER in fields:
        yield {**_cells_of_row(fields), FINDING_HEADER: reason}
        return
    first: Line = {"Type": _type_word(entry), FINDING_HEADER: reason}
    frames = frame_keys(fields) if entry.kind and entry.kind.is_composite else []
    for name, value in fields.items():
        if name == "clientMetadata":
            first |= _metadata(value)
        elif name not in frames and fold(name) != "objecturl":
            first.setdefault(*_field(name, value))
    # Titles may repeat and may be missing, so they do not tell groups apart.
    group = f"{entry.index}" if entry.kind and entry.kind.is_composite else ""
    urls = [fields[key] for key in frames] or [fields.get("objectUrl", entry.url)]
    for number, url in enumerate(urls):
        line = first if number == 0 else {"Type": _type_word(entry)}
        yield {**line, "ObjectURL": _text(url), "Group": group}


def _field(name: str, value: object) -> tuple[str, str]:
    """Return the header and the cell of a field."""
    if known := OBJECT_FIELDS.get(fold(name)):
        return f"{known}{JSON_SUFFIX}", _cell(value)
    if own := _OWN.get(fold(name)):
        return own, _text(value)
    suffix = "" if isinstance(value, str) else JSON_SUFFIX
    header = f"{name}{suffix}"
    # A field nobody knows must not stand where the reader sees another one.
    return (f"field {header}" if column_of(header)[0].role else header), _text(value)


def _cells_of_row(fields: Mapping[str, object]) -> Line:
    """Return the cells of a row that could not be read, under the headers that everybody has."""
    line: Line = {}
    for header, value in fields.items():
        column, kind = column_of(header)
        name = _ROLES.get(column.role, header)
        if column.role == "metadata":
            name = f"{METADATA}{column.key}{JSON_SUFFIX if column.is_json else ''}"
        elif column.role == "field":
            name = f"{column.key}{JSON_SUFFIX}"
        if kind:
            line["Type"] = kind.value
        line[name] = _text(value)
    return line


def _fields(entry: StoredEntry) -> dict[str, object]:
    """Read the payload as far as it is an object."""
    try:
        fields = json.loads(entry.payload)
    except (ValueError, RecursionError):
        return {ROW_HEADER: entry.payload.decode("utf-8", "replace")}
    return fields if isinstance(fields, dict) else {ROW_HEADER: _cell(fields)}


def _type_word(entry: StoredEntry) -> str:
    return entry.kind.value if entry.kind else ""


def _metadata(value: object) -> Line:
    """Return a cell per key, or one for everything where keys cannot be headers."""
    if not isinstance(value, Mapping) or not value or any(map(_CONTROL.search, value)):
        return {f"clientMetadata{JSON_SUFFIX}": _cell(value)}
    return dict(_metadata_cell(str(key), each) for key, each in value.items())


def _metadata_cell(key: str, value: object) -> tuple[str, str]:
    """Return a text as it is where reading gives the same key and text again, else JSON."""
    header = f"{METADATA}{key}"
    is_plain = isinstance(value, str) and value and not _CONTROL.search(value)
    if is_plain and not key.endswith(JSON_SUFFIX) and key == key.rstrip():
        return header, str(value)
    return f"{header}{JSON_SUFFIX}", _cell(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _cell(value)


def _cell(value: object) -> str:
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = json.dumps(value)
    return text.replace("\x7f", "\\u007f")
