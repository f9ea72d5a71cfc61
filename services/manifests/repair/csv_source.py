"""A CSV document while it is mended, row by row: rows that do not change are copied as they are.

Which entry a row belongs to follows from the check: an entry's first row is known, and the rows
of a group share an identity. Rows wait only while a group that is looked at is incomplete.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from services.domain.entries import EntryType
from services.manifests import csv_layout
from services.manifests.csv_cells import Row, rows_of
from services.manifests.csv_entry import cell_of
from services.manifests.csv_layout import Layout
from services.manifests.repair.csv_subject import CsvSubject, Line
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Location, Mask, Opened
from services.manifests.repair.subject import Mend, Subject

BOM: Final = b"\xef\xbb\xbf"

#: Rewrites a header row and the rows below it; gets the row and the columns that hold.
Reshape = Callable[[Row, Layout], str]


@dataclass(slots=True)
class _Slot:
    """One row on its way out; None is a row that is dropped."""

    text: str | None = None
    is_ready: bool = True


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
        data = self.opened.document.read_bytes()
        end = "\r\n" if data.find(b"\r\n", 0, data.find(b"\n") + 1) >= 0 else "\n"
        if self._begins_with_mark():
            yield BOM
        rows = rows_of(data, self.opened.summary.delimiter or ",")
        yield from _joined(_Pass(self.opened, mask, mend, notes, reshape).texts(rows), end)

    def _begins_with_mark(self) -> bool:
        """Whether the source tells its encoding, so that a spreadsheet reads it right."""
        with (self.opened.folder.parent / "source").open("rb") as stream:
            head = stream.read(2)
        return self.opened.summary.encoding != "utf-8" or head == BOM[:2]

    def subjects(self, mask: Mask) -> Iterator[Subject]:
        """Yield the marked entries, groups when they are complete."""
        found: list[Subject] = []

        def look(subject: Subject) -> None:
            found.append(subject)

        for _ in self.rewritten(mask, look, Notes()):
            yield from found
            found.clear()
        yield from found


def _joined(texts: Iterator[str], end: str) -> Iterator[bytes]:
    """Join rows in blocks."""
    block: list[str] = []
    for text in texts:
        block.append(text)
        if len(block) == 4_096:  # noqa: PLR2004 - rows per block
            yield (end.join(block) + end).encode()
            block.clear()
    if block:
        yield (end.join(block) + end).encode()


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

    def texts(self, rows: Iterator[Row]) -> Iterator[str]:
        """Yield the rows as they are afterwards."""
        layout: Layout | None = None
        for row in rows:
            if layout is None or (not row.problem and csv_layout.is_header(row.cells)):
                layout = csv_layout.read_layout(row.cells)
                self._queue.append(_Slot(self._copied(row, layout)))
            else:
                self._take(row, layout)
            yield from self._flushed()
        for group in list(self._groups.values()):
            self._close(group)
        yield from self._flushed()

    def _flushed(self) -> Iterator[str]:
        while self._queue and self._queue[0].is_ready:
            text = self._queue.popleft().text
            if text is not None:
                yield text

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
        slot = _Slot(self._copied(row, layout))
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
        slot = _Slot(self._copied(row, layout))
        self._queue.append(slot)
        if row.problem or len(row.cells) != layout.width or not (self._groups or place):
            return
        identity = _identity(row, layout)
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


def _line(row: Row, layout: Layout) -> Line:
    return Line(row, layout, tuple(row.cells))


def _identity(row: Row, layout: Layout) -> object:
    """Return what the rows of one group share; must agree with the reader of the check."""
    role = csv_layout.TITLE if layout.groups_by_title else csv_layout.GROUP
    cell = cell_of(row, layout, role) or cell_of(row, layout, csv_layout.TITLE)
    kind = layout.kind or csv_layout.type_of(cell_of(row, layout, csv_layout.TYPE))
    family = EntryType.IMAGE_GROUP if kind is EntryType.IMAGE_SEQUENCE else kind
    return (family, cell) if cell else row.line
