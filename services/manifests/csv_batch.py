"""Read stretches of a CSV as columns: the lines that are plain and certainly without a finding.

Of some only the URL or the title is in doubt, and no more than that is examined. Every other line
is a suspect and read by itself, so that all ways give the same answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import polars as pl

from services.domain.entries import EntryType
from services.domain.metadata import VARCHAR_LIMIT, MetadataKey, MetadataSchema, ValueType
from services.manifests import csv_layout
from services.manifests.columns import KINDS, SCHEMA, same
from services.manifests.csv_grid import Grid, Mask, Room, Text, read_grid
from services.manifests.csv_layout import Column, Layout
from services.manifests.csv_views import Offsets, numbers
from services.manifests.document import Content, Document
from services.manifests.entry_check import MAX_TITLE, UNFILTERED
from services.manifests.metadata_check import is_reserved, key_problem
from services.manifests.options import CheckOptions
from services.manifests.url_columns import doubtful_urls, matching

#: The columns of accepted lines.
PLACED: Final = {"place": pl.UInt32(), **SCHEMA}
#: Columns whose cells are examined one by one, unless they are empty.
_EXAMINED: Final = frozenset({csv_layout.CREATE, csv_layout.FIELD})

_FITS: Final = {
    ValueType.BOOLEAN: r"^(?:true|false)$",
    ValueType.NUMBER: r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$",
    ValueType.UUID: r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    ValueType.DATETIME: (
        r"^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
        r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z)?$"
    ),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the lines below a header are cut by and checked against."""

    data: Content
    layout: Layout
    delimiter: str
    options: CheckOptions
    #: Whether any line may be taken as columns.
    by_columns: bool
    #: Whether what a line of these columns says is all in the fields of its entry.
    says_all: bool
    #: The highest byte of the document.
    highest: int
    room: Room

    @classmethod
    def of(cls, document: Document, layout: Layout, delimiter: str, options: CheckOptions) -> Self:
        """Plan for one header."""
        usual = not layout.is_ours and not options.strict_client_only
        by_columns = usual and _is_plain(layout, options.schema)
        says_all, highest = _says_all(layout), document.highest
        data, room = document.data, Room()
        return cls(data, layout, delimiter, options, by_columns, says_all, highest, room)


class Doubted(NamedTuple):
    """An accepted line of which only the URL and the title may have findings."""

    kind: str
    url: str
    title: str | None
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines of a document: those that are accepted as columns, the others by number."""

    begin: int
    end: int
    #: Where lines begin, from the beginning of the stretch.
    starts: Offsets
    #: Which lines are accepted.
    accepted: Mask
    #: Their entries, with the number of the line as `place`; `line` is not known yet.
    frame: pl.DataFrame
    #: Those of them that are still to be examined, by line.
    doubted: Mapping[int, Doubted]


def read_stretch(plan: Plan, begin: int, end: int) -> Stretch:
    """Read whole lines of a document."""
    text = Text.of(plan.data, begin, end)
    width, highest = plan.layout.width, plan.highest
    grid = read_grid(text, plan.delimiter, width, highest=highest, room=plan.room)
    accepted = grid.plain & plan.by_columns
    if not accepted.any():
        return Stretch(begin, end, grid.starts, accepted, pl.DataFrame(schema=PLACED), {})
    url = _cells(grid, plan.layout, csv_layout.URL).alias("url")
    title = _cells(grid, plan.layout, csv_layout.TITLE)
    kinds = _kinds(grid, plan.layout)
    url_place = plan.layout.place_of(csv_layout.URL)
    assert url_place is not None
    bare = pl.lit(numbers(grid.bare(url_place).view(np.uint8)) == 1)
    doubt = _doubtful_urls(url, kinds, plan.options, bare)
    doubt |= _doubtful_titles(title, is_ascii=grid.is_ascii)
    suspect = kinds.is_null()
    if doubt.any():
        # Without a scheme the line may be a header.
        suspect |= (doubt & ~matching(doubt, url, "://")) if plan.says_all else doubt
    for place, column in enumerate(plan.layout.columns):
        if column.role in _EXAMINED or column.is_json:
            suspect = suspect | (grid.cells(place) != "")
        elif declared := _declared(column, plan.options):
            cells = grid.cells(place)
            suspect = suspect | ((cells != "") & ~_fits(cells, declared))
    places = np.flatnonzero(accepted)
    frame = _entries(grid, begin, places, url, title, kinds)
    if suspect.any():
        accepted[places[suspect.to_numpy()]] = False
        frame, doubt = frame.filter(~suspect), doubt.filter(~suspect)
    return Stretch(begin, end, grid.starts, accepted, frame, _doubted(frame, doubt))


def _doubted(frame: pl.DataFrame, doubt: pl.Series) -> dict[int, Doubted]:
    rows = frame.select("place", "type", "url", "title", "start", "length")[doubt.arg_true()]
    return {place: Doubted(*row) for place, *row in rows.iter_rows()}


def _is_plain(layout: Layout, schema: MetadataSchema | None) -> bool:
    """Whether the columns are those that can be looked at as a whole."""
    keys = [column.key for column in layout.columns if column.role == csv_layout.METADATA]
    if len(set(keys)) != len(keys):
        return False
    if any(key_problem(key) or is_reserved(key) for key in keys):
        return False
    roles = [
        column.role for column in layout.columns if column.role not in {"", csv_layout.METADATA}
    ]
    return len(set(roles)) == len(roles) and (schema is None or set(keys) <= set(schema))


def _says_all(layout: Layout) -> bool:
    """Whether no column contradicts another one, or holds what no field does."""
    is_told_twice = layout.kind is not None and csv_layout.TYPE in layout.places
    is_beside = layout.unknown or layout.repeated or csv_layout.GROUP in layout.places
    return not (is_told_twice or is_beside or layout.is_split)


def _cells(grid: Grid, layout: Layout, role: str) -> pl.Series:
    """Return the cells of a role; empty ones when there is no such column."""
    place = layout.place_of(role)
    if place is None:
        return same("", grid.height, pl.String())
    return grid.cells(place)


def _kinds(grid: Grid, layout: Layout) -> pl.Series:
    """Return the types of lines; null where one needs more than a look at its own line."""
    place = layout.place_of(csv_layout.TYPE)
    shared = grid.shared(place) if place is not None else None
    words = _cells(grid, layout, csv_layout.TYPE) if shared is None else pl.Series([shared])
    known = {word: csv_layout.kind_of(layout, word) for word in words.unique()}
    values = {
        word: None if kind is None or kind.is_composite or kind in UNFILTERED else kind.value
        for word, kind in known.items()
    }
    if len(values) == 1:
        (only,) = values.values()
        return same(only, grid.height, KINDS)
    return words.replace_strict(values, return_dtype=KINDS)


def _doubtful_urls(
    url: pl.Series, kinds: pl.Series, options: CheckOptions, bare: pl.Expr | None
) -> pl.Series:
    """Mark URLs that have to be looked at one by one, by the type of their lines."""
    present = kinds.drop_nulls().unique().to_list()
    if len(present) == 1:
        return doubtful_urls(url, EntryType(present[0]), options, bare)
    doubt = same(False, len(url), pl.Boolean())
    for kind in present:
        doubt = doubt | ((kinds == kind) & doubtful_urls(url, EntryType(kind), options, bare))
    return doubt


def _doubtful_titles(title: pl.Series, *, is_ascii: bool) -> pl.Series:
    """Mark long titles and replacement characters; lines with control characters are not plain."""
    doubt = same(False, len(title), pl.Boolean())
    if not is_ascii:
        doubt = title.str.contains("\ufffd", literal=True)
    # No text has more characters than bytes, and bytes need no counting.
    if (title.str.len_bytes() > MAX_TITLE).any():
        doubt |= title.str.len_chars() > MAX_TITLE
    return doubt


def _declared(column: Column, options: CheckOptions) -> MetadataKey | None:
    is_key = column.role == csv_layout.METADATA and options.schema is not None
    return options.schema.get(column.key) if is_key and options.schema else None


def _fits(cells: pl.Series, declared: MetadataKey) -> pl.Series:
    """Mark cells that certainly fit their declared type."""
    if declared.type is ValueType.ENUM:
        return cells.is_in(list(declared.options))
    if declared.type is ValueType.VARCHAR:
        return cells.str.len_chars() <= (declared.size or VARCHAR_LIMIT)
    if declared.type is ValueType.TEXT:
        return cells.is_not_null()
    pattern = _FITS.get(declared.type)
    return cells.str.contains(pattern) if pattern else cells.is_null()


def _entries(
    grid: Grid, begin: int, places: Offsets, url: pl.Series, title: pl.Series, kinds: pl.Series
) -> pl.DataFrame:
    size = len(places)
    starts, lengths = grid.starts, grid.lengths
    if size < len(starts):
        starts, lengths = starts[places], lengths[places]
    columns = {
        "type": kinds,
        "title": title.set(title == "", None),
        "url": url,
        "url_count": same(1, size, pl.UInt32()),
        "valid": same(True, size, pl.Boolean()),
        "start": numbers(starts + begin),
        "length": numbers(lengths),
        "line": same(0, size, pl.UInt32()),
        "payload": same(None, size, pl.Binary()),
    }
    return pl.DataFrame({"place": numbers(places.astype(np.uint32)), **columns}, schema=PLACED)
