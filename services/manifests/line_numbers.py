"""Line numbers of byte offsets, from a count of line breaks per block of the document."""

from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Final

_BLOCK: Final = 1 << 18
#: Documents whose counts are kept, for pages that ask again; at most 16 kB each.
_KEPT: Final = 64


class LineNumbers:
    """Answers which line an offset is on, without reading the document again as a whole."""

    def __init__(self, document: Path) -> None:
        self._document = document
        state = document.stat()
        self._before = _breaks_before(document, state.st_size, state.st_mtime_ns)

    def line_of(self, offset: int) -> int:
        """Return the 1-based line of a byte offset."""
        number = offset // _BLOCK
        with self._document.open("rb") as stream:
            stream.seek(number * _BLOCK)
            rest = stream.read(offset - number * _BLOCK)
        return self._before[number] + rest.count(b"\n") + 1


@lru_cache(_KEPT)
def _breaks_before(document: Path, _size: int, _changed: int) -> tuple[int, ...]:
    """Count the line breaks before each block of a document, once for each state of it."""
    with document.open("rb") as stream:
        counts = [block.count(b"\n") for block in iter(lambda: stream.read(_BLOCK), b"")]
    return tuple(accumulate(counts, initial=0))
