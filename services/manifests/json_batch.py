"""A stretch of a section's entries: their bytes, what a filter reads of them, and their columns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from services.domain.entries import EntryType
from services.manifests.columns import KINDS, SCHEMA, Row, put_among, same
from services.manifests.json_bytes import Offsets
from services.manifests.json_filter import CompositeFilter, SingleFilter
from services.manifests.json_split import Member

_FRAMES: Final = {"url": pl.String(), "owner": pl.UInt32(), "nth": pl.UInt32()}

#: Bytes of text in a batch: few enough for three of them in memory, enough to be worth a column.
STRETCH: Final = 12_000_000


@dataclass(slots=True)
class Batch:
    """Consecutive entries of a section and what is known about them so far."""

    raws: list[msgspec.Raw]
    starts: Offsets
    lengths: Offsets
    #: Index of the first one.
    index: int
    #: Positions of entries that have to be examined.
    suspects: set[int] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.raws)

    @property
    def begin(self) -> int:
        """Where the first entry begins."""
        return int(self.starts[0])

    @property
    def end(self) -> int:
        """Where the last entry ends."""
        return int(self.starts[-1] + self.lengths[-1])

    @property
    def is_clear(self) -> npt.NDArray[np.bool_]:
        """Which entries are no suspects."""
        clear = np.ones(self.size, np.bool_)
        clear[list(self.suspects)] = False
        return clear

    def span(self, position: int) -> tuple[int, int]:
        """Return where an entry begins and ends."""
        start = int(self.starts[position])
        return start, start + int(self.lengths[position])


def batches(member: Member, raws: list[msgspec.Raw], index: int) -> Iterator[Batch]:
    """Cut the entries of a section, the first of which has an index, into batches."""
    first = 0
    while first < len(raws):
        limit = member.starts[first] + STRETCH
        last = max(int(np.searchsorted(member.starts, limit)), first + 1)
        part = slice(first, last)
        yield Batch(raws[part], member.starts[part], member.lengths[part], index + first)
        first = last


def is_one_batch(member: Member) -> bool:
    """Whether the entries of a section are too few to be cut."""
    starts = member.starts
    return not len(starts) or bool(starts[-1] < starts[0] + STRETCH)


@dataclass(slots=True)
class Decoded:
    """What a filter read of a batch; of suspects it read nothing."""

    batch: Batch
    #: All URLs, entry by entry.
    urls: list[str]
    titles: list[str | None]
    #: How many URLs each entry has.
    counts: Offsets
    #: How many keys each entry has, those of its metadata included.
    keys: Offsets
    #: One type for all, or one per entry.
    kinds: str | list[str]

    def frames(self) -> pl.DataFrame:
        """Return each URL with the position of its entry and its place there."""
        before = np.cumsum(self.counts) - self.counts
        nth = np.arange(len(self.urls)) - np.repeat(before, self.counts)
        columns = {
            "url": pl.Series(self.urls, dtype=pl.String),
            "owner": np.repeat(np.arange(self.batch.size), self.counts),
            "nth": nth,
        }
        return pl.DataFrame(columns, schema=_FRAMES)

    def rows(
        self, frames: pl.DataFrame, titles: pl.Series, examined: dict[int, Row]
    ) -> pl.DataFrame:
        """Make the batch's rows: the examined ones, and all others from their frames."""
        if isinstance(self.kinds, list):
            frames = frames[np.flatnonzero(frames["nth"].to_numpy() == 0)]
        owner = frames["owner"].to_numpy()
        none = same(None, len(owner), pl.UInt32())
        columns = {
            "type": self._types(owner),
            "title": titles[owner],
            "url": frames["url"],
            "url_count": self.counts[owner],
            "valid": same(True, len(owner), pl.Boolean()),
            "start": self.batch.starts[owner],
            "length": self.batch.lengths[owner],
            "line": none,
            "payload": none,
        }
        accepted = pl.DataFrame(columns, schema=SCHEMA)
        return put_among(accepted, owner, examined)

    def _types(self, owner: npt.NDArray[np.uint32]) -> pl.Series:
        if isinstance(self.kinds, str):
            return same(self.kinds, len(owner), KINDS)
        return pl.Series(self.kinds, dtype=KINDS)[owner]


def read_singles(batch: Batch, using: SingleFilter) -> Decoded:
    """Decode entries with one URL; those that no model takes become suspects."""
    # A decoded entry is let go of at once: keeping a batch of them costs more than reading it.
    decode = using.usual
    urls: list[str] = []
    titles: list[str | None] = []
    keys = np.full(batch.size, using.usual_keys)
    keep_url, keep_title = urls.append, titles.append
    for position, raw in enumerate(batch.raws):
        try:
            value = decode(raw)
        except msgspec.DecodeError:
            value, keys[position] = using.accept(raw)
            if value is None:
                batch.suspects.add(position)
                keep_title(None)
                continue
        keep_url(value.objectUrl)
        keep_title(value.title)
    counts = np.ones(batch.size, np.int64)
    counts[list(batch.suspects)] = 0
    return Decoded(batch, urls, titles, counts, keys, using.kind.value)


def read_composites(batch: Batch, using: CompositeFilter) -> Decoded:
    """Decode groups and series; those that the filter refuses become suspects."""
    urls: list[str] = []
    titles: list[str | None] = [None] * batch.size
    kinds = [using.kind.value] * batch.size
    counts, keys = np.zeros((2, batch.size), np.int64)
    for position, raw in enumerate(batch.raws):
        entry = using.accept(raw)
        if entry is None:
            batch.suspects.add(position)
            continue
        urls.extend(entry.urls)
        counts[position], keys[position] = len(entry.urls), entry.keys
        titles[position] = entry.title
        if entry.is_video:
            kinds[position] = EntryType.IMAGE_SEQUENCE.value
    return Decoded(batch, urls, titles, counts, keys, kinds)


def read_nothing(batch: Batch, kind: EntryType) -> Decoded:
    """Make every entry a suspect, where there is no filter."""
    batch.suspects.update(range(batch.size))
    none = np.zeros(batch.size, np.int64)
    return Decoded(batch, [], [None] * batch.size, none, none, kind.value)
