"""Write held entries with their reasons as CSV that a spreadsheet opens and our reader reads."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import orjson

from services.manifests.csv_layout import FINDING_HEADER, METADATA, ROW_HEADER
from services.manifests.csv_values import neutralized
from services.manifests.stored import StoredEntry
from services.manifests.url_check import frame_keys

#: Columns of our superset, in the order of the template.
COLUMNS: Final = ("ObjectURL", "Type", "Title", "Group", "Create video")
_OWN: Final = {"objectUrl", "title", "createVideo", "clientMetadata"}

Line = dict[str, str]


def write_held(entries: Iterable[StoredEntry], reasons: Mapping[int, str], target: Path) -> None:
    """Write entries; two passes over their lines, the first to learn the columns."""
    lines = [line for entry in entries for line in entry_lines(entry, reasons.get(entry.index, ""))]
    extra = dict.fromkeys(header for line in lines for header in line if header not in COLUMNS)
    extra.pop(FINDING_HEADER, None)
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(
            stream, [*COLUMNS, *extra, FINDING_HEADER], restval="", quoting=csv.QUOTE_ALL
        )
        writer.writeheader()
        for line in lines:
            writer.writerow({header: neutralized(cell) for header, cell in line.items()})


def entry_lines(entry: StoredEntry, reason: str) -> Iterator[Line]:
    """Yield the lines of one entry: one per frame of a composite."""
    fields = _fields(entry)
    first: Line = {"Type": _type_word(entry), FINDING_HEADER: reason}
    if ROW_HEADER in fields:
        yield {
            **{str(k): str(v) for k, v in fields.items() if k != "objectUrl"},
            **_known(fields),
            FINDING_HEADER: reason,
        }
        return
    first |= {"Title": _text(fields.get("title"))}
    if "createVideo" in fields:
        first["Create video"] = _text(fields["createVideo"])
    first |= _metadata(fields.get("clientMetadata"))
    frames = frame_keys(fields) if entry.kind and entry.kind.is_composite else []
    for name, value in fields.items():
        if name not in _OWN and name not in frames:
            first[f"{name}:json" if not isinstance(value, str) else name] = _cell(value)
    group = f"{entry.index}" if frames else ""
    urls = [fields[key] for key in frames] or [fields.get("objectUrl")]
    for number, url in enumerate(urls):
        line = first if number == 0 else {"Type": _type_word(entry)}
        yield {"ObjectURL": _text(url), "Group": group, **line}


def _fields(entry: StoredEntry) -> dict[str, object]:
    """Read the payload as far as it is an object."""
    try:
        fields = json.loads(entry.payload)
    except (ValueError, RecursionError):
        return {ROW_HEADER: entry.payload.decode("utf-8", "replace")}
    return fields if isinstance(fields, dict) else {ROW_HEADER: _cell(fields)}


def _known(fields: Mapping[str, object]) -> Line:
    return {"ObjectURL": _text(fields["objectUrl"])} if "objectUrl" in fields else {}


def _type_word(entry: StoredEntry) -> str:
    return entry.kind.value if entry.kind else ""


def _metadata(value: object) -> Line:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        return {f"{METADATA}:json": _cell(value)}
    return {
        f"{METADATA}{key}" if isinstance(each, str) and each else f"{METADATA}{key}:json": (
            each if isinstance(each, str) and each else _cell(each)
        )
        for key, each in value.items()
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _cell(value)


def _cell(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value)
