"""Read accepted CSV rows back from the document: their payloads, and the columns of their URLs."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from services.domain.entries import EntryType
from services.manifests import csv_layout
from services.manifests.csv_cells import row_of
from services.manifests.csv_entry import Draft, payload_of
from services.manifests.csv_layout import Layout, read_layout
from services.manifests.schema import MetadataSchema


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

    def _layout(self, index: int) -> Layout:
        at = bisect_right(self._layouts, index, key=itemgetter(0)) - 1
        return self._layouts[at][1]

    def payload(self, index: int, kind: EntryType, text: bytes) -> bytes:
        """Return Encord's JSON of an entry that is one plain row."""
        row = row_of(text.decode(), self.delimiter)
        return payload_of(Draft(kind, [(row, self._layout(index))]), self.schema)

    def url_column(self, index: int, text: bytes) -> int:
        """Return the 1-based column where a row's URL begins."""
        row = row_of(text.decode(), self.delimiter)
        return row.place(self._layout(index).place_of(csv_layout.URL) or 0)[1]
