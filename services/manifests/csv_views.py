"""Columns of cells that point into the text they stand in, as Arrow's string views do.

A view is 16 bytes: the size, then the text itself when it has at most 12 bytes, else its first 4
bytes, the number of its buffer and the offset there. Making views costs a few operations over
whole columns, and the text of a cell is never copied.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from services.manifests.arrow_files import Given

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]

#: Texts of so many bytes stand in the view itself.
INLINE: Final = 12
#: How many bytes there have to be behind a text that is pointed into.
PAD: Final = 16

_HEAD: Final = 8
_HALF: Final = np.uint64(32)
#: What keeps the first n bytes of the first 8 and of the next 4, by n; a longer text keeps all.
_FIRST: Final = np.array([(1 << 8 * min(n, _HEAD)) - 1 for n in range(INLINE + 2)], np.uint64)
_NEXT: Final = np.array([(1 << 8 * max(n - _HEAD, 0)) - 1 for n in range(INLINE + 2)], np.uint64)


def point_at(text: Bytes, begins: Offsets, stops: Offsets) -> pl.Series:
    """Make a column of the cells between offsets; `text` goes on for `PAD` bytes behind them."""
    sizes = stops - begins
    # What stands there becomes the views: 16 bytes in one go, however they are aligned.
    views = _copied(text, begins, 2 * _HEAD).reshape(-1, 2)
    views[:, 1] = _second_half(views, begins, sizes)
    views[:, 0] <<= _HALF
    views[:, 0] |= sizes.view(np.uint64)
    buffers = [None, pa.py_buffer(views), pa.py_buffer(text)]
    return _taken(pa.Array.from_buffers(pa.string_view(), len(sizes), buffers))


def numbers(values: npt.NDArray[np.integer[Any]]) -> pl.Series:
    """Make a column of numbers, without copying them."""
    kind = pa.from_numpy_dtype(values.dtype)
    return _taken(pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)]))


def _taken(array: pa.Array) -> pl.Series:
    """Make an Arrow array a column."""
    return pl.Series(Given(pa.chunked_array([array])))


def _second_half(views: _Words, begins: Offsets, sizes: Offsets) -> _Words:
    """Return second halves, and cut what is behind short texts from the first ones.

    What all texts are long or short enough for is left out.
    """
    place = begins.view(np.uint64) << _HALF
    shortest, longest = (sizes.min(), sizes.max()) if len(sizes) else (0, 0)
    if shortest > INLINE:
        return place
    kept = np.minimum(sizes, INLINE + 1)
    views[:, 0] &= _FIRST.take(kept)
    second: _Words = views[:, 0] >> _HALF
    if longest > _HEAD:
        second |= (views[:, 1] & _NEXT.take(kept)) << _HALF
    return np.where(sizes > INLINE, place, second) if longest > INLINE else second


def shared_text(text: Bytes, begins: Offsets, stops: Offsets) -> str | None:
    """Return the text that all cells are, if it is one of at most 8 bytes of ASCII."""
    sizes = stops - begins
    if not len(sizes) or sizes[0] > _HEAD or (sizes != sizes[0]).any():
        return None
    heads = _copied(text, begins, _HEAD) & _FIRST[sizes[0]]
    first = text[begins[0] : stops[0]].tobytes()
    return first.decode() if first.isascii() and (heads == heads[0]).all() else None


def _copied(text: Bytes, offsets: Offsets, size: int) -> _Words:
    """Copy so many bytes from every offset, as little-endian numbers of 8 bytes."""
    # Every offset has an item here, one over the other; items without a type need no alignment.
    items = np.ndarray((len(text) - size + 1,), f"V{size}", text, strides=(1,))
    return items[offsets].view("<u8")
