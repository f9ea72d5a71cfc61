"""What rows of a CSV say beside the fields of their entry.

These are cells that contradict earlier ones, and those of columns nobody knows; of a row that
cannot be read, all of them. Nothing of it is sent. A held file writes it where it stood: it travels
before the fields of a held entry, under a key of its own, and in the place of an entry that cannot
be read.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from services.domain.metadata import MetadataSchema
from services.manifests import csv_layout, json_text
from services.manifests.csv_cells import Row
from services.manifests.csv_clashes import (
    Clash,
    may_be_split,
    metadata_places,
    text_at,
    value_of,
)
from services.manifests.csv_fields import CLIENT_METADATA, Draft, cell_text
from services.manifests.csv_layout import JSON_SUFFIX, ROW_HEADER, Column, Layout, column_of
from services.manifests.held_lines import Line, metadata_cell, our_header, writable

#: The key of a held entry that the cells beside its fields stand under.
_CELLS: Final = "Onboarding cells"
#: In a row that could not be read, a column of that name holds text.
_OPENING: Final = f'{{"{_CELLS}":['.encode()


def cells_beside(draft: Draft, found: Sequence[Clash], schema: MetadataSchema | None) -> list[Line]:
    """Return the cells of each row that its entry does not say; nothing where it says all."""
    first = draft.rows[0][1]
    is_single, is_split = not draft.kind.is_composite, may_be_split(draft.rows)
    has_more = first.unknown or first.repeated or csv_layout.GROUP in first.places
    if is_single and not has_more and not is_split:
        return []  # as most rows
    lines = [_unknown(row, layout) for row, layout in draft.rows]
    if is_single:
        # It holds nothing together here, but stood there.
        row, layout = draft.rows[0]
        place = layout.place_of(csv_layout.GROUP)
        if place is not None and (text := cell_text(row, layout, place)):
            lines[0][our_header(layout.columns[place])] = text
    said = [
        (clash.at[0], clash.column, text_at(draft, clash.at, clash, clash.value)) for clash in found
    ]
    if is_split or any(clash.column.key == CLIENT_METADATA for clash in found):
        # What contradicts the whole of it would count, where its keys alone have columns.
        said += _said_of_metadata(draft)
    for number, column, text in said:
        header, cell = _our_cell(column, text, schema)
        lines[number][header] = cell
    return lines if any(lines) else []


def _said_of_metadata(draft: Draft) -> Iterator[tuple[int, Column, str]]:
    """Yield all cells that give metadata, with their row and column."""
    for number, (row, layout) in enumerate(draft.rows):
        for place in metadata_places(row, layout):
            if place not in layout.repeated:
                yield number, layout.columns[place], cell_text(row, layout, place)


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
            header, cell = _our_cell(column, text, schema)
            line[header] = writable(cell)
    if layout.kind and not line.get("Type"):
        line["Type"] = layout.kind.value
    return line


def _our_cell(column: Column, text: str, schema: MetadataSchema | None) -> tuple[str, str]:
    """Return header and cell as our files have them; what is read as no text is JSON there."""
    if column.role != csv_layout.METADATA or column.is_json or not text:
        return our_header(column), text
    value = value_of(text, column, schema)
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
