"""Find the entries of which an object is any frame, not only the first.

The columns hold each entry's first URL. The others stand in the document's own text, which is
searched at the speed of memory: 0.1 s for 120 MB, without an index that every upload would pay for.
"""

import mmap
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
import orjson
import polars as pl

from services.domain.chunks import Ranges
from services.domain.entries import COMPOSITE
from services.domain.identity import identity
from services.manifests.checked import CheckedManifest
from services.manifests.columns import part_paths

#: Places that are looked at; a name that stands in more is not looked for further.
MOST: Final = 200


def entries_naming(checked: CheckedManifest, url: str) -> list[int]:
    """Return the valid groups and series that have an object among their frames, in file order."""
    if not any(str(kind) in checked.summary.by_type for kind in COMPOSITE):
        return []
    groups = _groups(checked)
    needles = _needles(url)
    candidates = _in_document(checked.source.text, groups, needles) | _in_columns(groups, needles)
    wanted = identity(url)
    read = checked.read(Ranges.of(sorted(candidates)))
    return [entry.index for entry in read if wanted in map(identity, entry.urls)]


def _groups(checked: CheckedManifest) -> pl.DataFrame:
    kinds = [str(kind) for kind in COMPOSITE]
    chosen = pl.scan_ipc(part_paths(checked.folder)).filter(
        pl.col("valid") & pl.col("type").is_in(kinds)
    )
    return chosen.select("index", "start", "payload").collect()


def _needles(url: str) -> tuple[bytes, ...]:
    """Return how the end of the URL may be written: as it is, or with letters escaped."""
    key = identity(url).partition("://")[2].partition("/")[2]
    plain = orjson.dumps(f"/{key}")[1:]
    escaped = "".join(each if each.isascii() else f"\\u{ord(each):04x}" for each in key)
    return tuple({plain, f'/{escaped}"'.encode()})


def _in_document(
    text: bytes | mmap.mmap, groups: pl.DataFrame, needles: tuple[bytes, ...]
) -> set[int]:
    """Return the groups in whose text a needle stands."""
    placed = groups.filter(pl.col("start").is_not_null()).sort("start")
    if placed.is_empty():
        return set()
    starts, indexes = placed["start"].to_numpy(), placed["index"].to_numpy()
    found = (place for needle in needles for place in islice(_places(text, needle), MOST))
    before = [int(np.searchsorted(starts, place, side="right")) - 1 for place in found]
    return {int(indexes[each]) for each in before if each >= 0}


def _in_columns(groups: pl.DataFrame, needles: tuple[bytes, ...]) -> set[int]:
    """Return the groups whose own payload, made from several rows or another form, has a needle."""
    stored = groups.filter(pl.col("payload").is_not_null())
    holds = pl.any_horizontal([pl.col("payload").bin.contains(needle) for needle in needles])
    return set(stored.filter(holds)["index"].head(MOST))


def _places(text: bytes | mmap.mmap, needle: bytes) -> Iterator[int]:
    place = text.find(needle)
    while place >= 0:
        yield place
        place = text.find(needle, place + 1)
