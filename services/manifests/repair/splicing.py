"""Replace stretches of a document while it is copied in blocks."""

import mmap
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from services.jobs import Progress

_BLOCK: Final = 1 << 20
_AFTER: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_SPACE: Final = b" \t\r\n"


class Cut(NamedTuple):
    """A stretch of the document and what takes its place; None drops an entry."""

    start: int
    end: int
    new: bytes | None


def dropped_lines(text: bytes | mmap.mmap, cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Widen drops to whole lines."""
    for cut in cuts:
        if cut.new is None:
            start = text.rfind(b"\n", 0, cut.start) + 1
            end = text.find(b"\n", cut.end) + 1
            yield Cut(start, end or len(text), b"")
        else:
            yield cut


def dropped_members(text: bytes | mmap.mmap, cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Widen drops by the commas that no longer separate anything; neighbors drop as one."""
    held: Cut | None = None
    for cut in cuts:
        if held is not None:
            after = _AFTER.match(text, held.end)
            if cut.new is None and after and after.end() == cut.start:
                held = Cut(held.start, cut.end, None)
                continue
            yield member_cut(text, held)
            held = None
        if cut.new is None:
            held = cut
        else:
            yield cut
    if held is not None:
        yield member_cut(text, held)


def member_cut(text: bytes | mmap.mmap, cut: Cut) -> Cut:
    """Widen the cut of a member by the comma that no longer separates anything."""
    after = _AFTER.match(text, cut.end)
    if after:
        return Cut(cut.start, after.end(), b"")
    before = cut.start
    while before and text[before - 1 : before] in _SPACE:
        before -= 1
    if text[before - 1 : before] == b",":
        return Cut(before - 1, cut.end, b"")
    return Cut(cut.start, cut.end, b"")


def spliced(text: bytes | mmap.mmap, cuts: Iterable[Cut]) -> Iterator[bytes]:
    """Yield a document with stretches replaced, in blocks."""
    at = 0
    for cut in cuts:
        yield from _copied(text, at, cut.start)
        yield cut.new or b""
        at = cut.end
    yield from _copied(text, at, len(text))


def _copied(text: bytes | mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _BLOCK):
        yield text[at : min(at + _BLOCK, end)]


def watched(blocks: Iterable[bytes], document: Path, progress: Progress) -> Iterator[bytes]:
    """Pass on the blocks of a new document; its size is about that of the old one."""
    size, made, told = document.stat().st_size or 1, 0, 0
    for block in blocks:
        made += len(block)
        if made - told >= _BLOCK:
            told = made
            progress(min(made / size, 1.0))
        yield block
