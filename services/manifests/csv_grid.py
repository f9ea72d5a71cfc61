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
#: Few bytes but controls, quotes and this delimiter are as low, so that one comparison finds all.
_COMMA: Final = ord(",")
#: Bytes looked at in one go: what is written about them stays near the processor.
_BLOCK: Final = 1 << 18


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
    #: Whether the text has nothing but ASCII.
    is_ascii: bool

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
    signs = _Signs.of(text, ord(delimiter))
    breaks = signs.is_break[signs.is_mark]
    marks = signs.places[signs.is_mark]
    stops = marks[breaks]
    starts = np.concatenate(([0], stops[:-1] + 1))
    cells = np.diff(np.flatnonzero(breaks), prepend=-1)
    odd = signs.odd_lines(stops)
    quotes = signs.quotes(stops, delimiter)
    if quotes is not None:
        odd = np.concatenate((odd, quotes.odd))
        outside = ~quotes.inside[signs.is_mark]
        marks, cells = marks[outside], _count(outside, cells)
    lengths = stops - starts - (text.lines[stops - 1] == _RETURN)
    plain = (cells == width) & (lengths > 0) & (lengths <= _LONGEST)
    plain[odd] = False
    ends = (marks if plain.all() else marks[np.repeat(plain, cells)]).reshape(-1, width)
    ends[:, -1] = (starts + lengths)[plain]
    return Grid(text, starts, lengths, plain, ends, quotes is not None, signs.is_ascii)


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
    bytes: Bytes
    #: Which of them end lines.
    is_break: Mask
    #: Which of them end lines or, outside of quotes, cells.
    is_mark: Mask
    is_ascii: bool

    @classmethod
    def of(cls, text: Text, delimiter: int) -> Self:
        """Look at every byte once, and from then on only at what was found."""
        lines = text.lines
        is_low = delimiter <= _COMMA
        limit = max(delimiter, _QUOTE) if is_low else _QUOTE
        highest = int(lines.max())
        is_deleted = highest >= _DELETE
        # There may be as many as bytes; memory is taken only for those that there are.
        places, signs, count = np.empty(len(lines), np.int64), np.empty(len(lines), np.uint8), 0
        for at in range(0, len(lines), _BLOCK):
            block = lines[at : at + _BLOCK]
            mask = block <= limit
            if not is_low:
                mask |= block == delimiter
            if is_deleted:
                mask |= block == _DELETE
            found = np.flatnonzero(mask)
            end = count + len(found)
            np.add(found, at, out=places[count:end])
            # No place is outside: to say so spares looking.
            block.take(found, out=signs[count:end], mode="clip")
            count = end
        each = signs[:count]
        is_break: Mask = each == _NEWLINE
        is_mark = is_break | (each == delimiter)
        return cls(text, places[:count], each, is_break, is_mark, highest <= _DELETE)

    def odd_lines(self, stops: Offsets) -> Offsets:
        """Find lines with control characters; a carriage return is one unless it ends a line."""
        control = (self.bytes < _BLANK) | (self.bytes == _DELETE)
        control &= ~self.is_break & (self.bytes != _TAB)
        if not control.any():
            return np.empty(0, np.int64)
        found = self.places[control]
        lone = (self.bytes[control] != _RETURN) | (self.text.padded[found + 1] != _NEWLINE)
        odd: Offsets = np.searchsorted(stops, found[lone])
        return odd

    def quotes(self, stops: Offsets, delimiter: str) -> "_Quotes | None":
        """Look at all quotes: one opens where a cell begins and closes where it ends."""
        is_quote = self.bytes == _QUOTE
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
