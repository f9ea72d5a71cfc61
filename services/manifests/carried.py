"""What a held row carries beside its cells: the entry as it was, for all that cells cannot say.

The entry counts, with the cells that somebody changed since. Emptying the cell leaves the cells.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

from services.domain.entries import EntryType
from services.domain.metadata import MetadataSchema
from services.domain.nearest import fold
from services.manifests import json_text
from services.manifests.csv_cells import Row
from services.manifests.csv_fields import (
    CLIENT_METADATA,
    Draft,
    Fields,
    cell_text,
    entry_fields,
    kept_fields,
)
from services.manifests.csv_layout import (
    ENTRY_HEADER,
    IGNORED,
    ROW_HEADER,
    Layout,
    column_of,
    header_of,
    read_layout,
)
from services.manifests.csv_unsaid import put_before
from services.manifests.csv_values import unneutralized
from services.manifests.faults import Fault
from services.manifests.held_lines import (
    TYPE_FIELD,
    Line,
    lines_of,
    object_of,
    one_way,
    our_header,
)
from services.manifests.json_cells import JsonCells, raw_cell
from services.manifests.json_entry import text_faults
from services.manifests.url_check import frame_keys

_LINES: Final = msgspec.json.Decoder(list[Line])
#: Numbers the groups of our files, and names none.
GROUP_HEADER: Final = "Group"
HALF: Final = "a text holds half a surrogate pair"
UNREADABLE: Final = f"The cell {ENTRY_HEADER} is damaged: bring its text back, or empty it"
UNCHANGED: Final = (
    "This row could not be read before and no cell was changed since; where its cells are right, "
    f"empty the cell {ENTRY_HEADER}"
)


@dataclass(frozen=True, slots=True)
class Meant:
    """An entry as it is meant."""

    fields: Fields
    #: What is wrong with its text.
    faults: list[Fault] = field(default_factory=list)
    #: Its text, where no cell says anything else.
    text: str | None = None


def says_all(
    lines: Sequence[Line], kind: EntryType | None, text: str, schema: MetadataSchema | None
) -> bool:
    """Whether the cells of lines, read again, give the entry that stands in a text."""
    given = _read(text, keeps_type=TYPE_FIELD in lines[0])
    if kind is None or given.faults:
        return False
    cells = kept_fields(_fields_of(lines, kind, schema))
    return _is_same(cells, given.fields)


def problem_of(row: Row, layout: Layout) -> str | None:
    """Say why a row cannot be read although its cells can; None when nothing is wrong."""
    text = _cell(row, layout, ENTRY_HEADER)
    if not text:
        return None
    if object_of(text) is not None:
        return None
    line = _line_of(text)
    if line is None:
        return UNREADABLE
    return None if _changed_cells(row, layout, line) else UNCHANGED


def _line_of(text: str) -> Line | None:
    """Return the cells of a row that could not be read; None where a text holds none."""
    try:
        (line,) = _LINES.decode(text)
    except (msgspec.DecodeError, ValueError):
        return None
    return line


def _changed_cells(row: Row, layout: Layout, line: Line) -> Line:
    """Return the cells of a row that a line of ours had otherwise."""
    was = one_way(line, [column.header for column in layout.columns])
    now = {
        header_of(layout, place): cell_text(row, layout, place)
        for place, column in enumerate(layout.columns)
        if column.role != IGNORED
    }
    return {header: text for header, text in now.items() if text != was.get(header, "")}


def anew(row: Row, layout: Layout, text: str) -> bytes:
    """Hold a row whose type nobody knows: the entry that it carries, and what was changed since."""
    (line, *_) = lines_of(None, object_of(text) or {})
    cells = _changed_cells(row, layout, line)
    changed = {our_header(column_of(header)[0]): text for header, text in cells.items()}
    return put_before(text.encode(), [changed] if changed else [])


def first_text(row: Row, layout: Layout) -> str:
    """Return the text of a row that could not be read before; empty where there is none."""
    if row.problem or len(row.cells) != layout.width:
        return ""
    return _cell(row, layout, ROW_HEADER)


def meant(draft: Draft, schema: MetadataSchema | None) -> Meant:
    """Read an entry from its rows and from what the first of them carries."""
    cells = _cells(draft, schema)
    text = carried_text(*draft.rows[0])
    if text is None:
        return cells
    # As the file has it, which somebody may have checked against another schema.
    headers = [column.header for column in draft.rows[0][1].columns]
    lines = [one_way(line, headers) for line in lines_of(draft.kind, object_of(text) or {})]
    was = _fields_of(lines, draft.kind, schema)
    given = _read(text, keeps_type=bool(_cell(*draft.rows[0], TYPE_FIELD)))
    return _changed(given, was, cells)


def _cells(draft: Draft, schema: MetadataSchema | None) -> Meant:
    """Read an entry from its cells; JSON in them is examined as in any other document."""
    cells = JsonCells()
    fields = entry_fields(draft, schema, cells.read)
    if not cells.is_odd:
        return Meant(fields)
    return _read(msgspec.json.encode(entry_fields(draft, schema, raw_cell)).decode())


def carried_text(row: Row, layout: Layout) -> str | None:
    """Return the text of the entry that a row carries; None when it carries none."""
    text = _cell(row, layout, ENTRY_HEADER)
    return text if text and object_of(text) is not None else None


def place_of_text(layout: Layout) -> int | None:
    """Return the column that holds the text of entries."""
    return _place(layout, ENTRY_HEADER) if layout.is_ours else None


def _cell(row: Row, layout: Layout, header: str) -> str:
    if not layout.is_ours:
        return ""
    place = _place(layout, header)
    return "" if place is None else unneutralized(row.cells[place])


def _place(layout: Layout, header: str) -> int | None:
    return next((n for n, each in enumerate(layout.columns) if each.header == header), None)


def _read(text: str, *, keeps_type: bool = False) -> Meant:
    """Read the text of an entry; repeated keys keep the last value and are faults.

    Args:
        text: JSON of an object.
        keeps_type: Whether its field `type` is a field like others, and not what it is.
    """
    flat = json_text.shallow(text)
    sound = json_text.without_halves(flat)
    parsed = json_text.parse(sound)
    fields = parsed.value if isinstance(parsed.value, dict) else {}
    if not keeps_type:
        fields.pop("type", None)
    halves = json_text.halves(json_text.parse(flat).value) if sound != flat else ()
    broken = [Fault("json-syntax", path, details={"problem": HALF}) for path in halves]
    return Meant(fields, [*broken, *text_faults(parsed, sound)], text)


def _fields_of(lines: Sequence[Line], kind: EntryType, schema: MetadataSchema | None) -> Fields:
    """Read lines as the reader does, before their cells are made harmless."""
    names = dict.fromkeys(header for line in lines for header in line)
    headers = tuple(name for name in names if name != GROUP_HEADER)
    layout = _layout(headers)
    rows = [
        (Row(0, "", [line.get(header, "") for header in headers], ","), layout) for line in lines
    ]
    return _cells(Draft(kind, rows), schema).fields


@lru_cache(maxsize=1024)
def _layout(headers: tuple[str, ...]) -> Layout:
    return read_layout(headers)


def _changed(given: Meant, was: Fields, now: Meant) -> Meant:
    """Put what was changed in the cells into the entry."""
    cells = now.fields
    fields, touched = dict(given.fields), set[tuple[str, ...]]()
    for name in (*was, *(name for name in cells if name not in was)):
        if name == CLIENT_METADATA:
            touched |= _put_members(fields, was.get(name), cells.get(name))
        elif name.startswith("objectUrl_"):
            continue
        elif _differ(name, was, cells):
            touched |= _put(fields, name, cells)
    touched |= _put_frames(fields, was, cells)
    if not touched:
        return given
    faults = [fault for fault in given.faults if not _is_about(fault, touched)]
    faults += [fault for fault in now.faults if _is_about(fault, touched)]
    # Values alone would not say all that it said when they are held again.
    return Meant(fields, faults, _text_of(fields, touched, given, now))


def _text_of(fields: Fields, touched: set[tuple[str, ...]], given: Meant, now: Meant) -> str:
    """Write an entry: what was not touched stands there as it did."""
    splice = _Splice(touched, given.text or "", now.text or "")
    try:
        return splice.write(fields, now.fields)
    except RecursionError:  # nested so deeply that nobody reads it
        return json.dumps(fields)


@dataclass(frozen=True, slots=True)
class _Splice:
    """Writes an object from its members, as the texts before and now have them."""

    touched: set[tuple[str, ...]]
    was: str
    now: str
    path: tuple[str, ...] = ()

    def write(self, members: Mapping[str, object], cells: Mapping[str, object]) -> str:
        """Write members; those that are the cells' are taken from the text of the cells."""
        was, now = json_text.pieces(self.was.strip()), json_text.pieces(self.now.strip())
        made: list[str] = []
        for key, value in members.items():
            here, quoted, inner = (*self.path, key), json.dumps(key), cells.get(key)
            is_new = here in self.touched
            if not is_new and any(each[: len(here)] == here for each in self.touched):
                assert isinstance(value, Mapping)
                splice = _Splice(self.touched, _last(was, key), _last(now, key), here)
                inside = splice.write(value, inner if isinstance(inner, Mapping) else {})
                made.append(f"{quoted}: {inside}")
                continue
            source = was if not is_new else now if value is inner else {}
            found = [each.whole for each in source.get(key, ())]
            made += found or [f"{quoted}: {json.dumps(value)}"]
        return f"{{{', '.join(made)}}}"


def _last(pieces: Mapping[str, list[json_text.Piece]], key: str) -> str:
    return pieces[key][-1].value if key in pieces else ""


def _differ(name: str, was: Fields, cells: Fields) -> bool:
    return (name in was) != (name in cells) or not _is_same(was.get(name), cells.get(name))


def _put(fields: Fields, name: str, cells: Fields) -> set[tuple[str, ...]]:
    """Write a field anew, however it was spelled."""
    spelled = [key for key in fields if fold(key) == fold(name)]
    for key in spelled:
        del fields[key]
    if name in cells:
        fields[name] = cells[name]
    return {(name,), *((key,) for key in spelled)}


def _put_members(fields: Fields, was: object, now: object) -> set[tuple[str, ...]]:
    """Write the members of the metadata anew that differ."""
    if _is_same(was, now):
        return set()
    held = fields.get(CLIENT_METADATA)
    if not isinstance(held, Mapping) or not isinstance(was, dict) or not isinstance(now, dict):
        return _put(fields, CLIENT_METADATA, {} if now is None else {CLIENT_METADATA: now})
    members = dict(held)
    touched: set[tuple[str, ...]] = {
        (CLIENT_METADATA, key) for key in {*was, *now} if _differ(key, was, now)
    }
    for *_, key in touched:
        members.pop(key, None)
        if key in now:
            members[key] = now[key]
    fields[CLIENT_METADATA] = members
    return touched


def _put_frames(fields: Fields, was: Fields, cells: Fields) -> set[tuple[str, ...]]:
    """Write the frames anew where a URL, or their number, changed; the others stay as they were."""
    before, now = ([each[key] for key in frame_keys(each)] for each in (was, cells))
    if before == now:
        return set()
    keys = frame_keys(fields)
    left = [(url, fields[key]) for url, key in zip(before, keys, strict=False)]
    urls: list[object] = []
    for url in now:
        known = next((pair for pair in left if pair[0] == url), None)
        if known:
            left.remove(known)
        urls.append(known[1] if known else url)
    for key in keys:
        del fields[key]
    names = keys if len(keys) == len(now) else [f"objectUrl_{n}" for n in range(len(now))]
    fields.update(zip(names, urls, strict=True))
    return {(key,) for key in keys}


def _is_about(fault: Fault, touched: set[tuple[str, ...]]) -> bool:
    path = tuple(str(step) for step in fault.path)
    return any(path[: len(each)] == each for each in touched)


def _is_same(one: object, other: object) -> bool:
    """Compare as JSON does: true is not 1, and 1 is not 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
