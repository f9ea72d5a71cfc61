"""Whole stretches of JSON text at once: where entries begin, and how colons stand.

Numpy and polars look at the bytes where they are, without a copy.
"""

import re
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from services.manifests.document import Content

Offsets = npt.NDArray[np.int64]

_GAP: Final = re.compile(rb"[ \t\r\n,]*")
_QUOTE, _COLON, _BRACE = b'":{'
#: What is counted in a text that is too short for columns to pay off.
_KEY_END: Final = re.compile(rb'[\x00-"]:')
_SHORT: Final = 4_096


def count_key_ends(data: Content, start: int, end: int) -> int:
    """Count colons as they stand behind keys: after a quote or white space, in strings too.

    What has as many of them as keys has no other key. After an exclamation mark they count as
    well: one comparison is all that this takes.
    """
    if end - start < _SHORT:
        return len(_KEY_END.findall(data, start, end))
    # Polars lets go of the interpreter for a whole stretch; numpy would ask for it block by block.
    before = pl.Series(np.frombuffer(data, np.uint8)[max(start - 1, 0) : end])
    return int(((before[1:] == _COLON) & (before[:-1] <= _QUOTE)).sum())


def after_gap(data: Content, at: int) -> int:
    """Skip white space and commas."""
    gap = _GAP.match(data, at)
    return gap.end() if gap else at


def starts_of(data: Content, at: int, lengths: Offsets) -> Offsets:
    """Return where consecutive entries begin, the text before the first one ending at `at`."""
    if not len(lengths):
        return lengths
    first = after_gap(data, at)
    if len(lengths) > 1:
        second = after_gap(data, first + int(lengths[0]))
        guess = _evenly(data, first, lengths, second - first - int(lengths[0]))
        if guess is not None:
            return guess
    return _one_by_one(data, first, lengths)


def _one_by_one(data: Content, first: int, lengths: Offsets) -> Offsets:
    starts: list[int] = []
    end = first
    for length in lengths.tolist():
        start = after_gap(data, end)
        starts.append(start)
        end = start + length
    return np.array(starts, np.int64)


def _evenly(data: Content, first: int, lengths: Offsets, gap: int) -> Offsets | None:
    """Return the starts when the same text stands between all entries.

    What follows an entry can only be white space, one comma and the next entry. So if the same
    text and then a brace follow each, the braces are where the next ones begin.
    """
    starts = first + np.cumsum(lengths + gap) - (lengths + gap)
    if starts[-1] + lengths[-1] > len(data):
        return None
    whole = np.frombuffer(data, np.uint8)
    second = int(starts[1])
    between = data[second - gap : second]
    if between.strip(b" \t\r\n") != b"," or not (whole[starts] == _BRACE).all():
        return None
    for back, byte in enumerate(reversed(between), 1):
        if not (whole[starts[1:] - back] == byte).all():
            return None
    return starts
