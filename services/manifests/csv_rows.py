"""Read accepted CSV rows back from the document: their payloads, and the columns of their URLs."""

import csv
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Self

import orjson

from services.domain.metadata import MetadataSchema
from services.manifests import csv_layout
from services.manifests.csv_cells import row_of
from services.manifests.csv_layout import Layout, read_layout
from services.manifests.csv_values import reader_of


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which cell of a plain row goes where."""

    fields: tuple[tuple[int, str], ...]
    metadata: tuple[tuple[int, str, Callable[[str], object]], ...]

    @classmethod
    def of(cls, layout: Layout, schema: MetadataSchema | None) -> Self:
        """Plan for one header."""
        names = {csv_layout.URL: "objectUrl", csv_layout.TITLE: "title"}
        numbered = list(enumerate(layout.columns))
        return cls(
            tuple((at, names[column.role]) for at, column in numbered if column.role in names),
            tuple(
                (at, column.key, reader_of(schema.get(column.key) if schema else None))
                for at, column in numbered
                if column.role == "metadata"
            ),
        )

    def payload(self, cells: list[str]) -> bytes:
        """Build the JSON of one row; an empty cell is an absent key."""
        fields: dict[str, object] = {name: text for at, name in self.fields if (text := cells[at])}
        metadata = {key: read(text) for at, key, read in self.metadata if (text := cells[at])}
        if metadata:
            fields["clientMetadata"] = metadata
        return orjson.dumps(fields)


@dataclass(slots=True)
class CsvRows:
    """The headers of a CSV and how its metadata is typed."""

    #: First entry and header cells of each stretch.
    headers: Sequence[tuple[int, Sequence[str]]]
    delimiter: str
    schema: MetadataSchema | None
    _layouts: list[tuple[int, Layout, _Plan]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for first, cells in self.headers:
            layout = read_layout(cells)
            self._layouts.append((first, layout, _Plan.of(layout, self.schema)))

    def _at(self, index: int) -> tuple[int, Layout, _Plan]:
        if len(self._layouts) == 1:
            return self._layouts[0]
        return self._layouts[bisect_right(self._layouts, index, key=itemgetter(0)) - 1]

    def payload(self, index: int, text: bytes) -> bytes:
        """Return Encord's JSON of an entry that is one plain row."""
        line = text.decode()
        plain = '"' not in line
        cells = line.split(self.delimiter) if plain else _unquoted(line, self.delimiter)
        return self._at(index)[2].payload(cells)

    def url_column(self, index: int, text: bytes) -> int:
        """Return the 1-based column where a row's URL begins."""
        row = row_of(text.decode(), self.delimiter)
        return row.place(self._at(index)[1].place_of(csv_layout.URL) or 0)[1]


def _unquoted(line: str, delimiter: str) -> list[str]:
    """Cut a row that was proved to be strictly quoted."""
    return next(csv.reader([line], delimiter=delimiter, strict=True))
