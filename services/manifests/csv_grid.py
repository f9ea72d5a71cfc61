"""Where the lines and cells of CSV text stand, found in its bytes as a whole.

Plain lines have as many cells as the header, are strictly quoted and end where their last cell
does. What is odd about the others is for `csv_cells` to say, line by line.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from services.manifests.csv_views import PAD, Bytes, Offsets, point_at, shared_text

Mask = npt.NDArray[np.bool_]

#: A line longer than this is not plain.
_LONGEST: Final = 1 << 20
_TAB, _NEWLINE, _RETURN, _BLANK, _QUOTE, _DELETE = b'\t\n\r "\x7f'


@dataclass(frozen=True, slots=True)
class Text:
    """Whole lines, each with its end."""

    #: Goes on for `PAD` bytes behind the lines.
    padded: Bytes
    #: Bytes of the lines.
    size: int

    @classmethod
    def of(cls, data: bytes, at: int, end: int) -> Self:
        """Take lines from a document; copies them only at its end."""
        if end + PAD <= len(data):
            return cls(np.frombuffer(data, np.uint8, end - at + PAD, at), end - at)
        lines = data[at:end] if data.endswith(b"\n", at, end) else data[at:end] + b"\n"
        return cls(np.frombuffer(lines + bytes(PAD), np.uint8), len(lines))

    @property
    def lines(self) -> Bytes:
        """The lines without what follows them."""
        return self.padded[: self.size]


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines of a text, and the cells of those that are plain."""

    text: Text
    #: Where lines begin, and how long they are without their ends.
    starts: Offsets
    lengths: Offsets
    plain: Mask
    #: Where the cells of plain lines end, a row a line.
    ends: Offsets
    quoted: bool

    def shared(self, column: int) -> str | None:
        """Return the short text that all cells of a column are, told sooner than by `cells`."""
        if self.quoted:
            return None
        return shared_text(self.text.padded, *self._bounds(column))

    def _bounds(self, column: int) -> tuple[Offsets, Offsets]:
        begins = self.ends[:, column - 1] + 1 if column else self.starts[self.plain]
        return begins, self.ends[:, column]

    def cells(self, column: int) -> pl.Series:
        """Return a column of the plain lines, without quotes."""
        begins, stops = self._bounds(column)
        if not self.quoted:
            return point_at(self.text.padded, begins, stops)
        opened: Mask = self.text.padded[begins] == _QUOTE
        inside = point_at(self.text.padded, begins + opened, stops - opened)
        return inside.str.replace_all('""', '"', literal=True)


def read_grid(text: Text, delimiter: str, width: int) -> Grid:
    """Find the lines of a text and the cells of those that have so many."""
    lines = text.lines
    # Looks at every byte are written over one another: new memory costs more than the look.
    seen, more = np.empty((2, len(lines)), np.bool_)
    np.equal(lines, _NEWLINE, out=seen)
    np.equal(lines, ord(delimiter), out=more)
    marks = np.flatnonzero(np.logical_or(seen, more, out=seen))
    breaks = np.flatnonzero(lines[marks] == _NEWLINE)
    stops = marks[breaks]
    starts = np.concatenate(([0], stops[:-1] + 1))
    cells = np.diff(breaks, prepend=-1)
    quotes = _read_quotes(text, stops, delimiter)
    odd = _odd_lines(lines, stops, seen, more)
    if quotes is not None:
        odd = np.concatenate((odd, quotes.odd))
        outside = quotes.outside(marks, cells)
        marks, cells = marks[outside], _count(outside, cells)
    lengths = stops - starts - (lines[stops - 1] == _RETURN)
    plain = (cells == width) & (lengths > 0) & (lengths <= _LONGEST)
    plain[odd] = False
    ends = (marks if plain.all() else marks[np.repeat(plain, cells)]).reshape(-1, width)
    ends[:, -1] = (starts + lengths)[plain]
    return Grid(text, starts, lengths, plain, ends, quotes is not None)


def _count(chosen: Mask, groups: Offsets) -> Offsets:
    """Count what is chosen in consecutive groups, of the sizes given and none of them empty."""
    firsts = np.cumsum(groups) - groups
    counts: Offsets = np.add.reduceat(chosen, firsts, dtype=np.int64)
    return counts


def _odd_lines(lines: Bytes, stops: Offsets, controls: Mask, deleted: Mask) -> Offsets:
    """Find the lines with control characters; a carriage return is one unless it ends a line.

    Writes over the masks.
    """
    np.less(lines, _BLANK, out=controls)
    np.equal(lines, _DELETE, out=deleted)
    if np.count_nonzero(controls) == len(stops) and not deleted.any():
        return np.empty(0, np.int64)
    found = np.flatnonzero(controls | deleted)
    found = found[(lines[found] != _NEWLINE) & (lines[found] != _TAB)]
    lone = (lines[found] != _RETURN) | (lines[np.minimum(found + 1, len(lines) - 1)] != _NEWLINE)
    odd: Offsets = np.searchsorted(stops, found[lone])
    return odd


@dataclass(frozen=True, slots=True)
class _Quotes:
    """The quotes of a text."""

    #: How many there are up to each byte.
    total: npt.NDArray[np.uint32]
    #: How many there are before each line.
    before: npt.NDArray[np.uint32]
    #: Lines with quotes where strict quoting has none, or that leave one open.
    odd: Offsets

    def outside(self, marks: Offsets, cells: Offsets) -> Mask:
        """Say which marks are in no quotes; every line has so many of them."""
        inside: Mask = (self.total[marks] - np.repeat(self.before, cells)) % 2 == 1
        return ~inside


def _read_quotes(text: Text, stops: Offsets, delimiter: str) -> _Quotes | None:
    """Look at all quotes: one opens where a cell begins and closes where it ends."""
    is_quote = text.lines == _QUOTE
    if not is_quote.any():
        return None
    total = np.cumsum(is_quote, dtype=np.uint32)
    after = total[stops]
    before = np.concatenate((np.zeros(1, np.uint32), after[:-1]))
    found = np.flatnonzero(is_quote)
    opens = (np.arange(len(found)) - np.repeat(before, after - before)) % 2 == 0
    # Beyond the quote, on the side away from its cell's text: an end of the cell, or the other
    # half of a pair that stands for one quote.
    beyond = text.padded[np.where(opens, found - 1, found + 1)]
    fits = (beyond == ord(delimiter)) | (beyond == _NEWLINE) | (beyond == _QUOTE)
    fits |= np.where(opens, found == 0, beyond == _RETURN)
    misplaced: Offsets = np.searchsorted(stops, found[~fits])
    return _Quotes(total, before, np.concatenate((misplaced, np.flatnonzero((after - before) % 2))))
