"""Read accepted CSV rows back from the document: their payloads, and the columns of their URLs."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import Final

import numpy as np
import polars as pl

from services.domain.metadata import MetadataSchema, ValueType
from services.manifests import csv_layout
from services.manifests.csv_cells import row_of
from services.manifests.csv_grid import Text, read_grid
from services.manifests.csv_layout import Column, Layout, read_layout
from services.manifests.document import Content

#: Types whose accepted cells are JSON as they are.
_BARE: Final = frozenset({ValueType.BOOLEAN, ValueType.NUMBER})
#: What stands in accepted cells and has to be escaped in JSON.
_ESCAPED: Final = b'"\\\t'
#: Columns whose cells are entered, with the field they fill where it is none of metadata.
_FIELDS: Final = {csv_layout.URL: "objectUrl", csv_layout.TITLE: "title"}
_URL: Final = '"objectUrl"'
_METADATA: Final = '"clientMetadata"'
#: A part of every row's JSON: the same text, or each row's own.
_Piece = str | pl.Series


@dataclass(slots=True)
class CsvRows:
    """The headers of a CSV and how its metadata is typed."""

    #: First entry and header cells of each stretch.
    headers: Sequence[tuple[int, Sequence[str]]]
    delimiter: str
    schema: MetadataSchema | None
    _layouts: list[tuple[int, Layout]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._layouts = [(first, read_layout(cells)) for first, cells in self.headers]

    def payloads(self, data: Content, rows: pl.DataFrame) -> list[bytes]:
        """Return Encord's JSON of accepted rows, given by `index`, `start` and `length`."""
        lists = (each.cast(pl.Binary).to_list() for each in self._made(data, rows))
        return list(chain.from_iterable(lists))

    def joined(self, data: Content, rows: pl.DataFrame, between: str) -> bytes:
        """Return the same in one piece, sooner."""
        pieces = (each.str.join(between).cast(pl.Binary).item() for each in self._made(data, rows))
        return between.encode().join(pieces)

    def _made(self, data: Content, rows: pl.DataFrame) -> Iterator[pl.Series]:
        """Yield the JSON of rows, header by header."""
        firsts = [first for first, _ in self._layouts]
        bounds = [*np.searchsorted(rows["index"], firsts).tolist(), rows.height]
        for (_, layout), (first, behind) in zip(self._layouts, pairwise(bounds), strict=True):
            if first < behind:
                yield self._json(_lines(data, rows.slice(first, behind - first)), layout)

    def _json(self, lines: Text, layout: Layout) -> pl.Series:
        """Build the JSON of rows; an empty cell is an absent key."""
        grid = read_grid(lines, self.delimiter, layout.width)
        escape = any(map(lines.has, _ESCAPED))
        fields: list[_Member] = []
        metadata: list[_Member] = []
        for place, column in enumerate(layout.columns):
            if column.role in _FIELDS or column.role == csv_layout.METADATA:
                cells = _escaped(grid.cells(place)) if escape else grid.cells(place)
                key = json.dumps(_FIELDS.get(column.role, column.key))
                member = _Member(key, cells, bare=self._is_bare(column))
                (fields if column.role in _FIELDS else metadata).append(member)
        # No accepted row is without a URL, so that its object may begin with it.
        fields.sort(key=lambda member: member.key != _URL)
        return _objects(fields, metadata)

    def _is_bare(self, column: Column) -> bool:
        """Whether accepted cells are JSON as they are."""
        declared = self.schema.get(column.key) if self.schema else None
        return (
            column.role == csv_layout.METADATA and declared is not None and declared.type in _BARE
        )

    def url_column(self, index: int, text: bytes) -> int:
        """Return the 1-based column where a row's URL begins."""
        layout = self._layouts[bisect_right(self._layouts, index, key=itemgetter(0)) - 1][1]
        row = row_of(text.decode(), self.delimiter)
        return row.place(layout.place_of(csv_layout.URL) or 0)[1]


def _lines(data: Content, rows: pl.DataFrame) -> Text:
    """Take the lines of rows out of a document; most that follow each other are not copied."""
    starts = rows["start"].to_numpy()
    stops = starts + rows["length"].to_numpy()
    # One or two bytes between rows are an end of a line, and perhaps an empty line.
    breaks = np.flatnonzero(starts[1:] - stops[:-1] > 2) + 1  # noqa: PLR2004 - CR and LF
    if not len(breaks):
        end = data.find(b"\n", int(stops[-1])) + 1
        return Text.of(data, int(starts[0]), end or len(data))
    firsts = [0, *breaks.tolist(), len(starts)]
    lines = b"\n".join([data[starts[a] : stops[b - 1]] for a, b in pairwise(firsts)])
    return Text.of(lines, 0, len(lines))


@dataclass(frozen=True, slots=True)
class _Member:
    """One key of many objects and its values; an empty value stands for an absent key."""

    key: str
    values: pl.Series
    bare: bool

    def pieces(self, before: str = ",") -> list[_Piece]:
        """Write `,"key":value`, or what begins with something else."""
        opening = f"{before}{self.key}:"
        if self.bare:
            return [opening, self.values.replace("", "null")]
        return [f'{opening}"', self.values, '"']

    def absent(self) -> list[str]:
        """Return what is written where the key is absent, if it is anywhere.

        Quotes in values are escaped, so nothing but a key can be taken for this.
        """
        if not (self.values == "").any():
            return []
        return [f",{self.key}:null" if self.bare else f',{self.key}:""']


def _escaped(cells: pl.Series) -> pl.Series:
    """Write cells as they stand between quotes in JSON."""
    marked = cells.str.replace_all(r'(["\\])', r"\${1}")
    return marked.str.replace_all("\t", r"\t", literal=True)


def _objects(fields: list[_Member], metadata: list[_Member]) -> pl.Series:
    """Write everything as if it were there, and take away what is not."""
    gaps = [text for member in metadata for text in member.absent()]
    pieces = _pieces(fields, "{")
    if metadata:
        # Where a key may be gone, the first that is left has to lose its comma afterwards.
        inside = _pieces(metadata, "," if gaps else "")
        pieces += [f",{_METADATA}:{{", *inside, "}"]
    whole = pl.select(json=pl.concat_str(*_literals([*pieces, "}"])))["json"]
    for absent in (*(text for member in fields for text in member.absent()), *gaps):
        whole = whole.str.replace(absent, "", literal=True)
    if gaps:
        whole = whole.str.replace(f"{_METADATA}:{{,", f"{_METADATA}:{{", literal=True)
        whole = whole.str.replace(f",{_METADATA}:{{}}", "", literal=True)
    return whole


def _pieces(members: list[_Member], before: str) -> list[_Piece]:
    """Write members one after the other, the first behind `before`."""
    rest = (piece for member in members[1:] for piece in member.pieces())
    return [*members[0].pieces(before), *rest]


def _literals(pieces: list[_Piece]) -> Iterator[pl.Expr]:
    """Write texts that follow each other as one: each costs as much as a column."""
    for kind, following in groupby(pieces, key=type):
        some = list(following)
        yield from map(pl.lit, ["".join(map(str, some))] if kind is str else some)
