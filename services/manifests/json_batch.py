"""Read the entries of one section, batch by batch: filter them at the speed of C, examine the rest.

What the filters cannot see is looked for in the bytes: repeated keys by counting colons, NUL and
masked NaN by searching. Whatever looks odd is examined, so odd text costs time, never a finding.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl
from msgspec import UNSET

from services.domain.entries import EntryType
from services.manifests import json_text
from services.manifests.collector import pointer
from services.manifests.columns import KINDS, SCHEMA, Row
from services.manifests.json_bytes import Offsets, count_colons
from services.manifests.json_entry import Place, read_entry
from services.manifests.json_filter import (
    Composite,
    CompositeFilter,
    SingleFilter,
    composite_filter,
    single_filter,
)
from services.manifests.json_split import Member
from services.manifests.metadata_check import MAX_BYTES
from services.manifests.sink import Sink
from services.manifests.url_columns import (
    count_buckets,
    doubtful_titles,
    doubtful_urls,
    extensions,
)

BATCH: Final = 32_768
#: Entries a filter is tuned to.
SAMPLE: Final = 64

_KEY_END: Final = b'":'
_LOOSE: Final = re.compile(rb"[ \t\r\n]:")
_NUL: Final = b"\\u0000"
_UNFILTERED: Final = frozenset({EntryType.SCENE, EntryType.TIME_SERIES})


@dataclass(frozen=True, slots=True)
class Traps:
    """What stands somewhere in the document and would mislead the filters."""

    nul: bool
    #: The text with NaN masked, when there is any.
    masked: bytes | None


def find_traps(text: bytes, data: bytes) -> Traps:
    """Search a document for traps, once."""
    return Traps(_NUL in data, text if text is not data else None)


@dataclass(slots=True)
class _Batch:
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

    def span(self, position: int) -> tuple[int, int]:
        """Return where an entry begins and ends."""
        start = int(self.starts[position])
        return start, start + int(self.lengths[position])


@dataclass(slots=True)
class _Columns:
    """The columns of a batch, as accepted; examined rows are put over them."""

    batch: _Batch
    urls: list[str | None]
    titles: list[str | None]
    #: One value for all, or one per entry.
    kinds: str | list[str]
    counts: int | list[int] = 1

    def frame(self, rows: dict[int, Row]) -> pl.DataFrame:
        """Make the batch's rows with the examined ones in their places."""
        for position, row in rows.items():
            self.urls[position], self.titles[position] = row.url, row.title
        spread = {
            "type": _spread(self.kinds, rows, "type", KINDS, self.batch.size),
            "title": pl.Series(self.titles, dtype=pl.String),
            "url": pl.Series(self.urls, dtype=pl.String),
            "url_count": _spread(self.counts, rows, "url_count", pl.UInt32(), self.batch.size),
            "valid": _spread(True, rows, "valid", pl.Boolean(), self.batch.size),
            "start": pl.Series(self.batch.starts),
            "length": pl.Series(self.batch.lengths),
            "line": pl.repeat(None, self.batch.size, dtype=pl.UInt32, eager=True),
            "payload": _payloads(rows, self.batch.size),
        }
        return pl.DataFrame(spread, schema=SCHEMA)


def _spread(
    value: str | int | Sequence[str | int],
    rows: dict[int, Row],
    name: str,
    dtype: pl.DataType,
    size: int,
) -> pl.Series:
    """Make a column from one value or a list, with the values of examined rows put over it."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        spread = list(value)
        for position, row in rows.items():
            spread[position] = getattr(row, name)
        return pl.Series(spread, dtype=dtype)
    if all(getattr(row, name) == value for row in rows.values()):
        return pl.repeat(value, size, dtype=dtype, eager=True)
    return _spread([value] * size, rows, name, dtype, size)


def _payloads(rows: dict[int, Row], size: int) -> pl.Series:
    if not any(row.payload for row in rows.values()):
        return pl.repeat(None, size, dtype=pl.Binary, eager=True)
    payloads: list[bytes | None] = [None] * size
    for position, row in rows.items():
        payloads[position] = row.payload
    return pl.Series(payloads, dtype=pl.Binary)


@dataclass(frozen=True, slots=True)
class _Keys:
    """How many keys each entry of a batch has, as decoded."""

    usual: int
    #: Entries with another number.
    others: dict[int, int]
    size: int

    @property
    def total(self) -> int:
        """Keys in all entries."""
        return self.usual * (self.size - len(self.others)) + sum(self.others.values())

    def of(self, position: int) -> int:
        """Keys in one entry."""
        return self.others.get(position, self.usual)


class SectionReader:
    """Reads the entries under one top-level key."""

    def __init__(self, sink: Sink, kind: EntryType, key: str, traps: Traps) -> None:
        self._sink = sink
        self._kind = kind
        self._key = key
        self._traps = traps
        self._data = sink.document.data
        self._first = sink.index
        self._single: SingleFilter | None = None
        self._composite: CompositeFilter | None = None

    def _choose_filter(self, sample: list[msgspec.Raw]) -> None:
        if self._sink.is_wire or self._kind in _UNFILTERED:
            return
        if self._kind.is_composite:
            self._composite = composite_filter(self._kind, self._sink.options)
        else:
            self._single = single_filter(self._kind, self._sink.options, sample)

    def read(self, member: Member) -> None:
        """Read all entries of the section."""
        raws, member.entries = member.entries or [], []
        self._choose_filter(raws[:SAMPLE])
        size = max(len(self._data), 1)
        for first in range(0, len(raws), BATCH):
            part = slice(first, first + BATCH)
            index = self._sink.index
            batch = _Batch(raws[part], member.starts[part], member.lengths[part], index)
            self._read_batch(batch)
            self._sink.progress(batch.end / size)

    def _read_batch(self, batch: _Batch) -> None:
        if self._single:
            self._read_singles(batch, self._single)
        elif self._composite:
            self._read_composites(batch, self._composite)
        else:
            self._examine_all(batch)

    def _examine_all(self, batch: _Batch) -> None:
        for position in range(batch.size):
            self._sink.writer.add(self._examine(batch, position))
        self._sink.hash_pending()

    def _examine(self, batch: _Batch, position: int) -> Row:
        index = batch.index + position
        where = pointer("", (self._key, index - self._first))
        return read_entry(self._kind, Place(self._sink, *batch.span(position), where), index)

    def _read_singles(self, batch: _Batch, using: SingleFilter) -> None:
        values, unusual = _decode(batch, using)
        urls = [value.objectUrl for value in values]
        titles = [None if (title := value.title) is UNSET else title for value in values]
        keys = dict.fromkeys(batch.suspects, 0)
        keys |= {position: using.keys_of(values[position]) for position in unusual}
        batch.suspects.update(position for position, count in keys.items() if count < 0)
        self._suspect_oddities(batch, _Keys(using.usual_keys, keys, batch.size))
        del values
        url = pl.Series("url", urls, dtype=pl.String)
        title = pl.Series("title", titles, dtype=pl.String)
        doubt = doubtful_urls(url, self._kind, self._sink.options) | doubtful_titles(title)
        batch.suspects.update(doubt.arg_true())
        owner = pl.int_range(batch.size, dtype=pl.UInt32, eager=True)
        frames = pl.DataFrame(
            {"url": url, "owner": owner, "nth": pl.zeros(batch.size, pl.UInt32, eager=True)}
        )
        self._deliver(_Columns(batch, urls, titles, self._kind.value), frames)

    def _deliver(self, columns: _Columns, frames: pl.DataFrame) -> None:
        """Examine the suspects and hand the batch over, with the URLs of the others."""
        batch = columns.batch
        suspects = sorted(batch.suspects)
        rows = {position: self._examine(batch, position) for position in suspects}
        if suspects:
            frames = frames.filter(~pl.col("owner").is_in(suspects))
        none = pl.lit(0, dtype=pl.UInt32)
        found = frames.select(
            "url", "nth", entry=pl.col("owner") + batch.index, line=none, column=none
        )
        self._sink.accepted(columns.frame(rows), found, count_buckets(found["url"]))

    def _suspect_oddities(self, batch: _Batch, keys: _Keys) -> None:
        """Add the entries whose bytes hold what the filters cannot see."""
        batch.suspects.update(np.flatnonzero(batch.lengths > MAX_BYTES).tolist())
        batch.suspects.update(list(self._trapped(batch)))
        expected = keys.total - sum(keys.of(position) for position in batch.suspects)
        colons = count_colons(self._data, batch.begin, batch.end)
        tight = colons.tight - sum(
            self._data.count(_KEY_END, *batch.span(position)) for position in batch.suspects
        )
        if tight != expected or colons.loose:
            batch.suspects.update(list(self._repeating(batch, keys)))

    def _trapped(self, batch: _Batch) -> Iterable[int]:
        """Yield entries with NUL or a masked number."""
        nul, masked = self._traps.nul, self._traps.masked
        if not nul and masked is None:
            return
        for position in range(batch.size):
            start, end = batch.span(position)
            piece = self._data[start:end]
            if _NUL in piece or (masked and masked[start:end] != piece):
                yield position

    def _repeating(self, batch: _Batch, keys: _Keys) -> Iterable[int]:
        """Yield entries that repeat a key; text that looks so is parsed to make sure."""
        for position in range(batch.size):
            if position in batch.suspects:
                continue
            start, end = batch.span(position)
            piece = self._data[start:end]
            odd = piece.count(_KEY_END) != keys.of(position) or _LOOSE.search(piece)
            if odd and json_text.parse(piece.decode()).repeats:
                yield position

    def _read_composites(self, batch: _Batch, using: CompositeFilter) -> None:
        entries = [using.accept(raw) for raw in batch.raws]
        batch.suspects.update(n for n, entry in enumerate(entries) if entry is None)
        keys = {n: entry.keys if entry else 0 for n, entry in enumerate(entries)}
        self._suspect_oddities(batch, _Keys(0, keys, batch.size))
        counts = [len(entry.urls) if entry else 0 for entry in entries]
        columns = _Columns(
            batch,
            [entry.urls[0] if entry else None for entry in entries],
            [entry.title if entry else None for entry in entries],
            [self._word(entry) for entry in entries],
            counts,
        )
        urls = list(chain.from_iterable(entry.urls for entry in entries if entry))
        owner = np.repeat(np.arange(batch.size, dtype=np.uint32), counts)
        frames = self._frames(batch, pl.Series("url", urls, dtype=pl.String), pl.Series(owner))
        titles = pl.Series(columns.titles, dtype=pl.String)
        batch.suspects.update(doubtful_titles(titles).arg_true())
        self._deliver(columns, frames)

    def _word(self, entry: Composite | None) -> str:
        return EntryType.IMAGE_SEQUENCE.value if entry and entry.is_video else self._kind.value

    def _frames(self, batch: _Batch, url: pl.Series, owner: pl.Series) -> pl.DataFrame:
        """Look at all frames as columns; adds the entries that have to be examined."""
        doubt = doubtful_urls(url, self._kind, self._sink.options)
        batch.suspects.update(owner.filter(doubt).unique())
        extension = extensions(url)
        changes = (extension != extension.shift(1)) & (owner == owner.shift(1))
        batch.suspects.update(owner.filter(changes))
        first = pl.Series(owner.search_sorted(owner, side="left"), dtype=pl.UInt32)
        nth = pl.int_range(len(owner), dtype=pl.UInt32, eager=True) - first
        return pl.DataFrame({"url": url, "owner": owner, "nth": nth})


def _decode(batch: _Batch, using: SingleFilter) -> tuple[list[Any], list[int]]:
    """Decode every entry that a model takes; the others become blanks and suspects.

    The second answer has the positions of those that only the general model took.
    """
    decode, general, blank = using.usual.decode, using.general.decode, using.blank
    values: list[Any] = []
    unusual: list[int] = []
    keep = values.append
    for position, raw in enumerate(batch.raws):
        try:
            keep(decode(raw))
        except msgspec.DecodeError:
            try:
                keep(general(raw))
                unusual.append(position)
            except msgspec.DecodeError:
                keep(blank)
                batch.suspects.add(position)
    return values, unusual
