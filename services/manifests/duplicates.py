"""Find URLs that stand in more than one entry: by 64-bit hash first, then by comparing texts."""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from services.domain.chunks import Ranges
from services.domain.entries import EntryType
from services.domain.nearest import fold
from services.manifests import json_text
from services.manifests.collector import Where, pointer
from services.manifests.csv_rows import CsvRows
from services.manifests.document import byte_offset
from services.manifests.faults import Fault
from services.manifests.sink import Sink
from services.manifests.stored import Source, StoredEntry, read_entries

_CODE: Final = "url-duplicate"
#: Folded names of the fields that may hold what looks like a URL.
_NO_URLS: Final = frozenset({"title", "clientmetadata"})


class _Suspect(NamedTuple):
    """One URL whose hash another entry has too."""

    entry: int
    #: Which of the entry's URLs.
    nth: int
    #: 0 in JSON, where the place is found in the entry's text.
    line: int
    column: int
    #: The URL itself, where its entry was examined by itself.
    url: str | None


def report_duplicates(sink: Sink, folder: Path) -> None:
    """Add a warning for every URL that an earlier entry already has."""
    if not sink.hashes:
        return
    suspects = _suspects(sink.hashes)
    if not suspects:
        return
    ranges = Ranges.of(sorted({each.entry for each in suspects}))
    csv = CsvRows(sink.layouts, sink.delimiter or ",", None) if sink.layouts else None
    source = Source(folder, sink.document.data, csv)
    stored = read_entries(source, ranges)
    first: dict[str, int] = {}
    current = next(stored)
    for suspect in suspects:
        keeps = sink.collector.keeps(_CODE)
        while current.index != suspect.entry and (keeps or suspect.url is None):
            current = next(stored)  # read for samples, and for URLs that stand nowhere else
        url = current.urls()[suspect.nth] if suspect.url is None else suspect.url
        earlier = first.setdefault(url, suspect.entry)
        if earlier != suspect.entry:
            path = _path(source, current, suspect) if keeps else ()
            fault = Fault(_CODE, path, url, {"first": earlier})
            _report(sink, source, current, suspect, fault)


def _suspects(parts: list[pl.DataFrame]) -> list[_Suspect]:
    """Return the URLs that share a hash with another entry, in the order of the file."""
    # Numpy sorts numbers in half the time of polars.
    ordered = np.concatenate([part["hash"].to_numpy() for part in parts])
    ordered.sort()
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return []
    is_shared = pl.col("hash").is_in(pl.Series(repeated).implode())
    named = pl.concat(parts).filter(is_shared, pl.col("url").ne_missing(pl.lit("")))
    across = named.filter(pl.col("entry").n_unique().over("hash") > 1)
    placed = across.sort("entry", "nth").select("entry", "nth", "line", "column", "url")
    return [_Suspect(*row) for row in placed.iter_rows()]


def _report(
    sink: Sink, source: Source, entry: StoredEntry, suspect: _Suspect, fault: Fault
) -> None:
    def locate(fault: Fault) -> Where:
        if suspect.line:
            place = pointer(f"/{entry.index}", fault.path)
            column = suspect.column or _column(source, entry)
            return Where(line=suspect.line, column=column, pointer=place)
        return _json_place(sink, entry, fault)

    sink.collector.add(fault, suspect.entry, locate)


def _column(source: Source, entry: StoredEntry) -> int:
    """Find the column of a plain row's URL."""
    start = entry.start or 0
    piece = source.text[start : start + entry.length]
    return source.csv.url_column(entry.index, piece) if source.csv else 1


def _path(source: Source, entry: StoredEntry, suspect: _Suspect) -> tuple[str | int, ...]:
    """Find the field of a URL, as the document spells it."""
    usual = _usual_key(entry, suspect)
    if suspect.url and not suspect.line:
        return _written(source, entry, suspect.url, usual) or (usual,)
    return (usual,)


def _usual_key(entry: StoredEntry, suspect: _Suspect) -> str:
    if entry.kind is EntryType.SCENE:
        return "scene"
    is_one_of_many = entry.kind is not None and entry.kind.is_composite
    return f"objectUrl_{suspect.nth}" if is_one_of_many else "objectUrl"


def _written(source: Source, entry: StoredEntry, url: str, usual: str) -> tuple[str | int, ...]:
    """Look for a URL in an entry's own text, first under its usual key; empty when not there."""
    start = entry.start or 0
    value = json_text.parse(source.text[start : start + entry.length].decode()).value
    if isinstance(value, dict) and value.get(usual) == url:
        return (usual,)
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        path, each = waiting.pop()
        if each == url:
            return path
        if isinstance(each, dict):
            inside = [(key, found) for key, found in each.items() if fold(key) not in _NO_URLS]
        else:
            inside = list(enumerate(each)) if isinstance(each, list) else []
        waiting += [((*path, step), found) for step, found in reversed(inside)]
    return ()


def _json_place(sink: Sink, entry: StoredEntry, fault: Fault) -> Where:
    start = entry.start or 0
    text = sink.document.data[start : start + entry.length].decode()
    character = json_text.locate(text, fault.path)
    return Where(
        offset=start + byte_offset(text, character),
        pointer=pointer(sink.pointer_of(entry.index), fault.path),
    )
