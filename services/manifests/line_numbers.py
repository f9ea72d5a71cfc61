"""Line numbers of byte offsets, from a count of line breaks per block of the document."""

from itertools import accumulate
from pathlib import Path
from typing import Final

_BLOCK: Final = 1 << 18


class LineNumbers:
    """Answers which line an offset is on, without reading the document again as a whole."""

    def __init__(self, document: Path) -> None:
        self._document = document
        self._before = list(accumulate(self._counts(), initial=0))

    def _counts(self) -> list[int]:
        with self._document.open("rb") as stream:
            return [block.count(b"\n") for block in iter(lambda: stream.read(_BLOCK), b"")]

    def line_of(self, offset: int) -> int:
        """Return the 1-based line of a byte offset."""
        number = offset // _BLOCK
        with self._document.open("rb") as stream:
            stream.seek(number * _BLOCK)
            rest = stream.read(offset - number * _BLOCK)
        return self._before[number] + rest.count(b"\n") + 1
