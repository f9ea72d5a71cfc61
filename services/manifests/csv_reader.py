"""Read CSV into a sink: Encord's dialect and our superset become the entries JSON would give."""

import re
from collections import deque
from collections.abc import Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec

from services.domain.entries import EntryType
from services.domain.nearest import hint
from services.manifests import carried, csv_layout, csv_unsaid
from services.manifests.collector import Where, always, pointer
from services.manifests.columns import Row as EntryColumns
from services.manifests.csv_batch import Plan, Stretch, read_stretch
from services.manifests.csv_cells import Lines, Row, next_row, rows_until
from services.manifests.csv_entry import CsvEntry
from services.manifests.csv_fields import Draft, cell_of, cell_text, group_of
from services.manifests.csv_layout import Layout
from services.manifests.csv_merge import Merge
from services.manifests.document import Content
from services.manifests.faults import Fault
from services.manifests.sink import Sink
from services.manifests.url_columns import count_buckets

#: Encord's own form refuses more rows.
ROW_LIMIT: Final = 10_000
_DELIMITERS: Final = ",;\t"
#: What only some readers take for the end of a line: all rows would be one header.
_LONE_CR: Final = re.compile(r"\r(?!\n)")
_CR: Final = "Lines end in CR alone; save the file with line ends of LF or CRLF"
#: Bytes looked at in one go.
STRETCH: Final = 8 << 20
#: Below a repeated header another may follow soon: so many rows are read one by one, and the
#: stretches behind them begin small and grow, or each header would have far more looked at.
_ROWS_BELOW: Final = 200
_FIRST_STRETCH: Final = 64 << 10
_GROWTH: Final = 8
#: Numpy and polars let go of the interpreter, so that two threads keep two cores busy.
_THREADS: Final = 2
_AHEAD: Final = 3


def sniff_delimiter(head: str) -> str:
    """Choose the separator that the header row has most of, outside quotes."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    bare = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=bare.count) if any(map(bare.count, _DELIMITERS)) else ","


@dataclass(slots=True)
class CsvReader:
    """One pass over the rows of a CSV."""

    sink: Sink
    lines: Lines
    delimiter: str
    rows: int = 0
    layout: Layout | None = None
    #: Groups by identity, in the order of their first rows.
    drafts: dict[object, Draft] = field(default_factory=dict)
    _warned_dicom: bool = False
    _encord: bool = False
    _stretch: int = STRETCH

    def read(self) -> None:
        """Read every row; a file without a URL column is one finding."""
        size = len(self.sink.document.data)
        header = next(rows_until(self.lines, self.delimiter, size), None)
        if header is None or not self._take_header(header, 0):
            return
        with ThreadPoolExecutor(_THREADS) as pool:
            while self.lines.at < size:
                self._read_on(pool)
        self._finish()

    def _read_on(self, pool: Executor) -> None:
        """Read until a row ends where no stretch does, or gives another layout."""
        layout = self.layout
        with closing(self._ahead(pool)) as stretches:
            for stretch in stretches:
                self._take_stretch(stretch)
                self._told()
                if self.lines.at != stretch.end or self.layout is not layout:
                    break
        if self.layout is not layout:
            self._stretch = _FIRST_STRETCH
            self._read_below()

    def _read_below(self) -> None:
        """Read rows one by one until no header was among the last ones."""
        rows, layout = 0, self.layout
        for row in rows_until(self.lines, self.delimiter, len(self.sink.document.data)):
            if made := self._take_row(row, self.sink.index):
                self.sink.writer.add(made)
            rows = rows + 1 if self.layout is layout else 0
            layout = self.layout
            if rows == _ROWS_BELOW:
                break
        self._told()

    def _told(self) -> None:
        """Hash what was read so far, and say how far that is."""
        self.sink.hash_pending()
        self.sink.progress(min(self.lines.at / len(self.sink.document.data), 1.0))

    def _ahead(self, pool: Executor) -> Generator[Stretch]:
        """Yield stretches in order, while the ones behind them are looked at."""
        assert self.layout is not None
        data, at = self.sink.document.data, self.lines.at
        plan = Plan.of(data, self.layout, self.delimiter, self.sink.options)
        waiting: deque[Future[Stretch]] = deque()
        try:
            while at < len(data) or waiting:
                while at < len(data) and len(waiting) < self._count_ahead():
                    end = _end_of_stretch(data, at, self._stretch)
                    waiting.append(pool.submit(read_stretch, plan, at, end))
                    at = end
                yield waiting.popleft().result()
                self._stretch = min(self._stretch * _GROWTH, STRETCH)
        finally:
            for each in waiting:
                each.cancel()

    def _count_ahead(self) -> int:
        return _AHEAD if self._stretch == STRETCH else 1

    def _take_stretch(self, stretch: Stretch) -> None:
        """Enter the accepted lines of a stretch, and read the others one by one."""
        before = self.lines.line
        merge = Merge.of(stretch)
        self._read_suspects(merge, before)
        accepted = merge.accepted(self.sink.index, before + 1)
        self.rows += accepted.height
        urls = accepted.select("url", "nth", "entry", "line", "column")
        self.sink.accepted(merge.merged(accepted), urls, count_buckets(urls["url"]))

    def _read_suspects(self, merge: Merge, before: int) -> None:
        """Read what is not accepted; goes on behind the stretch, or below another header."""
        lines, layout, stretch = self.lines, self.layout, merge.stretch
        for place in merge.suspects():
            lines.go(stretch.begin + int(stretch.starts[place]), before + place)
            row = next_row(lines, self.delimiter)
            made = self._take_row(row, self.sink.index + merge.count(place)) if row else None
            merge.put(place, lines.line - before, made)
            if self.layout is not layout:
                merge.cut(lines.line - before)
                return
        if lines.at < stretch.end:
            lines.go(stretch.end, before + len(stretch.starts))

    def _take_header(self, row: Row, index: int) -> bool:
        """Read the header of entries from an index on; returns whether they can be read."""
        sink = self.sink
        if row.problem:
            fault = Fault("csv-syntax", (), row.text, {"problem": row.problem})
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
            return False
        if any(_LONE_CR.search(cell.strip()) for cell in row.cells):
            fault = Fault("csv-syntax", (), row.text, {"problem": _CR})
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
        sink.layouts.append((index, row.cells))
        return True

    def _take_row(self, row: Row, index: int) -> EntryColumns | None:
        """Read a row; None when it is no entry, or only a part of one."""
        layout = self.layout
        assert layout is not None
        if not row.problem and csv_layout.is_header(row.cells):
            self._take_header(row, index)
            return None
        self.rows += 1
        if row.problem or len(row.cells) != layout.width:
            return self._refuse(row, index, _row_fault(row, layout))
        kind = csv_layout.kind_of(layout, cell_of(row, layout, csv_layout.TYPE))
        if kind is None:
            return self._refuse_type(row, index)
        if layout.is_ours and (problem := carried.problem_of(row, layout)):
            return self._refuse(row, index, Fault("csv-syntax", (), row.text, {"problem": problem}))
        self._warn_of_dicom(kind, row)
        if kind.is_composite:
            # Rows of one group need not stand together.
            draft = self.drafts.setdefault(group_of(row, layout, kind), Draft(kind))
            draft.rows.append((row, layout))
            return None
        return CsvEntry(Draft(kind, [(row, layout)]), self.sink, index).judge()

    def _warn_of_dicom(self, kind: EntryType, row: Row) -> None:
        if kind is EntryType.DICOM_SERIES and not self._warned_dicom:
            self._warned_dicom = True
            where = Where(line=row.line, column=1)
            self.sink.collector.add(Fault("csv-dicom"), None, always(where))

    def _refuse_type(self, row: Row, index: int) -> EntryColumns:
        """Refuse a row without a known type, or with another one than its header says."""
        layout = self.layout
        assert layout is not None
        place = layout.place_of(csv_layout.TYPE)
        word = row.cells[place].strip() if place is not None else ""
        problem = f"{word[:80]!r} is not a type of entry" if word else "The row has no type"
        guess = hint(word, list(EntryType)) if word else ""
        if layout.kind and csv_layout.type_of(word):
            problem, guess = f"The row is {word!r} and its header says {layout.kind.label}", ""
        fault = Fault("entry-type", ("type",), word, {"problem": problem, "hint": guess})
        return self._refuse(row, index, fault, place)

    def _refuse(self, row: Row, index: int, fault: Fault, place: int | None = None) -> EntryColumns:
        """Hold a row that cannot be read as an entry, with its cells as far as they fit."""
        line, column = row.place(place or 0)
        where = Where(line=line, column=column, pointer=pointer(f"/{index}", fault.path))
        refused = self.sink.judge_refused(index, fault, always(where), None)
        return refused._replace(
            title=self._cell_of(row, csv_layout.TITLE) or None,
            url=self._cell_of(row, csv_layout.URL),
            start=row.start,
            length=row.length,
            line=row.line,
            payload=self._held(row),
        )

    def _cell_of(self, row: Row, role: str) -> str | None:
        """Return a cell of a row that cannot be read, as far as its cells go."""
        layout = self.layout
        assert layout is not None
        place = layout.place_of(role)
        if row.problem or place is None or place >= len(row.cells):
            return None
        return cell_text(row, layout, place)

    def _held(self, row: Row) -> bytes:
        """Return what is held of a row that cannot be read: what it carries, or its cells."""
        layout, schema = self.layout, self.sink.options.schema
        assert layout is not None
        is_whole = not row.problem and len(row.cells) == layout.width
        if is_whole and (text := carried.carried_text(row, layout)) is not None:
            return carried.anew(row, layout, text)
        # Of a row that was held before, the text that it had in the first place.
        first_text = carried.first_text(row, layout) or row.text
        return msgspec.json.encode([csv_unsaid.line_of_row(row, layout, schema, first_text)])

    def _finish(self) -> None:
        for draft in self.drafts.values():
            self.sink.writer.add(CsvEntry(draft, self.sink, self.sink.index).judge())
        self.sink.format = "csv-encord" if self._encord else "csv"
        if self.rows > ROW_LIMIT:
            fault = Fault("csv-entry-limit", details={"rows": f"{self.rows:,}"})
            self.sink.collector.add(fault, None, always(Where()))


def _end_of_stretch(data: Content, at: int, size: int) -> int:
    """Return where a stretch of whole lines of about a size ends."""
    if at + size >= len(data):
        return len(data)
    end = data.rfind(b"\n", at, at + size)
    if end < 0:
        end = data.find(b"\n", at + size)
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
    data = sink.document.data
    delimiter = sniff_delimiter(data[:65_536].decode("utf-8", "ignore"))
    sink.delimiter, sink.format = delimiter, "csv"
    CsvReader(sink, Lines(data), delimiter).read()
