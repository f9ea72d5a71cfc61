"""Write entries as Encord's registration JSON: sections of entries and snake_case flags."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import polars as pl

from services.domain.chunks import Ranges
from services.domain.entries import SECTIONS, EntryType
from services.manifests.stored import Source, frames


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
                _write_section(stream, section, payloads(source, ranges, kinds))
        stream.write(b"\n}\n")


def _write_section(stream: BinaryIO, section: str, blocks: Iterable[list[bytes]]) -> None:
    separator = f',\n"{section}": [\n'.encode()
    empty = True
    for block in blocks:
        stream.write(separator)
        stream.write(b",\n".join(block))
        separator, empty = b",\n", False
    if not empty:
        stream.write(b"\n]")


def payloads(source: Source, ranges: Ranges, kinds: Iterable[str]) -> Iterator[list[bytes]]:
    """Yield the payloads of the entries of some types, block by block."""
    wanted = list(kinds)
    for frame in frames(source.folder, ranges):
        chosen = frame.filter(pl.col("type").cast(pl.String).is_in(wanted))
        if chosen.height:
            yield source.payloads(chosen)
