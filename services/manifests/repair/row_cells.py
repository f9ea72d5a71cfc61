"""The cells of a CSV entry as named fields, and named fields back to cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.manifests import csv_layout
from services.manifests.csv_layout import Column, Layout
from services.manifests.repair.csv_subject import CsvSubject, Line
from services.manifests.repair.errors import UnknownEntryError
from services.manifests.repair.row_fields import RAW

_NAMES: Final = {
    csv_layout.URL: "objectUrl",
    csv_layout.TYPE: "type",
    csv_layout.TITLE: "title",
    csv_layout.GROUP: "group",
    csv_layout.CREATE: "createVideo",
}


def fields_of(lines: Sequence[Line]) -> dict[str, str]:
    """Return the cells of an entry by the names that JSON has; of a group the first that is given.

    A row whose quotes are broken is one raw text. Cells beyond the last column are numbered.
    """
    if lines[0].row.problem:
        return {RAW: lines[0].text}
    fields: dict[str, str] = {}
    for number, line in enumerate(lines):
        for place, name in _names(line.layout, len(line.cells), number, len(lines)):
            text = line.cell(place) if place < len(line.cells) else ""
            fields[name] = fields.get(name) or text
    return fields


def _names(layout: Layout, cells: int, number: int, of: int) -> Iterator[tuple[int, str]]:
    """Yield the places of a row and what they are called."""
    for place, column in enumerate(layout.columns):
        if column.role != csv_layout.IGNORED:
            is_frame = column.role == csv_layout.URL and of > 1
            yield place, f"objectUrl_{number}" if is_frame else _name(column)
    for place in range(layout.width, cells):
        yield place, f"cell {place + 1}"


def _name(column: Column) -> str:
    if column.role == csv_layout.METADATA:
        return csv_layout.KEY_PREFIX + column.key
    return _NAMES.get(column.role) or column.key or column.header


def edited(subject: CsvSubject, wanted: Mapping[str, str | None]) -> CsvSubject:
    """Return an entry with some cells written anew; None and empty text are the same.

    Raises:
        UnknownEntryError: The CSV has no column for a field.
    """
    lines = list(subject.lines)
    if RAW in wanted and lines[0].row.problem:
        return replace(subject, lines=(replace(lines[0], is_changed=True, raw=wanted[RAW] or ""),))
    for name, text in wanted.items():
        _put(subject, lines, name, text or "")
    return replace(subject, lines=tuple(map(_fitted, lines)))


def _put(subject: CsvSubject, lines: list[Line], name: str, text: str) -> None:
    """Write the cell that counts, and each that says the same.

    Of a field, all cells are written: where they contradict, a person who writes one decides.
    """
    spots = [
        (number, place)
        for number, line in enumerate(lines)
        for place, each in _names(line.layout, len(line.cells), number, len(lines))
        if each == name
    ]
    if not spots:
        raise UnknownEntryError(subject.index, name)
    old = next((cell for n, p in spots if (cell := _cell(lines[n], p))), "")
    for number, place in spots:
        cell = _cell(lines[number], place)
        is_same = cell == old or (cell and place in lines[number].layout.single)
        if is_same if old else (number, place) == spots[0]:
            lines[number] = _padded(lines[number]).with_cell(place, text)


def _cell(line: Line, place: int) -> str:
    return line.cell(place) if place < len(line.cells) else ""


def _padded(line: Line) -> Line:
    missing = line.layout.width - len(line.cells)
    return replace(line, cells=(*line.cells, *[""] * max(missing, 0)))


def _fitted(line: Line) -> Line:
    """Drop blank cells beyond the last column."""
    cells = line.cells
    while line.is_changed and len(cells) > line.layout.width and not cells[-1]:
        cells = cells[:-1]
    return replace(line, cells=cells)
