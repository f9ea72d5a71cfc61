"""A CSV document while it is mended, row by row: rows that do not change are copied as they are.

Which entry a row belongs to follows from the check: an entry's first row is known, and the rows
of a group share an identity. Rows wait only while a group that is looked at is incomplete.
"""

import mmap
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Final

from services.manifests import csv_layout
from services.manifests.csv_cells import Row, row_of, rows_of
from services.manifests.csv_fields import cell_of, group_of
from services.manifests.csv_layout import Layout
from services.manifests.document import open_text
from services.manifests.repair.csv_subject import CsvSubject, Line
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Location, Mask, Opened
from services.manifests.repair.splicing import Cut, dropped_lines, spliced
from services.manifests.repair.subject import Mend, Subject

BOM: Final = b"\xef\xbb\xbf"

#: What every header row holds; most rows need no closer look.
_HEADER: Final = re.compile("[-_ ]*".join("objecturl"), re.IGNORECASE)

#: Rewrites a header row and the rows below it; gets the row and the columns that hold.
Reshape = Callable[[Row, Layout], str]


@dataclass(slots=True)
class _Slot:
    """One row on its way out."""

    row: Row
    #: What is written in its place; None drops it.
    text: str | None
    is_ready: bool = True

    def cut(self) -> Cut | None:
        """Return what is replaced; None where the row stays."""
        if self.text == self.row.text:
            return None
        new = None if self.text is None else self.text.encode()
        return Cut(self.row.start, self.row.start + self.row.length, new)


@dataclass(slots=True)
class _Group:
    """A group of which more rows are to come."""

    place: Location
    lines: list[Line] = field(default_factory=list)
    slots: list[_Slot] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CsvSource:
    """The document of one check."""

    opened: Opened

    def rewritten(
        self, mask: Mask, mend: Mend, notes: Notes, reshape: Reshape | None = None
    ) -> Iterator[bytes]:
        """Yield the document with the marked entries mended.

        Args:
            mask: The entries to look at.
            mend: Mends one entry, or leaves it.
            notes: Takes the changes of each mended entry.
            reshape: Writes each row instead, where columns change.
        """
        if self._begins_with_mark():
            yield BOM
        if reshape is None and not self._has_groups(mask):
            yield from self._spliced(mask, mend, notes)
            return
        data = self.opened.document.read_bytes()
        slots = self._slots(data, _Pass(self.opened, mask, mend, notes, reshape))
        cuts = (cut for slot in slots if (cut := slot.cut()))
        yield from spliced(data, dropped_lines(data, cuts))

    def _slots(self, data: bytes, rows: "_Pass") -> Iterator[_Slot]:
        """Yield all rows as they are afterwards."""
        return rows.slots(rows_of(data, self.opened.summary.delimiter or ","))

    def _has_groups(self, mask: Mask) -> bool:
        """Whether a marked entry is made of several rows."""
        places = self.opened.locations(mask)
        return any(place.kind is not None and place.kind.is_composite for place in places)

    def _spliced(self, mask: Mask, mend: Mend, notes: Notes) -> Iterator[bytes]:
        """Mend entries of one row each, without a look at the other rows."""
        text = open_text(self.opened.document)
        cuts = (self._cut(text, place, mend, notes) for place in self.opened.locations(mask))
        yield from spliced(text, dropped_lines(text, (cut for cut in cuts if cut)))

    def _cut(
        self, text: bytes | mmap.mmap, place: Location, mend: Mend, notes: Notes
    ) -> Cut | None:
        subject = self.subject(text, place)
        mended = mend(subject)
        if mended is None:
            return None
        notes.take(subject, mended, partial(self.opened.line_of, place.start))
        after = mended.subject
        new = after.lines[0].text.encode() if isinstance(after, CsvSubject) else None
        return Cut(place.start, place.start + place.length, new)

    def subject(self, text: bytes | mmap.mmap, place: Location) -> CsvSubject:
        """Read an entry of one row."""
        raw = text[place.start : place.start + place.length].decode()
        row = row_of(raw, self.opened.summary.delimiter or ",")
        layouts = self.opened.layouts
        at = bisect_right(layouts, place.index, key=itemgetter(0)) - 1
        line = _line(row, layouts[at][1])
        return CsvSubject(place.index, place.kind, (line,), self.opened.options.schema)

    def _begins_with_mark(self) -> bool:
        """Whether the source tells its encoding, so that a spreadsheet reads it right."""
        with (self.opened.folder.parent / "source").open("rb") as stream:
            head = stream.read(2)
        return self.opened.summary.encoding != "utf-8" or head == BOM[:2]

    def subjects(self, mask: Mask) -> Iterator[Subject]:
        """Yield the marked entries, groups when they are complete."""
        if not self._has_groups(mask):
            text = open_text(self.opened.document)
            yield from (self.subject(text, place) for place in self.opened.locations(mask))
            return
        found: list[Subject] = []

        def look(subject: Subject) -> None:
            found.append(subject)

        data = self.opened.document.read_bytes()
        for _ in self._slots(data, _Pass(self.opened, mask, look, Notes(), None)):
            yield from found
            found.clear()
        yield from found


class _Pass:
    """One pass over the rows."""

    def __init__(
        self, opened: Opened, mask: Mask, mend: Mend, notes: Notes, reshape: Reshape | None
    ) -> None:
        self._schema = opened.options.schema
        self._mask = mask
        self._mend = mend
        self._notes = notes
        self._reshape = reshape
        self._places = opened.by_start()
        self._next = next(self._places, None)
        self._groups: dict[object, _Group] = {}
        self._queue: deque[_Slot] = deque()

    def slots(self, rows: Iterator[Row]) -> Iterator[_Slot]:
        """Yield the rows as they are afterwards."""
        layout: Layout | None = None
        for row in rows:
            if layout is None or is_header(row):
                layout = csv_layout.read_layout(row.cells)
                self._queue.append(_Slot(row, self._copied(row, layout)))
            else:
                self._take(row, layout)
            yield from self._flushed()
        for group in list(self._groups.values()):
            self._close(group)
        yield from self._flushed()

    def _flushed(self) -> Iterator[_Slot]:
        while self._queue and self._queue[0].is_ready:
            yield self._queue.popleft()

    def _copied(self, row: Row, layout: Layout) -> str:
        return self._reshape(row, layout) if self._reshape else row.text

    def _take(self, row: Row, layout: Layout) -> None:
        """Take a row to its entry; rows of no marked entry pass."""
        place = self._first_of(row)
        if place is not None and not self._mask[place.index]:
            place = None
        elif place is None or (place.kind is not None and place.kind.is_composite):
            self._take_frame(row, layout, place)
            return
        slot = _Slot(row, self._copied(row, layout))
        self._queue.append(slot)
        if place is not None:
            self._close(_Group(place, [_line(row, layout)], [slot]))

    def _first_of(self, row: Row) -> Location | None:
        """Return the entry that begins with a row."""
        place = self._next
        if place is None or place.start != row.start:
            return None
        self._next = next(self._places, None)
        return place

    def _take_frame(self, row: Row, layout: Layout, place: Location | None) -> None:
        """Add a row to its group, which is new when the row is an entry's first."""
        slot = _Slot(row, self._copied(row, layout))
        self._queue.append(slot)
        if row.problem or len(row.cells) != layout.width or not (self._groups or place):
            return
        kind = csv_layout.kind_of(layout, cell_of(row, layout, csv_layout.TYPE))
        identity = group_of(row, layout, kind)
        if place is not None:
            self._groups[identity] = _Group(place)
        group = self._groups.get(identity)
        if group is None:
            return
        slot.is_ready = False
        group.lines.append(_line(row, layout))
        group.slots.append(slot)
        if len(group.lines) == group.place.url_count:
            del self._groups[identity]
            self._close(group)

    def _close(self, group: _Group) -> None:
        """Mend a complete entry and let its rows go."""
        kind = group.place.kind
        subject = CsvSubject(group.place.index, kind, tuple(group.lines), self._schema)
        mended = self._mend(subject)
        if mended is not None:
            self._notes.take(subject, mended, lambda: group.lines[0].row.line)
            self._replace(group, mended.subject)
        for slot in group.slots:
            slot.is_ready = True

    def _replace(self, group: _Group, after: object) -> None:
        lines = after.lines if isinstance(after, CsvSubject) else ()
        made = {line.row.line: line.text for line in lines}
        for slot, line in zip(group.slots, group.lines, strict=True):
            slot.text = made.get(line.row.line)


def is_header(row: Row) -> bool:
    """Whether a row names columns."""
    likely = not row.problem and _HEADER.search(row.text)
    return bool(likely) and csv_layout.is_header(row.cells)


def _line(row: Row, layout: Layout) -> Line:
    return Line(row, layout, tuple(row.cells))
