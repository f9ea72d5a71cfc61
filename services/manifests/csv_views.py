"""Columns of cells that point into the text they stand in, as Arrow's string views do.

A view is 16 bytes: the size, then the text itself when it has at most 12 bytes, else its first 4
bytes, the number of its buffer and the offset there. Making views costs a few operations over
whole columns, and the text of a cell is never copied.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]

#: Texts of so many bytes stand in the view itself.
INLINE: Final = 12
#: How many bytes there have to be behind a text that is pointed into.
PAD: Final = INLINE

_HEAD: Final = 8
_HALF: Final = np.uint64(32)
#: What keeps the first n bytes of the first 8 and of the next 4, by n; a longer text keeps all.
_FIRST: Final = np.array([(1 << 8 * min(n, _HEAD)) - 1 for n in range(INLINE + 2)], np.uint64)
_NEXT: Final = np.array([(1 << 8 * max(n - _HEAD, 0)) - 1 for n in range(INLINE + 2)], np.uint64)


def point_at(text: Bytes, begins: Offsets, stops: Offsets) -> pl.Series:
    """Make a column of the cells between offsets; `text` goes on for `PAD` bytes behind them."""
    sizes = stops - begins
    views = np.empty((len(sizes), 2), np.uint64)
    views[:, 0], views[:, 1] = _halves(text, begins, sizes)
    buffers = [None, pa.py_buffer(views), pa.py_buffer(text)]
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(sizes), buffers))


def _halves(text: Bytes, begins: Offsets, sizes: Offsets) -> tuple[_Words, _Words]:
    """Return both halves of views; what all texts are long or short enough for is left out."""
    first = _words(text, begins, "<u8")
    place = begins.view(np.uint64) << _HALF
    shortest, longest = (sizes.min(), sizes.max()) if len(sizes) else (0, 0)
    if shortest > INLINE:
        return sizes.view(np.uint64) | first << _HALF, place
    kept = np.minimum(sizes, INLINE + 1)
    first &= _FIRST.take(kept)
    second = first >> _HALF
    if longest > _HEAD:
        following = _words(text, begins + _HEAD, "<u4") & _NEXT.take(kept)
        second |= following << _HALF
    if longest > INLINE:
        second = np.where(sizes > INLINE, place, second)
    return sizes.view(np.uint64) | first << _HALF, second


def shared_text(text: Bytes, begins: Offsets, stops: Offsets) -> str | None:
    """Return the text that all cells are, if it is one of at most 8 bytes of ASCII."""
    sizes = stops - begins
    if not len(sizes) or sizes[0] > _HEAD or (sizes != sizes[0]).any():
        return None
    heads = _words(text, begins, "<u8") & _FIRST[sizes[0]]
    first = text[begins[0] : stops[0]].tobytes()
    return first.decode() if first.isascii() and (heads == heads[0]).all() else None


def _words(text: Bytes, offsets: Offsets, kind: str) -> _Words:
    """Read a little-endian number at every offset, wherever it stands."""
    size = np.dtype(kind).itemsize
    everywhere = np.ndarray((len(text) - size + 1,), kind, text, strides=(1,))
    return everywhere[offsets].astype(np.uint64, copy=False)
