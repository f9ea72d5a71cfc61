"""Cut a manifest into chunks: the slices of a run that are sent as one upload job each.

Deterministic: the same entries give the same chunks and the same digests, whoever asks and when.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple, Self

#: A chunk of this many entries costs about 0.15 s of CPU to send and is reflected soon.
MAX_ENTRIES: Final = 10_000
#: URLs of groups and series count one by one; this bounds a chunk of long series.
MAX_URLS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of 0-based entry indexes as ascending, disjoint, inclusive pairs.

    Written as text in the ledger, `0-9999,10004,10010-10020`.
    """

    pairs: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, indexes: Iterable[int]) -> Self:
        """Collect ascending indexes."""
        found = list(indexes)
        if not found:
            return cls()
        # A range is compared only where it can be one: it may be a million long.
        spanned = range(found[0], found[-1] + 1)
        if len(spanned) == len(found) and found == list(spanned):
            return cls(((found[0], found[-1]),))
        pairs: list[tuple[int, int]] = []
        for index in found:
            if pairs and index == pairs[-1][1] + 1:
                pairs[-1] = (pairs[-1][0], index)
            else:
                pairs.append((index, index))
        return cls(tuple(pairs))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str()` wrote."""
        parts = (part.partition("-") for part in text.split(",") if part)
        return cls(tuple((int(first), int(last or first)) for first, _, last in parts))

    def __str__(self) -> str:
        return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in self.pairs)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.pairs)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.pairs:
            yield from range(first, last + 1)


class Shares(NamedTuple):
    """What cutting needs to know of some entries: columns, for there may be a million of them."""

    #: Their indexes, ascending.
    entries: Sequence[int]
    #: How many URLs the first of them up to each have together.
    urls: Sequence[int]
    #: What each adds to its chunk's digest: see `line_of`.
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One planned chunk."""

    seq: int
    entries: Ranges
    urls: int
    #: SHA-256 over the entries' URLs in order, hex; checked again before sending.
    digest: str


@dataclass(slots=True)
class _Draft:
    """The chunk being filled."""

    max_entries: int
    max_urls: int | None
    seq: int = 0
    indexes: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    urls: int = 0

    def take(self, shares: Shares, at: int) -> int:
        """Take what still fits of some entries from a place on; returns where it stops."""
        stop = min(at + self.max_entries - len(self.indexes), len(shares.entries))
        before = shares.urls[at - 1] if at else 0
        if self.max_urls is not None:
            most = before + self.max_urls - self.urls
            stop = bisect_right(shares.urls, most, at, max(at, stop))
        if not self.indexes:
            # An entry with more URLs than a chunk may have is a chunk by itself.
            stop = max(stop, at + 1)
        if stop > at:
            self.indexes += shares.entries[at:stop]
            self.lines += shares.lines[at:stop]
            self.urls += shares.urls[stop - 1] - before
        return stop

    def seal(self) -> Chunk:
        """Close the chunk, and go on with the next one."""
        chunk = Chunk(
            seq=self.seq,
            entries=Ranges.of(self.indexes),
            urls=self.urls,
            digest=_digest(self.lines),
        )
        self.seq, self.indexes, self.lines, self.urls = self.seq + 1, [], [], 0
        return chunk


def line_of(kind: str, urls: Iterable[str]) -> str:
    """Return what an entry of a type with these URLs, in order, adds to its chunk's digest."""
    return "\x1f".join((kind, *urls, "\x1e"))


def digest_of(entries: Iterable[Shares]) -> str:
    """Digest entries as `plan` does, to prove that a chunk is still what was planned."""
    return _digest(chain.from_iterable(shares.lines for shares in entries))


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def plan(
    entries: Iterable[Shares],
    *,
    max_entries: int = MAX_ENTRIES,
    max_urls: int | None = MAX_URLS,
) -> Iterator[Chunk]:
    """Cut entries, given in index order, into chunks of at most so many entries and URLs."""
    draft = _Draft(max_entries, max_urls)
    for shares in entries:
        at = 0
        while at < len(shares.entries):
            at = draft.take(shares, at)
            if at < len(shares.entries):
                yield draft.seal()
    if draft.indexes:
        yield draft.seal()
