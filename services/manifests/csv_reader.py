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
from services.manifests.csv_batch import Doubted, Plan, Stretch, read_stretch
from services.manifests.csv_cells import Lines, Row, next_row, row_of, rows_until
from services.manifests.csv_entry import CsvEntry
from services.manifests.csv_fields import Draft, cell_of, cell_text, group_of
from services.manifests.csv_layout import Layout
from services.manifests.csv_merge import Merge
from services.manifests.document import Content
from services.manifests.entry_check import Examined, plain_faults
from services.manifests.faults import Fault
from services.manifests.sink import Pending, Sink
from services.manifests.url_columns import count_buckets

#: Encord's own form refuses more rows.
ROW_LIMIT: Final = 10_000
_DELIMITERS: Final = ",;\t"
#: What only some readers take for the end of a line: all rows would be one header.
_LONE_CR: Final = re.compile(r"\r(?!\n)")
_CR: Final = "Lines end in CR alone; save the file with line ends of LF or CRLF"
#: Bytes looked at in one go.
STRETCH: Final = 12 << 20
#: Below a repeated header another may follow soon: so many rows are read one by one, and the
#: stretches behind them begin small and grow, or each header would have far more looked at.
_ROWS_BELOW: Final = 200
_FIRST_STRETCH: Final = 64 << 10
_GROWTH: Final = 8
#: Numpy and polars let go of the interpreter: two threads look ahead, while rows are examined here
#: and taken on another one.
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
        with ThreadPoolExecutor(_THREADS) as pool, ThreadPoolExecutor(max_workers=1) as taker:
            while self.lines.at < size:
                self._read_on(pool, taker)
        self._finish()

    def _read_on(self, pool: Executor, taker: Executor) -> None:
        """Read until a row ends where no stretch does, or gives another layout.

        What was read of one stretch is taken while the next one is read.
        """
        layout, index = self.layout, self.sink.index
        taken: Future[None] | None = None
        with closing(self._ahead(pool)) as stretches:
            for stretch in stretches:
                merge, line = Merge.of(stretch), self.lines.line + 1
                self._read_suspects(merge, index, line)
                self.rows += merge.kept
                if taken:
                    taken.result()
                taken = taker.submit(self._take, merge, index, line, self.sink.take_pending())
                index += merge.height
                self._told()
                if self.lines.at != stretch.end or self.layout is not layout:
                    break
        if taken:
            taken.result()
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
        self.sink.hash_pending()
        self._told()

    def _told(self) -> None:
        """Say how far the document is read."""
        self.sink.progress(min(self.lines.at / len(self.sink.document.data), 1.0))

    def _ahead(self, pool: Executor) -> Generator[Stretch]:
        """Yield stretches in order, while the ones behind them are looked at."""
        assert self.layout is not None
        data, at = self.sink.document.data, self.lines.at
        plan = Plan.of(self.sink.document, self.layout, self.delimiter, self.sink.options)
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

    def _take(self, merge: Merge, index: int, line: int, pending: Pending) -> None:
        """Enter the rows of a stretch, the first of which has an index, from a line on."""
        accepted = merge.accepted(index, line)
        urls = merge.clear(accepted)
        self.sink.hash_pending(pending)
        self.sink.accepted(merge.merged(accepted), urls, count_buckets(urls["url"]))
        self.sink.document.let_go(merge.stretch.begin, merge.stretch.end)

    def _read_suspects(self, merge: Merge, index: int, first: int) -> None:
        """Read what is not accepted, and examine what is in doubt.

        Goes on behind the stretch, or below another header.

        Args:
            merge: Takes what was read.
            index: The index of the first entry.
            first: The number of the first line.
        """
        lines, layout, stretch = self.lines, self.layout, merge.stretch
        for place in merge.suspects():
            line, entry = first + place, index + merge.count(place)
            if doubted := stretch.doubted.get(place):
                merge.judge(place, valid=self._judge_plain(doubted, entry, line))
                continue
            lines.go(stretch.begin + int(stretch.starts[place]), line - 1)
            row = next_row(lines, self.delimiter)
            made = self._take_row(row, entry) if row else None
            merge.put(place, lines.line - first + 1, made)
            if self.layout is not layout:
                merge.cut(lines.line - first + 1)
                return
        if lines.at < stretch.end:
            lines.go(stretch.end, first - 1 + len(stretch.starts))

    def _judge_plain(self, doubted: Doubted, index: int, line: int) -> bool:
        """Examine URL and title of a line whose other cells are good; tell whether it is valid."""
        kind, sink, layout = EntryType(doubted.kind), self.sink, self.layout
        assert layout is not None

        def locate(fault: Fault) -> Where:
            text = sink.document.data[doubted.start : doubted.start + doubted.length].decode()
            role = csv_layout.TITLE if fault.path == ("title",) else csv_layout.URL
            _, column = row_of(text, self.delimiter).place(layout.place_of(role) or 0)
            return Where(line=line, column=column, pointer=pointer(f"/{index}", fault.path))

        faults = plain_faults(kind, doubted.url, doubted.title, sink.options)
        made = Examined(kind, [doubted.url], doubted.title, faults, None)
        return sink.judge(index, made, faults, locate, places=[(line, 0)]).valid

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
