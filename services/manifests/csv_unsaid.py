"""What rows of a CSV say beside the fields of their entry.

These are cells that contradict earlier ones, and those of columns nobody knows; of a row that
cannot be read, all of them. Nothing of it is sent. A held file writes it where it stood: it travels
before the fields of a held entry, under a key of its own, and in the place of an entry that cannot
be read.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from services.domain.metadata import MetadataSchema
from services.manifests import csv_layout, json_text
from services.manifests.csv_cells import Row
from services.manifests.csv_fields import METADATA, Draft, Spot, cell_text, flag_of
from services.manifests.csv_layout import JSON_SUFFIX, ROW_HEADER, Column, Layout, column_of
from services.manifests.csv_values import read_cell
from services.manifests.faults import Fault, Path
from services.manifests.held_lines import Line, metadata_cell, our_header, writable

#: The key of a held entry that the cells beside its fields stand under.
_CELLS: Final = "Onboarding cells"
#: In a row that could not be read, a column of that name holds text.
_OPENING: Final = f'{{"{_CELLS}":['.encode()
_FIELDS: Final = {
    csv_layout.TYPE: "type",
    csv_layout.TITLE: "title",
    csv_layout.CREATE: "createVideo",
}
#: Columns of which only the first is read, where there are two.
_FIRST_ONLY: Final = frozenset({csv_layout.TYPE, csv_layout.URL})
#: Values in messages are cut here.
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Clash:
    """A cell that says something else than the one that counts."""

    at: Spot
    counts: Spot
    column: Column
    value: object

    @property
    def path(self) -> Path:
        """The field that both are about."""
        if self.column.role == "metadata":
            return METADATA, self.column.key
        return (_FIELDS.get(self.column.role, self.column.key),)


def clashes(draft: Draft, schema: MetadataSchema | None) -> list[Clash]:
    """Find the cells that contradict an earlier one of their entry."""
    rows = draft.rows
    layout = rows[0][1]
    if layout.repeated or any(each is not layout for _, each in rows):
        return list(_clashes(rows, None, schema))
    if len(rows) == 1:
        return []
    # Nearly always the text alone tells that there is none.
    columns = list(zip(*(row.cells for row, _ in rows), strict=True))
    doubt = [place for place in layout.single if len({*columns[place], ""}) > 2]  # noqa: PLR2004 - "" and one text
    return list(_clashes(rows, doubt, schema)) if doubt else []


def _clashes(
    rows: Sequence[tuple[Row, Layout]], places: list[int] | None, schema: MetadataSchema | None
) -> Iterator[Clash]:
    """Compare cells by what they mean, in some columns or in all."""
    first: dict[tuple[str, str], tuple[Spot, object]] = {}
    for number, (row, layout) in enumerate(rows):
        for place in sorted([*layout.single, *layout.repeated]) if places is None else places:
            column, text = layout.columns[place], cell_text(row, layout, place)
            is_extra = place in layout.repeated and column.role in _FIRST_ONLY
            value = _value(text, column, schema) if text else None
            if not text or is_extra or (value is None and column.role == "field"):
                continue  # of a field, null says as little as an empty cell
            counts, said = first.setdefault((column.role, column.key), ((number, place), value))
            is_same = said == value and isinstance(said, bool) is isinstance(value, bool)
            if not is_same and place not in layout.repeated:
                yield Clash((number, place), counts, column, value)


def _value(text: str, column: Column, schema: MetadataSchema | None) -> object:
    """Read a cell as far as two of them can be compared."""
    match column.role:
        case csv_layout.TYPE:
            return csv_layout.type_of(text)
        case csv_layout.CREATE:
            return flag_of(text)
        case csv_layout.TITLE:
            return text
    declared = schema.get(column.key) if schema and column.role == "metadata" else None
    return read_cell(text, is_json=column.is_json, declared=declared)


def fault_of(draft: Draft, clash: Clash) -> Fault:
    """Say what two rows disagree about."""
    text, first = (
        cell_text(*draft.rows[number], place) for number, place in (clash.at, clash.counts)
    )
    details = {
        "field": ".".join(map(str, clash.path)),
        "value": text[:_SHOWN],
        "first": first[:_SHOWN],
        "line": f"{draft.rows[clash.counts[0]][0].line:,}",
    }
    return Fault("group-conflict", clash.path, text, details)


def cells_beside(draft: Draft, found: Sequence[Clash]) -> list[Line]:
    """Return the cells of each row that its entry does not say; nothing where it says all."""
    first = draft.rows[0][1]
    is_single = not draft.kind.is_composite
    has_more = first.unknown or first.repeated or csv_layout.GROUP in first.places
    if is_single and not has_more:
        return []  # as most rows
    lines = [_unknown(row, layout) for row, layout in draft.rows]
    if is_single:
        # It holds nothing together here, but stood there.
        row, layout = draft.rows[0]
        place = layout.place_of(csv_layout.GROUP)
        if place is not None and (text := cell_text(row, layout, place)):
            lines[0][our_header(layout.columns[place])] = text
    for clash in found:
        number, place = clash.at
        text = cell_text(*draft.rows[number], place)
        header, cell = _our_cell(clash.column, text, clash.value)
        lines[number][header] = cell
    return lines if any(lines) else []


def _unknown(row: Row, layout: Layout) -> Line:
    """Return the cells of columns nobody knows, and of those that are there already."""
    line: Line = {}
    for place in (*layout.unknown, *layout.repeated):
        header = csv_layout.header_of(layout, place)
        if text := cell_text(row, layout, place):
            is_taken = header in line or place in layout.repeated or column_of(header)[0].role
            line[numbered(header, place) if is_taken else header] = text
    return line


def line_of_row(row: Row, layout: Layout, schema: MetadataSchema | None, first_text: str) -> Line:
    """Return the cells of a row that cannot be read as an entry, and the text it had at first.

    Columns without a cell are there too, to be filled in.
    """
    cells = [] if row.problem else row.cells
    fitting = replace(row, cells=[*cells, *[""] * layout.width][: layout.width])
    line = {ROW_HEADER: writable(first_text), **_unknown(fitting, layout)}
    for place, column in enumerate(layout.columns):
        text = cell_text(fitting, layout, place)
        if column.role == csv_layout.IGNORED or place in layout.repeated:
            continue
        if not column.role:
            line.setdefault(csv_layout.header_of(layout, place), "")
        else:
            header, cell = _our_cell(column, text, _value(text, column, schema) if text else "")
            line[header] = writable(cell)
    if layout.kind and not line.get("Type"):
        line["Type"] = layout.kind.value
    return line


def _our_cell(column: Column, text: str, value: object) -> tuple[str, str]:
    """Return header and cell as our files have them; what is read as no text is JSON there."""
    if column.role != "metadata" or column.is_json or not text:
        return our_header(column), text
    if isinstance(value, str):
        return metadata_cell(column.key, text, None)
    bare = text.strip()  # its value may be one that JSON cannot carry
    return f"{our_header(column)}{JSON_SUFFIX}", bare.lower() if isinstance(value, bool) else bare


def numbered(header: str, place: int) -> str:
    """Name a column whose name is taken, by its number; nobody knows the new name."""
    name = f"{header} ({place + 1})".strip()
    return f"field {name}" if csv_layout.column_of(name)[0].role else name


def put_before(payload: bytes, lines: Sequence[Line]) -> bytes:
    """Write cells before the fields of an entry; `taken_apart` takes them away again."""
    payload = payload.lstrip()
    if not lines and not payload.startswith(_OPENING):
        return payload
    fields = payload[1:].lstrip()
    comma = b"" if fields.startswith(b"}") else b","
    return _OPENING + msgspec.json.encode(lines)[1:] + comma + fields


def taken_apart(payload: bytes) -> tuple[list[Line], bytes]:
    """Return the cells that stand before the fields of an entry, and its text without them.

    Of a row that cannot be read there is only its line, and no text.
    """
    if payload.startswith(b"["):
        return json.loads(payload), b""
    if not payload.startswith(_OPENING):
        return [], payload
    text = payload.decode()
    _, _, start, end = next(json_text.members(text, 0))
    return json.loads(text[start:end]), b"{" + text[end:].removeprefix(",").encode()
