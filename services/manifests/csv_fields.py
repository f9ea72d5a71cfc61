"""The fields of an entry as JSON would give them, from the cells of its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from services.domain.entries import EntryType
from services.domain.metadata import MetadataKey, MetadataSchema
from services.manifests import csv_layout
from services.manifests.csv_cells import Row
from services.manifests.csv_layout import Column, Layout
from services.manifests.csv_values import read_cell, unneutralized
from services.manifests.faults import Path
from services.manifests.json_cells import raw_members

#: The field that metadata columns are members of.
CLIENT_METADATA: Final = "clientMetadata"

Fields = dict[str, object]
_Read = Callable[[str, Column], object]


class Reader(Protocol):
    """Reads the text of a cell."""

    def __call__(self, text: str, *, is_json: bool, declared: MetadataKey | None) -> object:
        """Return the value, of the type that is declared."""


#: A row of an entry and a column.
Spot = tuple[int, int]


@dataclass(slots=True)
class Draft:
    """An entry whose rows are still being collected."""

    kind: EntryType
    rows: list[tuple[Row, Layout]] = field(default_factory=list)


def cell_of(row: Row, layout: Layout, role: str) -> str:
    """Return the cell of a role; empty when there is no such column."""
    place = layout.place_of(role)
    if place is None:
        return ""
    return cell_text(row, layout, place)


def cell_text(row: Row, layout: Layout, place: int) -> str:
    """Return a cell without the mark our exports put before formulas."""
    text = row.cells[place]
    return unneutralized(text) if layout.is_ours else text


def group_of(row: Row, layout: Layout, kind: EntryType | None) -> object:
    """Return what the rows of one group share; a row that names no group is one of its own."""
    role = csv_layout.TITLE if layout.groups_by_title else csv_layout.GROUP
    cell = cell_of(row, layout, role) or cell_of(row, layout, csv_layout.TITLE)
    family = EntryType.IMAGE_GROUP if kind is EntryType.IMAGE_SEQUENCE else kind
    return (family, cell) if cell else row.line


def _fill(fields: Fields, members: Fields, column: Column, text: str, read: _Read) -> None:
    """Put one cell where JSON has it, a metadata column among the members; the first row wins."""
    match column.role:
        case csv_layout.METADATA:
            fields.setdefault(CLIENT_METADATA, None)
            members.setdefault(column.key, read(text, column))
        case csv_layout.TITLE:
            fields.setdefault("title", text)
        case csv_layout.CREATE:
            fields.setdefault("createVideo", flag_of(text))
        case csv_layout.FIELD if fields.get(column.key) is None:
            fields[column.key] = read(text, column)


def _with_members(metadata: object, members: Fields) -> object:
    """Put metadata columns into the object of a `clientMetadata` column, wherever the two stand.

    For a key that both have, its own column counts. What is no object stays, and is an error.
    """
    if metadata is None:
        return members
    if isinstance(metadata, msgspec.Raw):
        return raw_members(metadata, members)
    return {**metadata, **members} if isinstance(metadata, dict) else metadata


def flag_of(text: str) -> object:
    """Read true and false; any other text stays text and is found later."""
    return {"true": True, "false": False}.get(text.strip().lower(), text)


def entry_fields(draft: Draft, schema: MetadataSchema | None, reader: Reader = read_cell) -> Fields:
    """Build the fields of an entry from its rows."""

    def read(text: str, column: Column) -> object:
        declared = schema.get(column.key) if schema and column.role == csv_layout.METADATA else None
        return reader(text, is_json=column.is_json, declared=declared)

    fields: Fields = {}
    members: Fields = {}
    composite = draft.kind.is_composite
    for number, (row, layout) in enumerate(draft.rows):
        for column, cell in zip(layout.columns, row.cells, strict=True):
            text = unneutralized(cell) if layout.is_ours else cell
            if column.role == csv_layout.URL:
                name = f"objectUrl_{number}" if composite else "objectUrl"
                fields[name] = fields.get(name) or text
            elif text:
                _fill(fields, members, column, text, read)
    if members:
        fields[CLIENT_METADATA] = _with_members(fields[CLIENT_METADATA], members)
    _finish(draft, fields)
    return fields


def _finish(draft: Draft, fields: Fields) -> None:
    """Give a group its name, and leave out the URL that a scene has no need of."""
    if draft.kind.is_composite:
        _name_group(draft, fields)
    elif draft.kind is EntryType.SCENE and fields["objectUrl"] == "":
        del fields["objectUrl"]


def _name_group(draft: Draft, fields: Fields) -> None:
    """Give a group without a title the name that holds its rows together."""
    row, layout = draft.rows[0]
    # The groups of our exports are numbers: an entry without a title must stay one.
    is_named = "title" in fields or layout.is_ours
    if not is_named and (group := cell_of(row, layout, csv_layout.GROUP)):
        fields["title"] = group


def spots_of(layouts: Sequence[Layout], path: Path, frame: int | None = None) -> list[Spot]:
    """Return row and column of every cell that may fill what a path leads to.

    Args:
        layouts: The columns of each row of the entry.
        path: Where a value stands in the entry.
        frame: The one row that can fill it, where the path leads to a frame.
    """
    step = str(path[0]) if path else ""
    rows = range(len(layouts)) if frame is None else (frame,)
    found = [
        (is_whole, row, place)
        for row in rows
        for place, column in enumerate(layouts[row].columns)
        if (is_whole := _fills(column, step, path)) is not None
    ]
    return [(row, place) for _, row, place in sorted(found)]


def spot_that_counts(spots: Sequence[Spot], cell: Callable[[Spot], str]) -> Spot | None:
    """Choose the cell that is read: the first that is not blank."""
    return next(filter(cell, spots), spots[0] if spots else None)


def _fills(column: Column, step: str, path: Path) -> bool | None:
    """Say whether a column fills what a path leads to; true when it holds more than that."""
    if column.role == csv_layout.METADATA:
        is_key = step == CLIENT_METADATA and len(path) > 1 and column.key == path[1]
        return False if is_key else None
    if column.role == csv_layout.FIELD:
        return len(path) > 1 if column.key == step else None
    roles = {
        "title": csv_layout.TITLE,
        "createVideo": csv_layout.CREATE,
        "type": csv_layout.TYPE,
    }
    wanted = csv_layout.URL if step.startswith("objectUrl") else roles.get(step)
    return False if column.role == wanted else None


def kept_fields(fields: Fields) -> Fields:
    """Leave out what an empty cell says nothing about; frames keep their numbers."""
    return {k: v for k, v in fields.items() if v != "" or k.startswith("objectUrl_")}
