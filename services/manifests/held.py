"""Write held entries with their reasons as CSV that a spreadsheet opens and our reader reads.

Nothing is lost: an entry that its cells do not say in full (a key given twice, a control character,
a title that is a number, ...) is carried as it is in a column of its own. Read again, it counts
with the cells that somebody changed; see `carried`.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

import msgspec

from services.domain.chunks import Ranges
from services.domain.metadata import MetadataSchema
from services.jobs import Progress
from services.manifests.carried import says_all
from services.manifests.csv_layout import (
    COLUMNS,
    ENTRY_HEADER,
    FINDING_HEADER,
    JSON_SUFFIX,
    ROW_HEADER,
)
from services.manifests.csv_values import neutralized
from services.manifests.held_lines import (
    Line,
    as_json,
    in_a_cell,
    lines_of,
    object_of,
    one_way,
    writable,
)
from services.manifests.stored import Source, StoredEntry, read_entries

#: Entries between two words about the progress.
_STEP: Final = 4_096
#: The metadata in one cell.
_WHOLE: Final = f"clientMetadata{JSON_SUFFIX}"
_LINE: Final = msgspec.json.Decoder(Line)


def write_held(
    source: Source, ranges: Ranges, reasons: Mapping[int, str], target: Path, progress: Progress
) -> None:
    """Write entries; their lines wait aside until all columns are known."""
    with tempfile.TemporaryFile(dir=target.parent) as aside:
        headers = _lines(source, ranges, reasons, aside, progress)
        aside.seek(0)
        _write(map(_LINE.decode, aside), headers, target)


def _lines(
    source: Source,
    ranges: Ranges,
    reasons: Mapping[int, str],
    aside: IO[bytes],
    progress: Progress,
) -> dict[str, None]:
    """Make the lines of all entries; returns their headers."""
    headers: dict[str, None] = {}
    for number, entry in enumerate(read_entries(source, ranges)):
        if number % _STEP == 0:
            progress(number / max(len(reasons), 1))
        for line in entry_lines(entry, reasons.get(entry.index, ""), source.schema):
            headers.update(dict.fromkeys(line))
            aside.write(msgspec.json.encode(line) + b"\n")
    return headers


def _write(lines: Iterable[Line], headers: Mapping[str, None], target: Path) -> None:
    fixed = {*COLUMNS, ENTRY_HEADER, FINDING_HEADER}
    extra = [each for each in headers if each not in fixed and as_json(each) not in headers]
    ours = [each for each in (ENTRY_HEADER, FINDING_HEADER) if each in headers]
    columns = [*COLUMNS, *extra, *(ours or [FINDING_HEADER])]
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(map(neutralized, columns))
        for line in lines:
            made = one_way(line, headers)
            writer.writerow([neutralized(made.get(header, "")) for header in columns])


def entry_lines(entry: StoredEntry, reason: str, schema: MetadataSchema | None) -> Iterator[Line]:
    """Yield the lines of one entry: one per frame of a composite."""
    text, reason = entry.payload.decode("utf-8", "replace"), writable(reason)
    if not text:
        # A row that cannot be read: what it carries is a list, which no entry is.
        (line,) = entry.beside
        carried = in_a_cell(msgspec.json.encode([line]).decode())
        yield {**line, ENTRY_HEADER: carried, FINDING_HEADER: reason}
        return
    fields = object_of(text)
    if fields is None:
        yield {ROW_HEADER: writable(text), FINDING_HEADER: reason}
        return
    first, *others = lines_of(entry.kind, fields, schema, group=f"{entry.index}")
    if not says_all([first, *others], entry.kind, text, schema):
        first[ENTRY_HEADER] = in_a_cell(text)
    if any(_WHOLE in more for more in entry.beside):
        first.pop(_WHOLE, None)  # they say it as it was said
    for line, more in zip([first, *others], entry.beside, strict=False):
        line.update(more)
    yield {**first, FINDING_HEADER: reason}
    yield from others
