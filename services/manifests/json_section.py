"""Read one section: filter its entries at the speed of C, examine the rest, hand over columns.

What the filters cannot see is looked for in the bytes: repeated keys by counting colons, NUL and
masked NaN by searching. Whatever looks odd is examined, so odd text costs time, never a finding.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec
import numpy as np
import polars as pl

from services.domain.entries import EntryType
from services.manifests import json_text
from services.manifests.collector import pointer
from services.manifests.columns import Row, same
from services.manifests.document import Document
from services.manifests.entry_check import UNFILTERED
from services.manifests.json_batch import (
    Batch,
    Decoded,
    batches,
    is_one_batch,
    read_composites,
    read_nothing,
    read_singles,
)
from services.manifests.json_bytes import Offsets, count_key_ends
from services.manifests.json_entry import Place, read_entry, read_url
from services.manifests.json_filter import composite_filter, single_filter
from services.manifests.json_split import Member
from services.manifests.metadata_check import MAX_BYTES
from services.manifests.overlap import overlap
from services.manifests.sink import Pending, Sink
from services.manifests.url_columns import (
    count_buckets,
    doubtful_titles,
    doubtful_urls,
    odd_frames,
)

#: Entries a filter is tuned to.
SAMPLE: Final = 64

_KEY_END: Final = b'":'
_LOOSE: Final = re.compile(rb"[ \t\r\n]:")
_NUL: Final = b"\\u0000"
_DELETE: Final = 0x7F


@dataclass(frozen=True, slots=True)
class Traps:
    """What stands somewhere in the document and would mislead the filters."""

    nul: bool
    #: The text with NaN masked, when there is any.
    masked: bytes | None
    #: Whether texts may hold anything but printable ASCII.
    unprintable: bool


@dataclass(slots=True)
class _Looked:
    """A batch on its way: its suspects are known, and then examined."""

    decoded: Decoded
    #: All URLs that were decoded.
    frames: pl.DataFrame
    titles: pl.Series
    #: URLs of entries that are suspected of nothing else.
    doubted: dict[int, str]
    examined: dict[int, Row] = field(default_factory=dict)
    pending: Pending = field(default_factory=Pending)


def find_traps(document: Document, masked: bytes | None) -> Traps:
    """Search a document for traps, once."""
    # Looking for one byte is many times faster, and most documents escape nothing.
    escapes = document.data.find(b"\\") >= 0
    nul = escapes and document.data.find(_NUL) >= 0
    return Traps(nul, masked, unprintable=escapes or document.highest >= _DELETE)


class SectionReader:
    """Reads the entries under one top-level key."""

    def __init__(self, sink: Sink, kind: EntryType, key: str, traps: Traps) -> None:
        self._sink = sink
        self._kind = kind
        self._pointer = pointer("", (key,))
        self._traps = traps
        self._data = sink.document.data
        self._first = sink.index

    def read(self, member: Member) -> None:
        """Read all entries of the section: decode and examine here, the rest beside it.

        Both examining and decoding hold the interpreter, so that two threads of them would only
        wait for each other. A single batch has nothing to be beside: most sections need no other
        thread.
        """
        if is_one_batch(member):
            for decoded in self._decoded(member):
                looked = self._look(decoded)
                self._examine_suspects(looked)
                self._take(looked)
        else:
            overlap(self._decoded(member), self._look, self._examine_suspects, self._take)

    def _decoded(self, member: Member) -> Iterator[Decoded]:
        raws, member.entries = member.entries or [], []
        decode = self._choose_reader(raws[:SAMPLE])
        for batch in batches(member, raws, self._first):
            yield decode(batch)
            self._sink.progress(batch.end / len(self._data))

    def _choose_reader(self, sample: list[msgspec.Raw]) -> Callable[[Batch], Decoded]:
        kind, options = self._kind, self._sink.options
        if self._sink.is_wire or kind in UNFILTERED:
            return partial(read_nothing, kind=kind)
        if kind.is_composite:
            return partial(read_composites, using=composite_filter(kind, options, sample))
        return partial(read_singles, using=single_filter(kind, options, sample))

    def _look(self, decoded: Decoded) -> "_Looked":
        """Make columns of what was decoded, and find the suspects of a batch."""
        batch = decoded.batch
        frames = decoded.frames()
        titles = pl.Series(decoded.titles, dtype=pl.String)
        doubted: dict[int, str] = {}
        if len(batch.suspects) < batch.size:
            self._suspect_oddities(batch, decoded.keys)
            if self._traps.unprintable:
                batch.suspects.update(doubtful_titles(titles).arg_true())
            doubted = self._suspect_urls(batch, frames)
        return _Looked(decoded, frames, titles, doubted)

    def _examine_suspects(self, looked: "_Looked") -> None:
        batch, doubted, titles = looked.decoded.batch, looked.doubted, looked.decoded.titles
        looked.examined = {
            position: self._examine_url(batch, position, doubted[position], titles[position])
            if position in doubted
            else self._examine(batch, position)
            for position in sorted(batch.suspects)
        }
        looked.pending = self._sink.take_pending()

    def _take(self, looked: "_Looked") -> None:
        """Hand a batch over."""
        frames, decoded = looked.frames, looked.decoded
        if decoded.batch.suspects:
            frames = frames[np.flatnonzero(decoded.batch.is_clear[frames["owner"]])]
        zero = same(0, frames.height, pl.UInt32())
        entry = frames["owner"] + decoded.batch.index
        places = {"nth": frames["nth"], "entry": entry, "line": zero, "column": zero}
        found = pl.DataFrame({"url": frames["url"], **places})
        rows = decoded.rows(frames, looked.titles, looked.examined)
        self._sink.hash_pending(looked.pending)
        self._sink.accepted(rows, found, count_buckets(found["url"]))
        self._sink.document.let_go(decoded.batch.begin, decoded.batch.end)

    def _examine(self, batch: Batch, position: int) -> Row:
        return read_entry(self._kind, self._place(batch, position), self._index(batch, position))

    def _examine_url(self, batch: Batch, position: int, url: str, title: str | None) -> Row:
        """Examine an entry that the filter takes, so that its URL alone may have a finding."""
        place, index = self._place(batch, position), self._index(batch, position)
        return read_url(self._kind, place, index, url, title)

    def _index(self, batch: Batch, position: int) -> int:
        return batch.index + position

    def _place(self, batch: Batch, position: int) -> Place:
        number = self._index(batch, position) - self._first
        return Place(self._sink, *batch.span(position), self._pointer, number)

    def _suspect_oddities(self, batch: Batch, keys: Offsets) -> None:
        """Add the entries whose bytes hold what the filters cannot see."""
        batch.suspects.update(np.flatnonzero(batch.lengths > MAX_BYTES).tolist())
        batch.suspects.update(list(self._trapped(batch)))
        suspects = list(batch.suspects)
        expected = int(keys.sum() - keys[suspects].sum())
        found = count_key_ends(self._data, batch.begin, batch.end)
        found -= sum(count_key_ends(self._data, *batch.span(each)) for each in suspects)
        if found != expected:
            batch.suspects.update(list(self._repeating(batch, keys)))

    def _trapped(self, batch: Batch) -> Iterable[int]:
        """Yield entries with NUL or a masked number."""
        nul, masked = self._traps.nul, self._traps.masked
        if not nul and masked is None:
            return
        for position in range(batch.size):
            start, end = batch.span(position)
            piece = self._data[start:end]
            if _NUL in piece or (masked and masked[start:end] != piece):
                yield position

    def _repeating(self, batch: Batch, keys: Offsets) -> Iterable[int]:
        """Yield entries that repeat a key; text that looks so is parsed to make sure."""
        for position in range(batch.size):
            if position in batch.suspects:
                continue
            start, end = batch.span(position)
            piece = self._data[start:end]
            odd = piece.count(_KEY_END) != keys[position] or _LOOSE.search(piece)
            if odd and json_text.parse(piece.decode()).repeats:
                yield position

    def _suspect_urls(self, batch: Batch, frames: pl.DataFrame) -> dict[int, str]:
        """Add the entries whose URLs have to be looked at one by one.

        Returns the URLs of those that have one URL and nothing else to look at.
        """
        url, owner = frames["url"], frames["owner"]
        # In JSON of printable ASCII without escapes, blanks, `#` and `?` are all that may be odd.
        bare = None if self._traps.unprintable else ~pl.col("url").str.contains("[ #?]")
        doubt = doubtful_urls(url, self._kind, self._sink.options, bare)
        if self._kind.is_composite:
            batch.suspects.update(owner.filter(doubt | odd_frames(url, owner)).unique())
            return {}
        doubted = dict(zip(owner.filter(doubt), url.filter(doubt), strict=True))
        alone = {
            position: each for position, each in doubted.items() if position not in batch.suspects
        }
        batch.suspects.update(doubted)
        return alone
