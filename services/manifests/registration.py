"""Write entries as Encord's registration JSON: sections of entries and snake_case flags."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from services.domain.chunks import Ranges
from services.domain.entries import SECTIONS, EntryType
from services.manifests.columns import KINDS, PART
from services.manifests.stored import Source, frames

_BETWEEN: Final = ",\n"
#: Making JSON of CSV rows mostly needs no interpreter, so that two threads keep two cores busy.
_THREADS: Final = 2
#: Rows made in one go; fewer take less memory, and stay nearer to the processor.
_ROWS: Final = PART // 4


def write_registration(
    source: Source, ranges: Ranges, target: Path, flags: Mapping[str, bool]
) -> None:
    """Stream entries to a document, section by section."""
    with target.open("wb") as stream:
        stream.write(b"{")
        stream.write(", ".join(f'"{k}": {str(v).lower()}' for k, v in flags.items()).encode())
        present = {
            kind for frame in frames(source.folder, ranges) for kind in frame["type"].unique()
        }
        for section in dict.fromkeys(SECTIONS.values()):
            kinds = [kind.value for kind in EntryType if kind.section == section]
            if not present.isdisjoint(kinds):
                chosen = rows_of(source, ranges, kinds)
                _write_section(stream, section, _joined(source, chosen))
        stream.write(b"\n}\n")


def _joined(source: Source, chosen: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield the JSON of rows, frame by frame; makes the next while one is written."""
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for rows in chain.from_iterable(frame.iter_slices(_ROWS) for frame in chosen):
            waiting.append(pool.submit(source.joined, rows, _BETWEEN))
            if len(waiting) > _THREADS:
                yield waiting.popleft().result()
        for each in waiting:
            yield each.result()


def _write_section(stream: BinaryIO, section: str, blocks: Iterable[bytes]) -> None:
    separator = f',\n"{section}": [\n'.encode()
    empty = True
    for block in blocks:
        stream.write(separator)
        stream.write(block)
        separator, empty = _BETWEEN.encode(), False
    if not empty:
        stream.write(b"\n]")


def rows_of(source: Source, ranges: Ranges, kinds: Iterable[str]) -> Iterator[pl.DataFrame]:
    """Yield the rows of the entries of some types, part by part."""
    wanted = pl.Series(list(kinds), dtype=KINDS)
    for frame in frames(source.folder, ranges):
        chosen = frame.filter(pl.col("type").is_in(wanted.implode()))
        if chosen.height:
            yield chosen
