"""Where the lines and cells of CSV text stand, found in its bytes as a whole.

Plain lines have as many cells as the header, are strictly quoted and end where their last cell
does. What is odd about the others is for `csv_cells` to say, line by line.
"""

import threading
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from services.manifests.csv_views import PAD, Bytes, Offsets, point_at, shared_text
from services.manifests.document import Content

Mask = npt.NDArray[np.bool_]

_ANY: Final = 0xFF
#: A line longer than this is not plain.
_LONGEST: Final = 1 << 20
_TAB, _NEWLINE, _RETURN, _BLANK, _QUOTE, _DELETE = b'\t\n\r "\x7f'
#: Few bytes but controls, quotes and this delimiter are as low, so that one comparison finds all.
_COMMA: Final = ord(",")
#: What no bare cell has either.
_SPECIAL: Final = b"#?\\"
#: How many signs there is room for at first: more than stretches have, unless a line is huge, and
#: no less than a block may add.
_ROOM: Final = 1 << 22
#: Bytes looked at in one go: what is written about them stays near the processor.
_BLOCK: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Text:
    """Whole lines, each with its end."""

    #: What they stand in, which goes on for `PAD` bytes behind them.
    data: Content
    at: int
    #: Bytes of the lines.
    size: int

    @classmethod
    def of(cls, data: Content, at: int, end: int) -> Self:
        """Take lines from a document; copies them only at its end."""
        if end + PAD <= len(data):
            return cls(data, at, end - at)
        lines = data[at:end]
        lines = lines if lines.endswith(b"\n") else lines + b"\n"
        return cls(lines + bytes(PAD), 0, len(lines))

    @property
    def padded(self) -> Bytes:
        """The lines and what follows them."""
        return np.frombuffer(self.data, np.uint8, self.size + PAD, self.at)

    @property
    def lines(self) -> Bytes:
        """The lines without what follows them."""
        return self.padded[: self.size]

    def has(self, sign: int) -> bool:
        """Tell whether a byte is anywhere in the lines."""
        return self.data.find(bytes((sign,)), self.at, self.at + self.size) >= 0


class Room(threading.local):
    """Memory for the signs of one text after another, for each thread; new memory costs a tenth."""

    def __init__(self, size: int = _ROOM) -> None:
        # There may be as many as bytes, but hardly ever are.
        self.places: Offsets = np.empty(min(size, _ROOM), np.int64)
        self.values: Bytes = np.empty(min(size, _ROOM), np.uint8)


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines of a text, and the cells of those that are plain."""

    text: Text
    signs: "_Signs"
    #: Where lines begin, and how long they are without their ends.
    starts: Offsets
    lengths: Offsets
    plain: Mask
    #: Where plain lines begin.
    begins: Offsets
    #: Which signs end the cells of plain lines, a row a line.
    ends: Offsets
    quoted: bool
    #: Where the cells of columns end that were asked for.
    _known: dict[int, Offsets] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """How many lines are plain."""
        return len(self.ends)

    @property
    def is_ascii(self) -> bool:
        """Whether the text has nothing but ASCII."""
        return self.signs.highest <= _DELETE

    def bare(self, column: int) -> Mask:
        """Mark cells of ASCII without quotes, blanks, controls, `#`, `?` and the backslash."""
        if self.quoted or not self.is_ascii or self.signs.misses(_SPECIAL):
            return np.zeros(self.height, np.bool_)
        # The sign before its end is the end of what stands before it: the cell has none itself.
        bare: Mask = self.signs.is_mark[self.ends[:, column] - 1]
        return bare

    def shared(self, column: int) -> str | None:
        """Return the short text that all cells of a column are, told sooner than by `cells`."""
        if self.quoted:
            return None
        return shared_text(self.text.padded, *self._bounds(column))

    def _bounds(self, column: int) -> tuple[Offsets, Offsets]:
        begins = self._stops(column - 1) + 1 if column else self.begins
        return begins, self._stops(column)

    def _stops(self, column: int) -> Offsets:
        if column not in self._known:
            is_last = column == self.ends.shape[1] - 1
            self._known[column] = (
                (self.starts + self.lengths)[self.plain]
                if is_last
                else self.signs.places[self.ends[:, column]]
            )
        return self._known[column]

    def cells(self, column: int) -> pl.Series:
        """Return a column of the plain lines, without quotes."""
        begins, stops = self._bounds(column)
        if not self.quoted:
            return point_at(self.text.padded, begins, stops)
        padded = self.text.padded
        opened: Mask = padded[begins] == _QUOTE
        inside = point_at(padded, begins + opened, stops - opened)
        return inside.str.replace_all('""', '"', literal=True)


def read_grid(
    text: Text, delimiter: str, width: int, *, highest: int = _ANY, room: Room | None = None
) -> Grid:
    """Find the lines of a text and the cells of those that have so many.

    Args:
        text: The lines.
        delimiter: Stands between cells.
        width: How many cells a plain line has.
        highest: No byte is higher, as far as is known.
        room: Where the grid stands until its thread reads another one there.
    """
    signs = _Signs.of(text, ord(delimiter), highest, room or Room(len(text.lines)))
    marks = np.flatnonzero(signs.is_mark)
    last, cells = _ends_of_lines(signs, marks, width)
    stops = signs.places[last]
    starts = np.concatenate(([0], stops[:-1] + 1))
    lengths, odd = signs.lines(starts, stops)
    quotes = signs.quotes(stops, delimiter)
    if quotes is not None:
        odd = np.concatenate((odd, quotes.odd))
        outside = ~quotes.inside[marks]
        marks, cells = marks[outside], _count(outside, cells)
    plain = (cells == width) & (lengths > 0) & (lengths <= _LONGEST)
    plain[odd] = False
    begins = starts
    if not plain.all():
        begins, marks = starts[plain], marks[np.repeat(plain, cells)]
    ends = marks.reshape(-1, width)
    return Grid(text, signs, starts, lengths, plain, begins, ends, quotes is not None)


def _ends_of_lines(signs: "_Signs", marks: Offsets, width: int) -> tuple[Offsets, Offsets]:
    """Return which signs end lines, and how many marks each line has."""
    last = marks[width - 1 :: width]
    breaks = np.count_nonzero(signs.is_break)
    # As many ends of lines as lines of this width, each where it has to be: there are no others.
    if breaks * width == len(marks) and signs.is_break[last].all():
        return last, np.full(breaks, width)
    ending = np.flatnonzero(signs.is_break[marks])
    return marks[ending], np.diff(ending, prepend=-1)


def _count(chosen: Mask, groups: Offsets) -> Offsets:
    """Count what is chosen in consecutive groups, of the sizes given and none of them empty."""
    firsts = np.cumsum(groups) - groups
    counts: Offsets = np.add.reduceat(chosen, firsts, dtype=np.int64)
    return counts


@dataclass(frozen=True, slots=True)
class _Signs:
    """The bytes of a text that may say where it is cut, or that a line is odd; few others."""

    text: Text
    places: Offsets
    values: Bytes
    #: Which of them end lines.
    is_break: Mask
    #: Which of them end lines or, outside of quotes, cells.
    is_mark: Mask
    #: Up to which byte all are among them.
    limit: int
    #: The highest byte of the text.
    highest: int

    @classmethod
    def of(cls, text: Text, delimiter: int, highest: int, room: Room) -> Self:
        """Look at every byte once, and from then on only at what was found."""
        lines = text.lines
        is_low = delimiter <= _COMMA
        limit = max(delimiter, _QUOTE) if is_low else _QUOTE
        if highest >= _DELETE:
            highest = int(lines.max())
        is_deleted = highest >= _DELETE
        places, signs, count = room.places, room.values, 0
        for at in range(0, len(lines), _BLOCK):
            block = lines[at : at + _BLOCK]
            mask = block <= limit
            if not is_low:
                mask |= block == delimiter
            if is_deleted:
                mask |= block == _DELETE
            found = np.flatnonzero(mask)
            end = count + len(found)
            if end > len(places):
                more = 2 * len(places) + _BLOCK
                places, signs = np.resize(places, more), np.resize(signs, more)
            np.add(found, at, out=places[count:end])
            # No place is outside: to say so spares looking.
            block.take(found, out=signs[count:end], mode="clip")
            count = end
        each = signs[:count]
        is_break: Mask = each == _NEWLINE
        is_mark = is_break | (each == delimiter)
        return cls(text, places[:count], each, is_break, is_mark, limit, highest)

    def misses(self, wanted: bytes) -> bool:
        """Tell whether the text has bytes of these that are not among the signs."""
        return any(self.text.has(each) for each in wanted if each > self.limit)

    def lines(self, starts: Offsets, stops: Offsets) -> tuple[Offsets, Offsets]:
        """Return how long lines are, and which have control characters.

        A carriage return is one unless it ends a line.
        """
        lengths = stops - starts
        low = self.values < _BLANK
        if self.highest < _DELETE and np.count_nonzero(low) == len(stops):
            return lengths, np.empty(0, np.int64)  # only ends of lines are as low
        control = low | (self.values == _DELETE)
        control &= ~self.is_break & (self.values != _TAB)
        if not control.any():
            return lengths, np.empty(0, np.int64)
        lines, found = self.text.lines, self.places[control]
        # The last byte is the end of a line, so that there is one behind every other sign.
        lone = (self.values[control] != _RETURN) | (lines[found + 1] != _NEWLINE)
        return lengths - (lines[stops - 1] == _RETURN), np.searchsorted(stops, found[lone])

    def quotes(self, stops: Offsets, delimiter: str) -> "_Quotes | None":
        """Look at all quotes: one opens where a cell begins and closes where it ends."""
        is_quote = self.values == _QUOTE
        if not is_quote.any():
            return None
        total = np.cumsum(is_quote, dtype=np.uint32)
        after = total[self.is_break]
        before = np.concatenate((np.zeros(1, np.uint32), after[:-1]))
        within = np.diff(np.flatnonzero(self.is_break), prepend=-1)
        inside: Mask = (total - np.repeat(before, within)) % 2 == 1
        found, opens = self.places[is_quote], inside[is_quote]
        # Beyond the quote, on the side away from its cell's text: an end of the cell, or the other
        # half of a pair that stands for one quote.
        beyond = self.text.padded[np.where(opens, found - 1, found + 1)]
        fits = (beyond == ord(delimiter)) | (beyond == _NEWLINE) | (beyond == _QUOTE)
        fits |= np.where(opens, found == 0, beyond == _RETURN)
        misplaced = np.searchsorted(stops, found[~fits])
        return _Quotes(inside, np.concatenate((misplaced, np.flatnonzero((after - before) % 2))))


@dataclass(frozen=True, slots=True)
class _Quotes:
    """The quotes of a text."""

    #: Which signs stand behind a quote that opened in their line and is not closed yet.
    inside: Mask
    #: Lines with quotes where strict quoting has none, or that leave one open.
    odd: Offsets
