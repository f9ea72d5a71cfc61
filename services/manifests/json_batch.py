"""Read the entries of one section, batch by batch: filter them at the speed of C, examine the rest.

What the filters cannot see is looked for in the bytes: repeated keys by counting colons, NUL and
masked NaN by searching. Whatever looks odd is examined, so odd text costs time, never a finding.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import polars as pl
from msgspec import UNSET

from services.domain.entries import EntryType
from services.manifests import json_text
from services.manifests.collector import pointer
from services.manifests.columns import SCHEMA, Row
from services.manifests.json_entry import Place, read_entry
from services.manifests.json_filter import (
    CompositeFilter,
    SingleFilter,
    composite_filter,
    single_filter,
)
from services.manifests.json_split import starts_of
from services.manifests.sink import Sink
from services.manifests.url_columns import (
    count_buckets,
    doubtful_titles,
    doubtful_urls,
    extensions,
)

BATCH: Final = 32_768

_KEY_END: Final = b'":'
_LOOSE: Final = re.compile(rb"[ \t\r\n]:")
_NUL: Final = b"\\u0000"
_UNFILTERED: Final = frozenset({EntryType.SCENE, EntryType.TIME_SERIES})


@dataclass(frozen=True, slots=True)
class Traps:
    """What stands somewhere in the document and would mislead the filters."""

    #: White space before a colon, so that counting `":` misses keys.
    loose_colons: bool
    nul: bool
    #: The text with NaN masked, when there is any.
    masked: bytes | None


def find_traps(text: bytes, data: bytes) -> Traps:
    """Search a document for traps, once."""
    loose = any(data.find(each) >= 0 for each in (b" :", b"\n:", b"\t:", b"\r:"))
    return Traps(loose, _NUL in data, text if text is not data else None)


@dataclass(slots=True)
class _Batch:
    """Consecutive entries of a section and what is known about them so far."""

    raws: list[msgspec.Raw]
    starts: list[int]
    lengths: list[int]
    #: Index of the first one.
    index: int
    #: Positions of entries that have to be examined.
    suspects: set[int] = field(default_factory=set)
    #: Keys of each entry, as the filter decoded it.
    keys: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Where the last entry ends."""
        return self.starts[-1] + self.lengths[-1]

    def columns(self, kind: str) -> dict[str, list[Any]]:
        """Make the columns that are the same for every accepted entry."""
        count = len(self.raws)
        return {
            "type": [kind] * count,
            "url_count": [1] * count,
            "valid": [True] * count,
            "start": list(self.starts),
            "length": self.lengths,
            "line": [None] * count,
            "payload": [None] * count,
        }


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
        if not sink.is_wire and kind not in _UNFILTERED:
            self._choose_filter()

    def _choose_filter(self) -> None:
        if self._kind.is_composite:
            self._composite = composite_filter(self._kind, self._sink.options)
        else:
            self._single = single_filter(self._kind, self._sink.options)

    def read(self, raws: list[msgspec.Raw], at: int) -> None:
        """Read all entries; the list's content begins at `at`."""
        size = max(len(self._data), 1)
        for first in range(0, len(raws), BATCH):
            part = raws[first : first + BATCH]
            lengths = list(map(len, part))
            batch = _Batch(part, starts_of(self._data, at, lengths), lengths, self._sink.index)
            self._read_batch(batch)
            at = batch.end
            self._sink.progress(at / size)

    def _read_batch(self, batch: _Batch) -> None:
        if self._single:
            self._read_singles(batch, self._single)
        elif self._composite:
            self._read_composites(batch, self._composite)
        else:
            self._examine_all(batch)

    def _examine_all(self, batch: _Batch) -> None:
        for position in range(len(batch.raws)):
            self._sink.writer.add(self._examine(batch, position))
        self._sink.hash_pending()

    def _examine(self, batch: _Batch, position: int) -> Row:
        start = batch.starts[position]
        index = batch.index + position
        where = pointer("", (self._key, index - self._first))
        place = Place(self._sink, start, start + batch.lengths[position], where)
        return read_entry(self._kind, place, index)

    def _read_singles(self, batch: _Batch, using: SingleFilter) -> None:
        values = _decode(batch, using)
        _count_keys(batch, using, values)
        urls = [value.objectUrl for value in values]
        titles = [None if value.title is UNSET else value.title for value in values]
        del values
        self._suspect_oddities(batch)
        url = pl.Series("url", urls, dtype=pl.String)
        title = pl.Series("title", titles, dtype=pl.String)
        doubt = doubtful_urls(url, self._kind, self._sink.options) | doubtful_titles(title)
        batch.suspects.update(doubt.arg_true())
        columns = {**batch.columns(self._kind.value), "title": titles, "url": urls}
        good = self._mend(batch, columns)
        found = (
            url.filter(good)
            .to_frame()
            .with_columns(
                entry=pl.int_range(len(urls), dtype=pl.UInt32, eager=True).filter(good)
                + batch.index,
                nth=pl.lit(0, dtype=pl.UInt32),
            )
        )
        self._deliver(columns, found)

    def _mend(self, batch: _Batch, columns: dict[str, list[Any]]) -> pl.Series:
        """Examine the suspects and put their rows in; returns which rows needed none."""
        for position in sorted(batch.suspects):
            row = self._examine(batch, position)
            for name, value in zip(row._fields, row, strict=True):
                columns[name][position] = value
        good = pl.repeat(value=True, n=len(batch.raws), dtype=pl.Boolean, eager=True)
        if batch.suspects:
            good = good.scatter(sorted(batch.suspects), values=False)
        return good

    def _deliver(self, columns: dict[str, list[Any]], found: pl.DataFrame) -> None:
        frame = pl.DataFrame({name: columns[name] for name in SCHEMA}, schema=SCHEMA)
        none = pl.lit(0, dtype=pl.UInt32)
        buckets = count_buckets(found["url"])
        self._sink.accepted(frame, found.with_columns(line=none, column=none), buckets)

    def _suspect_oddities(self, batch: _Batch) -> None:
        """Add the entries whose bytes hold what the filters cannot see."""
        batch.suspects.update(list(self._trapped(batch)))
        expected = sum(batch.keys) - sum(batch.keys[position] for position in batch.suspects)
        actual = self._data.count(_KEY_END, batch.starts[0], batch.end)
        for position in batch.suspects:
            start = batch.starts[position]
            actual -= self._data.count(_KEY_END, start, start + batch.lengths[position])
        if actual != expected or self._traps.loose_colons:
            batch.suspects.update(list(self._repeating(batch)))

    def _trapped(self, batch: _Batch) -> Iterable[int]:
        """Yield entries with NUL or a masked number."""
        nul, masked = self._traps.nul, self._traps.masked
        if not nul and masked is None:
            return
        for position, (start, length) in enumerate(zip(batch.starts, batch.lengths, strict=True)):
            piece = self._data[start : start + length]
            if _NUL in piece or (masked and masked[start : start + length] != piece):
                yield position

    def _repeating(self, batch: _Batch) -> Iterable[int]:
        """Yield entries that repeat a key; text that looks so is parsed to make sure."""
        for position, (start, length) in enumerate(zip(batch.starts, batch.lengths, strict=True)):
            if position in batch.suspects:
                continue
            piece = self._data[start : start + length]
            odd = piece.count(_KEY_END) != batch.keys[position] or _LOOSE.search(piece)
            if odd and json_text.parse(piece.decode()).repeats:
                yield position

    def _read_composites(self, batch: _Batch, using: CompositeFilter) -> None:
        urls: list[str] = []
        owners: list[int] = []
        columns = {**batch.columns(self._kind.value), "title": [], "url": []}
        for position, raw in enumerate(batch.raws):
            entry = using.accept(raw)
            if entry is None:
                batch.suspects.add(position)
                batch.keys.append(0)
                columns["title"].append(None)
                columns["url"].append(None)
                continue
            batch.keys.append(entry.keys)
            columns["title"].append(entry.title)
            columns["url"].append(entry.urls[0])
            columns["url_count"][position] = len(entry.urls)
            if entry.is_video:
                columns["type"][position] = EntryType.IMAGE_SEQUENCE.value
            owners.extend([position] * len(entry.urls))
            urls.extend(entry.urls)
        self._suspect_oddities(batch)
        found = self._frames(batch, urls, owners, columns["title"])
        good = self._mend(batch, columns)
        found = found.filter(good.gather(found["owner"])).select(
            "url", "nth", (pl.col("owner") + batch.index).alias("entry")
        )
        self._deliver(columns, found)

    def _frames(
        self, batch: _Batch, urls: list[str], owners: list[int], titles: list[Any]
    ) -> pl.DataFrame:
        """Look at all frames as columns; adds the entries that have to be examined."""
        url = pl.Series("url", urls, dtype=pl.String)
        owner = pl.Series("owner", owners, dtype=pl.UInt32)
        doubt = doubtful_urls(url, self._kind, self._sink.options)
        frames = pl.DataFrame({"url": url, "owner": owner, "extension": extensions(url)})
        frames = frames.with_columns(
            pl.int_range(pl.len(), dtype=pl.UInt32).over("owner").alias("nth")
        )
        kinds = frames.group_by("owner").agg(pl.col("extension").drop_nulls().n_unique())
        batch.suspects.update(owner.filter(doubt).unique())
        batch.suspects.update(kinds.filter(pl.col("extension") > 1)["owner"])
        batch.suspects.update(doubtful_titles(pl.Series(titles, dtype=pl.String)).arg_true())
        return frames


def _decode(batch: _Batch, using: SingleFilter) -> list[Any]:
    """Decode every entry that the filter takes; the others become blanks and suspects."""
    decode, blank = using.decode, using.blank
    values: list[Any] = []
    keep = values.append
    for position, raw in enumerate(batch.raws):
        try:
            keep(decode(raw))
        except msgspec.DecodeError:
            keep(blank)
            batch.suspects.add(position)
    return values


def _count_keys(batch: _Batch, using: SingleFilter, values: list[Any]) -> None:
    """Count the keys of every entry as decoded; odd metadata makes a suspect."""
    count, media_keys = using.metadata.count, using.media_keys
    for position, value in enumerate(values):
        keys = 1 if value.title is UNSET else 2
        metadata = value.clientMetadata
        if metadata is not UNSET:
            inner = count(metadata)
            if inner < 0:
                batch.suspects.add(position)
            keys += inner + 1
        if media_keys and value.media is not UNSET:
            keys += media_keys
        batch.keys.append(keys)
