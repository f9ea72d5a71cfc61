"""Cut CSV text into rows, strictly: what readers disagree about is refused with its line.

Quoting is RFC 4180's. Text after a closing quote, a quote that is never closed, a single quote mark
inside an unquoted cell and control characters are errors of their row; the next row is read as
usual. Pairs of quote marks inside an unquoted cell are text, as every reader takes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.manifests.document import Content

#: A quoted cell may not span more than this; a lost quote would swallow the file otherwise.
MAX_LINES: Final = 1_000
MAX_CELL: Final = 131_072

_OPEN: Final = "The quote opened in this row is not closed"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(slots=True)
class Row:
    """One row: its cells, or why it has none."""

    #: 1-based physical line where the row begins.
    line: int
    text: str
    cells: list[str]
    delimiter: str
    problem: str | None = None
    #: The row's bytes in the document.
    start: int = 0
    length: int = 0
    #: Line and column (0-based, relative to the row) of each cell, where quotes are involved.
    _places: list[tuple[int, int]] | None = None

    def place(self, cell: int) -> tuple[int, int]:
        """Return 1-based physical line and column of a cell."""
        if self._places is not None and cell < len(self._places):
            line, column = self._places[cell]
            return self.line + line, column + 1
        before = self.cells[:cell]
        return self.line, sum(map(len, before)) + len(before) + 1


def rows_of(data: Content, delimiter: str) -> Iterator[Row]:
    """Yield the rows of a document; empty lines are no rows."""
    yield from rows_until(Lines(data), delimiter, len(data))


def rows_until(lines: "Lines", delimiter: str, end: int) -> Iterator[Row]:
    """Yield the rows that begin before an offset."""
    while lines.at < end:
        if row := next_row(lines, delimiter):
            yield row


def next_row(lines: "Lines", delimiter: str) -> Row | None:
    """Read the row that the next line begins; None when that is empty."""
    start = lines.at
    text = lines.next()
    if not text:
        return None
    row = _row(lines, text, delimiter)
    row.start, row.length = start, lines.stop - start
    return row


def _row(lines: "Lines", text: str, delimiter: str) -> Row:
    """Read the row that a line begins."""
    if '"' in text:
        return _quoted_row(lines, lines.line, text, delimiter)
    return _plain_row(lines.line, text, delimiter)


def row_of(text: str, delimiter: str) -> Row:
    """Read one row from its text alone, which may itself end in a carriage return."""
    lines = Lines(f"{text}\r\n".encode())
    return _row(lines, lines.next() or "", delimiter)


def _plain_row(number: int, text: str, delimiter: str) -> Row:
    problem = control_problem(text)
    return Row(number, text, text.split(delimiter), delimiter, problem)


def control_problem(text: str) -> str | None:
    """Name a control character that no cell may hold."""
    found = _CONTROL.search(text)
    if found:
        return f"The row holds the control character U+{ord(found[0]):04X}"
    return None


class Lines:
    """The physical lines of a document; one that is needed again can be put back."""

    def __init__(self, data: Content) -> None:
        self._data = data
        #: Where the next line begins.
        self.at = 0
        #: The number of the last line.
        self.line = 0
        #: Where the last line stopped, without its end.
        self.stop = 0
        #: How the last line ended.
        self.ended = ""

    def next(self) -> str | None:
        """Return the next line without its end; None after the last."""
        data, start = self._data, self.at
        if start >= len(data):
            return None
        end = data.find(b"\n", start)
        if end < 0:
            end = len(data)
        self.at, self.line = end + 1, self.line + 1
        self.stop = end - 1 if end > start and data[end - 1 : end] == b"\r" else end
        self.ended = "\r\n" if self.stop < end else "\n"
        return data[start : self.stop].decode()

    def go(self, at: int, line: int) -> None:
        """Go on at an offset; `line` is the number of the line before it."""
        self.at, self.line = at, line

    def mark(self) -> tuple[int, int, int]:
        """Remember this place."""
        return self.at, self.line, self.stop

    def back(self, mark: tuple[int, int, int]) -> None:
        """Go back to a remembered place."""
        self.at, self.line, self.stop = mark


def _quoted_row(lines: Lines, number: int, text: str, delimiter: str) -> Row:
    """Read a row with quotes, over as many lines as its quotes ask for."""
    mark, whole = lines.mark(), text
    while (row := _tokenize(whole, number, delimiter)) is None:
        more = _until_quote(lines, MAX_CELL - len(whole))
        if more is None:
            lines.back(mark)
            problem = _OPEN
            return Row(number, text, [text], delimiter, problem)
        whole += more
    if row.problem and whole is not text:
        # A lost quote swallows lines that are rows of their own: give them back.
        lines.back(mark)
        return Row(number, text, [text], delimiter, _OPEN)
    return row


def _until_quote(lines: Lines, room: int) -> str | None:
    """Read on to the next line with a quote, line ends included; None when there is none near."""
    more: list[str] = []
    for _ in range(MAX_LINES):
        ended = lines.ended
        line = lines.next()
        if line is None:
            return None
        more.append(ended + line)
        room -= len(line) + 1
        if room < 0:
            return None
        if '"' in line:
            return "".join(more)
    return None


def _tokenize(text: str, number: int, delimiter: str) -> Row | None:
    """Cut one row; None when its last quote is still open."""
    cells: list[str] = []
    places: list[tuple[int, int]] = []
    at, line, line_at, problem = 0, 0, 0, None
    while True:
        places.append((line, at - line_at))
        if text.startswith('"', at):
            end = _closing_quote(text, at + 1)
            if end < 0:
                return None
            raw = text[at + 1 : end]
            breaks = raw.count("\n")
            if breaks:
                line, line_at = line + breaks, at + 2 + raw.rindex("\n")
            cells.append(raw.replace('""', '"'))
            at = end + 1
            if at < len(text) and text[at] != delimiter:
                problem = problem or f"Text follows the closing quote of cell {len(cells)}"
                at = _cell_end(text, at, delimiter)
        else:
            end = _cell_end(text, at, delimiter)
            cell = text[at:end]
            if cell.count('"') % 2:
                problem = problem or f"A single quote mark stands inside cell {len(cells) + 1}"
            cells.append(cell)
            at = end
        if at >= len(text):
            break
        at += 1
    return Row(number, text, cells, delimiter, problem or control_problem(text), _places=places)


def _closing_quote(text: str, at: int) -> int:
    while (end := text.find('"', at)) >= 0:
        if not text.startswith('""', end):
            return end
        at = end + 2
    return -1


def _cell_end(text: str, at: int, delimiter: str) -> int:
    end = text.find(delimiter, at)
    return len(text) if end < 0 else end
