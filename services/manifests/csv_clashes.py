"""Cells of one entry that contradict each other: of a field, one counts and the others are told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.domain.entries import EntryType
from services.domain.metadata import MetadataSchema
from services.manifests import csv_layout
from services.manifests.csv_cells import Row
from services.manifests.csv_fields import CLIENT_METADATA, Draft, Spot, cell_of, cell_text, flag_of
from services.manifests.csv_layout import Column, Layout
from services.manifests.csv_values import read_cell
from services.manifests.faults import Fault, Path
from services.manifests.held_lines import json_cell

Rows = Sequence[tuple[Row, Layout]]

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
    """A cell that says something else than what counts."""

    at: Spot
    #: The cell that counts.
    counts: Spot
    column: Column
    #: What is said here, and what counts.
    value: object
    said: object
    #: The key that both are about, where this cell holds the whole metadata.
    member: str | None = None

    @property
    def path(self) -> Path:
        """The field that both are about."""
        if self.member is not None:
            return CLIENT_METADATA, self.member
        if self.column.role == csv_layout.METADATA:
            return CLIENT_METADATA, self.column.key
        return (_FIELDS.get(self.column.role, self.column.key),)


def clashes(draft: Draft, schema: MetadataSchema | None) -> list[Clash]:
    """Find the cells of an entry that contradict each other."""
    rows = draft.rows
    layout = rows[0][1]
    is_mixed = _is_mixed(rows)
    doubled = list(_doubled(rows, schema)) if is_mixed or layout.is_split else []
    told_twice = layout.kind and csv_layout.TYPE in layout.places
    if is_mixed or layout.repeated or told_twice:
        return [*_clashes(rows, None, schema), *doubled]
    if len(rows) == 1:
        return doubled
    # Nearly always the text alone tells that there is none.
    columns = list(zip(*(row.cells for row, _ in rows), strict=True))
    doubt = [place for place in layout.single if len({*columns[place], ""}) > 2]  # noqa: PLR2004 - "" and one text
    return [*(_clashes(rows, doubt, schema) if doubt else ()), *doubled]


def may_be_split(rows: Rows) -> bool:
    """Whether metadata may stand in a cell as a whole and in cells of its keys."""
    return rows[0][1].is_split or _is_mixed(rows)


def _is_mixed(rows: Rows) -> bool:
    return any(layout is not rows[0][1] for _, layout in rows)


def _clashes(
    rows: Rows, places: list[int] | None, schema: MetadataSchema | None
) -> Iterator[Clash]:
    """Compare cells by what they mean, in some columns or in all."""
    first: dict[tuple[str, str], tuple[Spot, object]] = {}
    for number, ((row, layout), kind) in enumerate(zip(rows, kinds_by_header(rows), strict=True)):
        if kind:
            at = number, layout.place_of(csv_layout.TITLE) or 0
            counts, said = first.setdefault((csv_layout.TYPE, ""), (at, kind))
            if said is not kind:
                yield Clash(at, counts, Column(csv_layout.TYPE, ""), kind, said)
        for place in sorted([*layout.single, *layout.repeated]) if places is None else places:
            column, text = layout.columns[place], cell_text(row, layout, place)
            is_extra = place in layout.repeated and column.role in _FIRST_ONLY
            value = value_of(text, column, schema) if text else None
            if not text or is_extra or (value is None and column.role == csv_layout.FIELD):
                continue  # of a field, null says as little as an empty cell
            counts, said = first.setdefault((column.role, column.key), ((number, place), value))
            if not _is_same(said, value) and place not in layout.repeated:
                yield Clash((number, place), counts, column, value, said)


def kinds_by_header(rows: Rows) -> Iterator[EntryType | None]:
    """Yield the type that the header of each row says, where no cell of the row does.

    A group's header holds for a sequence too, where a cell says that a video is made of it.
    """
    videos = filter(None, (cell_of(*each, csv_layout.CREATE) for each in rows))
    is_video = flag_of(next(videos, "")) is True
    for row, layout in rows:
        yield None if is_video or cell_of(row, layout, csv_layout.TYPE) else layout.kind


def _doubled(rows: Rows, schema: MetadataSchema | None) -> Iterator[Clash]:
    """Find keys whose own columns, which count, say otherwise than the whole metadata."""
    own: dict[str, tuple[Spot, object]] = {}
    whole: dict[str, object] = {}
    at: tuple[Spot, Column] | None = None
    for number, (row, layout) in enumerate(rows):
        for place in metadata_places(row, layout):
            column = layout.columns[place]
            value = value_of(cell_text(row, layout, place), column, schema)
            if column.role == csv_layout.METADATA:
                own.setdefault(column.key, ((number, place), value))
            elif at is None and isinstance(value, dict):
                at, whole = ((number, place), column), value
    for key, value in whole.items():
        if at and key in own and not _is_same(own[key][1], value):
            yield Clash(at[0], own[key][0], at[1], value, own[key][1], key)


def metadata_places(row: Row, layout: Layout) -> list[int]:
    """Return the columns whose cells give metadata, of all keys or of one."""
    return [
        place
        for place, column in enumerate(layout.columns)
        if (
            column.role == csv_layout.METADATA
            or (column.role == csv_layout.FIELD and column.key == CLIENT_METADATA)
        )
        and cell_text(row, layout, place)
    ]


def _is_same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def value_of(text: str, column: Column, schema: MetadataSchema | None) -> object:
    """Read a cell as far as two of them can be compared."""
    match column.role:
        case csv_layout.TYPE:
            return csv_layout.type_of(text)
        case csv_layout.CREATE:
            return flag_of(text)
        case csv_layout.TITLE:
            return text
    declared = schema.get(column.key) if schema and column.role == csv_layout.METADATA else None
    return read_cell(text, is_json=column.is_json, declared=declared)


def text_at(draft: Draft, spot: Spot, clash: Clash, value: object) -> str:
    """Return what a cell says of the field that a clash is about, or else its header."""
    number, place = spot
    row, layout = draft.rows[number]
    if isinstance(value, EntryType) and layout.columns[place].role != clash.column.role:
        return value.label
    return cell_text(row, layout, place)


def fault_of(draft: Draft, clash: Clash) -> Fault:
    """Say what two cells disagree about."""
    (number, _), (first_number, first_place) = clash.at, clash.counts
    first_row, layout = draft.rows[first_number]
    text = text_at(draft, clash.at, clash, clash.value)
    first = text_at(draft, clash.counts, clash, clash.said)
    where = f"line {first_row.line:,}"
    if clash.member is not None:
        # As JSON, where a number is not the text of its digits.
        text, first = json_cell(clash.value), json_cell(clash.said)
        if number == first_number:
            where = f"the column {layout.columns[first_place].header}"
    details = {
        "field": ".".join(map(str, clash.path)),
        "value": text[:_SHOWN],
        "first": first[:_SHOWN],
        "where": where,
    }
    return Fault("group-conflict", clash.path, text, details)
