"""Cut a manifest into chunks: the slices of a run that are sent as one upload job each.

Deterministic: the same entries give the same chunks and the same digests, whoever asks and when.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
        pairs: list[tuple[int, int]] = []
        for index in indexes:
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


class Share(NamedTuple):
    """What cutting needs to know of one entry: a tuple, for there are a million of them."""

    entry: int
    #: How many URLs it has.
    urls: int
    #: What it adds to its chunk's digest: see `line_of`.
    line: str


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

    seq: int = 0
    indexes: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    urls: int = 0

    def seal(self) -> Chunk:
        """Close the chunk."""
        return Chunk(
            seq=self.seq,
            entries=Ranges.of(self.indexes),
            urls=self.urls,
            digest=_digest(self.lines),
        )


def line_of(kind: str, urls: Iterable[str]) -> str:
    """Return what an entry of a type with these URLs, in order, adds to its chunk's digest."""
    return "\x1f".join((kind, *urls, "\x1e"))


def digest_of(shares: Iterable[Share]) -> str:
    """Digest entries as `plan` does, to prove that a chunk is still what was planned."""
    return _digest(share.line for share in shares)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def plan(
    shares: Iterable[Share],
    *,
    max_entries: int = MAX_ENTRIES,
    max_urls: int | None = MAX_URLS,
) -> Iterator[Chunk]:
    """Cut entries, given in index order, into chunks of at most so many entries and URLs."""
    draft = _Draft()
    for entry, urls, line in shares:
        is_full = max_urls is not None and draft.urls + urls > max_urls
        if draft.indexes and (is_full or len(draft.indexes) >= max_entries):
            yield draft.seal()
            draft = _Draft(draft.seq + 1)
        draft.indexes.append(entry)
        draft.lines.append(line)
        draft.urls += urls
    if draft.indexes:
        yield draft.seal()
