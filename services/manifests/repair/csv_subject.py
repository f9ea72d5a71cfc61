"""One entry of a CSV source: its rows read as the check reads them, edited cell by cell."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Self

from services.domain.entries import EntryType
from services.domain.metadata import MetadataSchema
from services.manifests import carried, csv_clashes, csv_layout
from services.manifests.carried import Meant
from services.manifests.csv_cells import Row
from services.manifests.csv_fields import Draft, Spot, spot_that_counts, spots_of
from services.manifests.csv_layout import Column, Layout
from services.manifests.csv_values import neutralized, unneutralized
from services.manifests.entry_check import examine
from services.manifests.faults import Fault, Path
from services.manifests.held_lines import in_a_cell, object_of
from services.manifests.options import CheckOptions
from services.manifests.repair import json_edits
from services.manifests.repair.actions import (
    Action,
    Frames,
    KeepLast,
    Put,
    Remove,
    Rename,
    as_json,
    as_text,
)
from services.manifests.repair.subject import in_frame_order
from services.manifests.url_check import frame_keys


@dataclass(frozen=True, slots=True)
class Line:
    """One row with the columns it is under; changed cells make new text."""

    row: Row
    layout: Layout
    cells: tuple[str, ...]
    is_changed: bool = False
    #: The whole row, where somebody wrote it anew.
    raw: str | None = None

    def cell(self, place: int) -> str:
        """Return a cell's value, without the mark our exports put before formulas."""
        text = self.cells[place]
        return unneutralized(text) if self.layout.is_ours else text

    def with_cell(self, place: int, value: str) -> "Line":
        """Return the row with another value in a cell."""
        text = neutralized(value) if self.layout.is_ours else value
        cells = (*self.cells[:place], text, *self.cells[place + 1 :])
        return replace(self, cells=cells, is_changed=True)

    def as_read(self) -> tuple[Row, Layout]:
        """Return the row as the reader has it, with the cells as they are now."""
        return replace(self.row, cells=list(self.cells)), self.layout

    @property
    def text(self) -> str:
        """The row as text, without its line end."""
        if self.raw is not None:
            return self.raw
        return written(self.cells, self.row) if self.is_changed else self.row.text


def written(cells: Sequence[str], like: Row) -> str:
    """Write cells in the manner of a row: its delimiter, and quotes where it has them."""
    quoted = like.text.startswith('"') and like.text.count('"') >= 2 * len(like.cells)
    stream = io.StringIO()
    writer = csv.writer(
        stream,
        delimiter=like.delimiter,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerow(cells)
    return stream.getvalue().removesuffix("\r\n")


@dataclass(frozen=True)
class CsvSubject:
    """The rows of one entry; composites have one per frame."""

    index: int
    kind: EntryType | None
    lines: tuple[Line, ...]
    schema: MetadataSchema | None = None

    @cached_property
    def _meant(self) -> Meant:
        """The entry as the check reads it; a row that cannot be read gives nothing."""
        if self.kind is None:
            return Meant({})
        return carried.meant(self._draft(self.kind), self.schema)

    def _draft(self, kind: EntryType) -> Draft:
        return Draft(kind, [each.as_read() for each in self.lines])

    @property
    def fields(self) -> dict[str, object]:
        """The entry as JSON would give it."""
        return self._meant.fields

    def faults(self, options: CheckOptions) -> list[Fault]:
        """Find what the check finds about this entry alone."""
        if self.kind is None:
            return []
        draft = self._draft(self.kind)
        clashes = csv_clashes.clashes(draft, self.schema)
        told = [csv_clashes.fault_of(draft, clash) for clash in clashes]
        found = examine(self.kind, self.fields, options).faults
        return [*self._meant.faults, *told, *found]

    def value(self, path: Path) -> object:
        """Return the value at a path, None when there is none."""
        if path == ("type",):  # no field of an entry, but a cell
            return self.kind.value if self.kind else None
        value: object = self.fields
        for step in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(step)
        return value

    def frame_keys(self) -> list[str]:
        """Return the keys of a composite's frames in display order."""
        return in_frame_order(list(self.fields))

    def mended(self, actions: Sequence[Action]) -> Self:
        """Return the entry with actions applied, as far as cells can hold them.

        What a held row carries counts where its cells say nothing else, so it is edited too.
        """
        text = carried.carried_text(*self.lines[0].as_read()) if self.kind else None
        if text is None:
            return replace(self, lines=reduce(_applied, actions, self.lines))
        rows = {key: f"objectUrl_{n}" for n, key in enumerate(frame_keys(self.fields))}
        lines = reduce(_applied, [_in_rows(action, rows) for action in actions], self.lines)
        return replace(self, lines=_carrying(lines, text, json_edits.edited(text, actions)))


def _in_rows(action: Action, rows: Mapping[str, str]) -> Action:
    """Name frames by the rows that hold them; a carried entry may number them otherwise."""
    if isinstance(action, Frames):
        keep, drop = ([rows.get(key, key) for key in keys] for keys in (action.keep, action.drop))
        return Frames(tuple(keep), tuple(drop))
    head, *rest = action.path
    return replace(action, path=(rows.get(str(head), head), *rest))


def _carrying(lines: tuple[Line, ...], before: str, text: str) -> tuple[Line, ...]:
    """Write what an entry carries into its first row."""
    place = carried.place_of_text(lines[0].layout)
    if text == before or place is None:
        return lines
    return (lines[0].with_cell(place, in_a_cell(text)), *lines[1:])


def _applied(lines: tuple[Line, ...], action: Action) -> tuple[Line, ...]:
    if isinstance(action, Frames):
        return _without_frames(lines, action)
    spots = spots_of([line.layout for line in lines], action.path, _frame_of(action.path, lines))
    spot = spot_that_counts(spots, lambda at: lines[at[0]].cell(at[1]))
    if spot is None:
        return lines
    is_type = action.path == ("type",)  # an empty cell leaves it to the header
    filled = [each for each in spots if is_type or lines[each[0]].cell(each[1])]
    if isinstance(action, KeepLast) and not _inner(lines[spot[0]].layout.columns[spot[1]], action):
        return _agreed(lines, action.path, spot, filled)
    made = list(lines)
    for number, place in filled if isinstance(action, Remove) else [spot]:
        made[number] = made[number].with_cell(place, _cell_after(made[number], place, action))
    return tuple(made)


def _agreed(
    lines: tuple[Line, ...], path: Path, counts: Spot, spots: Sequence[Spot]
) -> tuple[Line, ...]:
    """Take a field out of all cells but the one that counts.

    What holds a row in its group is written like that one's: without a type, or with a title in
    the place of a group, the row would be another entry's.
    """
    made = list(lines)
    kind = next(csv_clashes.kinds_by_header([line.as_read() for line in lines]))
    for number, place in spots:
        line, role = made[number], lines[number].layout.columns[place].role
        if role == csv_layout.TYPE:
            text = kind.value if kind else lines[counts[0]].cell(counts[1])
        elif (number, place) == counts:
            continue
        elif role == csv_layout.FIELD:
            once = line.with_cell(place, _cell_after(line, place, KeepLast(path)))
            text = _cell_after(once, place, Remove(path))
        elif number == counts[0] or (role == csv_layout.TITLE and not _has_group(line)):
            continue
        else:
            text = ""
        made[number] = line.with_cell(place, text)
    return tuple(made)


def _has_group(line: Line) -> bool:
    place = line.layout.place_of(csv_layout.GROUP)
    return place is not None and bool(line.cell(place))


def _frame_of(path: Path, lines: tuple[Line, ...]) -> int | None:
    """Return the row of the frame that a path leads to."""
    step = str(path[0]) if path else ""
    number = step.removeprefix("objectUrl_")
    is_frame = number.isdecimal() and step != number and int(number) < len(lines)
    return int(number) if is_frame else None


def _cell_after(line: Line, place: int, action: Put | Rename | Remove | KeepLast) -> str:
    """Return what a cell holds afterwards; what lies deeper is edited as JSON in the cell."""
    column = line.layout.columns[place]
    inner = _inner(column, action)
    if not inner and isinstance(action, Remove):
        return ""
    if not inner and isinstance(action, Put):
        is_json = column.is_json or column.role == csv_layout.FIELD
        return as_json(action.value) if is_json else (as_text(action.value) or "")
    if not inner or object_of(line.cell(place)) is None:
        return line.cell(place)  # a column's name is not this row's to change
    return json_edits.edited(line.cell(place), [replace(action, path=inner)])


def _inner(column: Column, action: Put | Rename | Remove | KeepLast) -> Path:
    """Return the steps of a path inside the cells of a column."""
    return action.path[2 if column.role == csv_layout.METADATA else 1 :]


def _without_frames(lines: tuple[Line, ...], action: Frames) -> tuple[Line, ...]:
    """Drop rows of frames; one that alone tells something about the entry stays."""
    drop = {int(key.removeprefix("objectUrl_")) for key in action.drop}
    kept = tuple(line for number, line in enumerate(lines) if number not in drop)
    return kept if _told(kept) >= _told(lines) else lines


def _told(lines: tuple[Line, ...]) -> set[tuple[str, str]]:
    """Return the columns, beside the URL's, that some row fills."""
    return {
        (column.role, column.key)
        for line in lines
        for place, column in enumerate(line.layout.columns)
        if column.role not in {csv_layout.URL, csv_layout.IGNORED} and line.cell(place)
    }
