"""Read CSV into a sink: Encord's dialect and our superset become the entries JSON would give."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import polars as pl

from services.domain.entries import EntryType
from services.domain.nearest import hint
from services.manifests import csv_layout
from services.manifests.collector import Where, always, pointer
from services.manifests.columns import Row as EntryColumns
from services.manifests.csv_batch import STRETCH, Stretch, put_over, read_stretch
from services.manifests.csv_cells import Lines, Row, row_of, rows_until
from services.manifests.csv_entry import CsvEntry, Draft, group_of
from services.manifests.csv_layout import Layout
from services.manifests.csv_values import unneutralized
from services.manifests.faults import Fault
from services.manifests.sink import Sink, Span
from services.manifests.url_columns import count_buckets

#: Encord's own form refuses more rows.
ROW_LIMIT: Final = 10_000
_DELIMITERS: Final = ",;\t"


def sniff_delimiter(head: str) -> str:
    """Choose the separator that the header row has most of, outside quotes."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    bare = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=bare.count) if any(map(bare.count, _DELIMITERS)) else ","


@dataclass(slots=True)
class CsvReader:
    """One pass over the rows of a CSV."""

    sink: Sink
    rows: int = 0
    layout: Layout | None = None
    #: Groups by identity, in the order of their first rows.
    drafts: dict[object, Draft] = field(default_factory=dict)
    _warned_dicom: bool = False
    _encord: bool = False
    _delimiter: str = ","

    def read(self) -> None:
        """Read every row; a file without a URL column is one finding."""
        data = self.sink.document.data
        delimiter = sniff_delimiter(data[:65_536].decode("utf-8", "ignore"))
        self.sink.delimiter = self._delimiter = delimiter
        self.sink.format = "csv"
        lines = Lines(data)
        header = next(rows_until(lines, delimiter, len(data)), None)
        if header is None or not self._take_header(header):
            return
        while lines.at < len(data):
            end = _end_of_stretch(data, lines.at)
            if not self._read_stretch(lines, delimiter, end):
                self._read_rows(lines, delimiter, end)
            self.sink.hash_pending()
            self.sink.progress(min(lines.at / len(data), 1.0))
        self._finish()

    def _read_rows(self, lines: Lines, delimiter: str, end: int) -> None:
        """Read row by row to an offset."""
        for row in rows_until(lines, delimiter, end):
            if row.problem or not csv_layout.is_header(row.cells):
                assert self.layout is not None
                self._take_row(row, self.layout)
            elif not self._take_header(row):
                return

    def _read_stretch(self, lines: Lines, delimiter: str, end: int) -> bool:
        """Read plain rows as columns; returns whether they were plain."""
        sink, layout = self.sink, self.layout
        assert layout is not None
        chunk = sink.document.data[lines.at : end]
        stretch = read_stretch(chunk, lines.at, layout, delimiter, sink.options)
        if stretch is None:
            return False
        line = lines.line + 1
        rows = {place: self._examine(stretch, place, line) for place in stretch.suspects}
        numbered = stretch.frame.with_row_index("place")
        found = numbered.filter(~pl.col("place").is_in(stretch.suspects)).select(
            "url",
            nth=pl.lit(0, dtype=pl.UInt32),
            entry=pl.col("place") + sink.index,
            line=pl.col("place") + line,
            column=pl.lit(0, dtype=pl.UInt32),
        )
        frame = numbered.with_columns(line=pl.col("place") + line).drop("place")
        self.rows += stretch.height
        lines.skip(end, stretch.height)
        sink.accepted(put_over(frame, rows), found, count_buckets(found["url"]))
        return True

    def _examine(self, stretch: Stretch, place: int, line: int) -> EntryColumns:
        """Examine one row of a stretch."""
        layout = self.layout
        assert layout is not None
        start, length = int(stretch.starts[place]), int(stretch.lengths[place])
        text = self.sink.document.data[start : start + length].decode()
        row = row_of(text, self._delimiter)
        row.line, row.start, row.length = line + place, start, length
        kind = EntryType(stretch.frame["type"][place])
        return CsvEntry(Draft(kind, [(row, layout)]), self.sink, self.sink.index + place).judge()

    def _take_header(self, row: Row) -> bool:
        """Read a header row; returns whether the rows below can be read."""
        sink = self.sink
        if row.problem:
            fault = Fault("csv-syntax", (), row.text, {"problem": row.problem})
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
            return False
        layout = csv_layout.read_layout(row.cells)
        if layout.place_of(csv_layout.URL) is None:
            columns = ", ".join(cell[:40] for cell in row.cells[:20])
            fault = Fault("csv-header-missing", (), row.text, {"columns": columns})
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
            return False
        for column, fault in csv_layout.header_faults(layout):
            sink.collector.add(fault, None, partial(_place_of_cell, row, column))
        if layout.width == 1:
            fault = Fault("csv-single-column", (), row.text)
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
        self._encord = self._encord or layout.kind is not None
        self.layout = layout
        sink.layouts.append((sink.index, row.cells))
        return True

    def _take_row(self, row: Row, layout: Layout) -> None:
        self.rows += 1
        if row.problem or len(row.cells) != layout.width:
            self._refuse(row, layout, _row_fault(row, layout))
            return
        kind = layout.kind or self._kind_of(row, layout)
        if kind is None:
            return
        if kind is EntryType.DICOM_SERIES and not self._warned_dicom:
            self._warned_dicom = True
            where = Where(line=row.line, column=1)
            self.sink.collector.add(Fault("csv-dicom"), None, always(where))
        if kind.is_composite:
            self._collect(row, layout, kind)
        else:
            self._enter(Draft(kind, [(row, layout)]))

    def _kind_of(self, row: Row, layout: Layout) -> EntryType | None:
        """Read the type cell; a row without a known type is refused."""
        place = layout.place_of(csv_layout.TYPE)
        word = row.cells[place].strip() if place is not None else ""
        kind = csv_layout.type_of(word)
        if kind is None:
            problem = f"{word[:80]!r} is not a type of entry" if word else "The row has no type"
            guess = hint(word, list(EntryType)) if word else ""
            fault = Fault("entry-type", ("type",), word, {"problem": problem, "hint": guess})
            self._refuse(row, layout, fault, place)
        return kind

    def _refuse(self, row: Row, layout: Layout, fault: Fault, place: int | None = None) -> None:
        """Hold a row that cannot be read as an entry, with its cells as far as they fit."""
        names = [column.header for column in layout.columns]
        fields: dict[str, object] = dict.fromkeys(names, "")
        if not row.problem:
            cells = [unneutralized(cell) if layout.is_ours else cell for cell in row.cells]
            fields.update(zip(names, cells, strict=False))
            url = layout.place_of(csv_layout.URL)
            if url is not None and url < len(cells):
                fields["objectUrl"] = cells[url]
        span = Span(row.start, row.length)
        held = {**fields, csv_layout.ROW_HEADER: row.text}
        line, column = row.place(place or 0)
        prefix = f"/{self.sink.index}"
        where = Where(line=line, column=column, pointer=pointer(prefix, fault.path))
        self.sink.refused(fault, always(where), fields=held, line=row.line, span=span)

    def _collect(self, row: Row, layout: Layout, kind: EntryType) -> None:
        """Add a row to its group; rows of one group need not stand together."""
        draft = self.drafts.setdefault(group_of(row, layout, kind), Draft(kind))
        draft.rows.append((row, layout))

    def _enter(self, draft: Draft) -> None:
        """Examine one entry made of its rows."""
        self.sink.writer.add(CsvEntry(draft, self.sink, self.sink.index).judge())

    def _finish(self) -> None:
        for draft in self.drafts.values():
            self._enter(draft)
        self.sink.format = "csv-encord" if self._encord else "csv"
        if self.rows > ROW_LIMIT:
            fault = Fault("csv-entry-limit", details={"rows": f"{self.rows:,}"})
            self.sink.collector.add(fault, None, always(Where()))


def _end_of_stretch(data: bytes, at: int) -> int:
    """Return where a stretch of whole lines ends."""
    if at + STRETCH >= len(data):
        return len(data)
    end = data.rfind(b"\n", at, at + STRETCH)
    return end + 1 if end >= 0 else len(data)


def _place_of_cell(row: Row, cell: int, _fault: Fault) -> Where:
    line, column = row.place(cell)
    return Where(line=line, column=column)


def _row_fault(row: Row, layout: Layout) -> Fault:
    if row.problem:
        return Fault("csv-syntax", (), row.text, {"problem": row.problem})
    details = {"found": len(row.cells), "expected": layout.width}
    return Fault("csv-row-width", (), row.text, details)


def read_csv(sink: Sink) -> None:
    """Read one CSV document."""
    CsvReader(sink).read()
