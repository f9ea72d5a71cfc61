"""Read entries back from their columns, with the payload from the document or the column."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import orjson
import polars as pl

from services.domain.chunks import Ranges, Shares, line_of
from services.domain.entries import COMPOSITE, Entry, EntryType
from services.domain.metadata import MetadataSchema
from services.manifests import json_text
from services.manifests.arrow_files import open_columns
from services.manifests.columns import PART, UNKNOWN, part_path
from services.manifests.csv_rows import CsvRows
from services.manifests.csv_unsaid import taken_apart
from services.manifests.document import Content
from services.manifests.entry_check import urls_of

_KINDS: Final = {kind.value: kind for kind in EntryType}


def _is_of(kinds: Iterable[EntryType]) -> pl.Expr:
    return pl.col("type").is_in([kind.value for kind in kinds])


#: Types whose entries may have many URLs.
_MANY: Final = {*COMPOSITE, EntryType.SCENE}
#: The digest's line of an entry with one URL, for a whole column at once.
_LINE: Final = pl.format(line_of("{}", ["{}"]), "type", "url")
_IS_MANY: Final = _is_of(_MANY)
_ROWS: Final = ("index", "type", "title", "url", "url_count", "start", "length", "valid")


class _Described(msgspec.Struct):
    clientMetadata: Any = None  # noqa: N815 - Encord's spelling


_METADATA: Final = msgspec.json.Decoder(_Described)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as the columns hold it, valid or not."""

    index: int
    kind: EntryType | None
    title: str | None
    url: str | None
    url_count: int
    #: Offset of the entry's text in the document; None when the payload is stored apart.
    start: int | None
    length: int
    payload: bytes
    #: What the rows of a held entry say beside it, row by row.
    beside: Sequence[Mapping[str, str]] = ()

    def urls(self) -> list[str]:
        """Return all URLs in frame order."""
        if self.kind is None or self.url is None:
            return []
        if self.url_count == 1 and not self.kind.is_composite and self.kind is not EntryType.SCENE:
            return [self.url]
        return urls_of(self.kind, self._fields())

    def _fields(self) -> dict[str, object]:
        """Read the payload; a held entry may have a NaN, which is no JSON."""
        try:
            return orjson.loads(self.payload)  # type: ignore[no-any-return]  # it is an object
        except orjson.JSONDecodeError:
            return json_text.parse(self.payload.decode()).value  # type: ignore[return-value]  # as above


def load_part(folder: Path, number: int) -> pl.DataFrame:
    """Map one part into memory."""
    return open_columns(part_path(folder, number))


def frames(folder: Path, ranges: Ranges) -> Iterator[pl.DataFrame]:
    """Yield the rows of ranges in index order, part by part."""
    for part, pairs in _by_part(ranges):
        frame = load_part(folder, part)
        base = part * PART
        if len(pairs) == 1:
            first, last = pairs[0]
            yield frame.slice(first - base, last - first + 1)
        else:
            # One gathering: a slice per pair costs more than the rows where pairs are short.
            yield frame[np.concatenate([np.arange(a - base, b - base + 1) for a, b in pairs])]


def _by_part(ranges: Ranges) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Cut ranges where the parts end."""
    current: list[tuple[int, int]] = []
    number = -1
    for first, last in ranges.pairs:
        start = first
        while start <= last:
            part = start // PART
            if part != number:
                if current:
                    yield number, current
                number, current = part, []
            stop = min(last, (part + 1) * PART - 1)
            current.append((start, stop))
            start = stop + 1
    if current:
        yield number, current


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text of entries comes from."""

    folder: Path
    #: The document's bytes, read or mapped.
    text: Content
    #: Set for a CSV, whose plain rows are made into JSON when they are read.
    csv: CsvRows | None
    #: What the document says of all its entries.
    flags: Mapping[str, bool] = field(default_factory=dict)
    #: What metadata was checked against.
    schema: MetadataSchema | None = None

    def payloads(self, frame: pl.DataFrame) -> list[bytes]:
        """Return the JSON of entries: what is stored, or what stands in the document."""
        stored, given = frame["payload"], frame.filter(pl.col("payload").is_null())
        if self.csv is not None:
            made = self.csv.payloads(self.text, given)
        else:
            places = given.select("start", "length").iter_rows()
            made = [self.text[start : start + length] for start, length in places]
        if len(made) == len(stored):
            return made
        following = iter(made)
        return [next(following) if payload is None else payload for payload in stored]

    def joined(self, frame: pl.DataFrame, between: str) -> bytes:
        """Return the JSON of entries one after the other."""
        if self.csv is not None and frame["payload"].null_count() == frame.height:
            return self.csv.joined(self.text, frame, between)
        return between.encode().join(self.payloads(frame))


def read_entries(source: Source, ranges: Ranges) -> Iterator[StoredEntry]:
    """Yield stored entries of ranges, in index order."""
    for frame in frames(source.folder, ranges):
        rows = frame.select(_ROWS).iter_rows()
        for row, payload in zip(rows, source.payloads(frame), strict=True):
            index, kind, title, url, count, start, length, is_valid = row
            has_cells = source.csv is not None and not is_valid
            beside, text = taken_apart(payload) if has_cells else ((), payload)
            yield StoredEntry(
                index=index,
                kind=None if kind == UNKNOWN else EntryType(kind),
                title=title,
                url=url,
                url_count=count,
                start=start,
                length=length or 0,
                payload=text,
                beside=beside,
            )


def valid_entries(
    source: Source, ranges: Ranges, kinds: Collection[EntryType] | None = None
) -> Iterator[Entry]:
    """Yield entries without errors, all or of some types, in the form all others take."""
    for every in frames(source.folder, ranges):
        frame = every if kinds is None else every.filter(_is_of(kinds))
        rows = frame.select("index", "type", "title", "url").iter_rows()
        for (index, word, title, url), payload in zip(rows, source.payloads(frame), strict=True):
            kind = _KINDS[word]
            urls = urls_of(kind, orjson.loads(payload)) if kind in _MANY else (url,)
            yield Entry(index=index, type=kind, urls=tuple(urls), title=title, payload=payload)


def shares(source: Source, ranges: Ranges) -> Iterator[Shares]:
    """Yield what cutting into chunks needs of entries without errors, in index order."""
    for frame in frames(source.folder, ranges):
        lines = frame.select(_LINE).to_series().to_list()
        counts = [1] * frame.height
        places = frame.select(_IS_MANY.arg_true()).to_series()
        if len(places):
            many = frame[places]
            read = zip(places, many["type"], source.payloads(many), strict=True)
            for place, kind, payload in read:
                urls = urls_of(_KINDS[kind], orjson.loads(payload))
                lines[place], counts[place] = line_of(kind, urls), len(urls)
        yield Shares(frame["index"].to_list(), list(accumulate(counts)), lines)


def metadata_by_part(source: Source, entries: int) -> Iterator[list[Mapping[str, object]]]:
    """Yield the metadata of all entries in order, empty where there is none, part by part."""
    if not entries:
        return
    for frame in frames(source.folder, Ranges(((0, entries - 1),))):
        yield [_metadata(payload) for payload in source.payloads(frame)]


def _metadata(payload: bytes) -> Mapping[str, object]:
    """Return an entry's metadata; none where the entry cannot be read."""
    try:
        found = _METADATA.decode(payload).clientMetadata
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
