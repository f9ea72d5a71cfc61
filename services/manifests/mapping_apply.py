"""Rewrite a foreign CSV in our columns, row by row, as a new manifest."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from services.jobs import Progress, unwatched
from services.manifests import csv_layout
from services.manifests import mapping as m
from services.manifests.checked import CheckedManifest
from services.manifests.csv_cells import Row, rows_of
from services.manifests.csv_values import unneutralized
from services.manifests.document import open_text
from services.manifests.mapping import (
    ColumnMapping,
    IncompleteMappingError,
    NotForeignCsvError,
    OtherHeadersError,
    Sample,
    UnreadableHeaderError,
)
from services.manifests.mapping_guess import type_of_url, url_of
from services.manifests.options import CheckOptions
from services.manifests.repair.lineage import keep
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Opened
from services.manifests.repair.splicing import watched
from services.manifests.store import ManifestStore

#: How much of a document a guess is made from.
_HEAD: Final = 1 << 20
_SAMPLES: Final = 200
_BLOCK: Final = 4_096


def read_sample(checked: CheckedManifest, limit: int = _SAMPLES) -> Sample:
    """Read the head of a CSV, typed by the schema of the check.

    Raises:
        NotForeignCsvError: The manifest is no CSV, or its first row cannot be read.
    """
    opened = Opened(checked)
    rows = _rows(opened, _HEAD)
    header = next(rows, None)
    if header is None or header.problem:
        raise UnreadableHeaderError
    kept = (tuple(row.cells) for row in rows if not row.problem)
    shown = tuple(cells for _, cells in zip(range(limit), kept, strict=False))
    return Sample(
        headers=tuple(header.cells),
        rows=shown,
        is_whole=next(kept, None) is None and opened.summary.bytes <= _HEAD,
        delimiter=opened.summary.delimiter or ",",
        schema_keys=tuple(checked.options.schema or ()),
    )


def _rows(opened: Opened, size: int | None = None) -> Iterator[Row]:
    if not opened.is_csv:
        raise NotForeignCsvError
    if size is None:
        data = opened.document.read_bytes()
    else:
        data = open_text(opened.document)[:size]
        if len(data) == size:
            data = data[: data.rfind(b"\n") + 1] or data
    return rows_of(data, opened.summary.delimiter or ",")


def apply(
    store: ManifestStore,
    fingerprint: str,
    mapping: ColumnMapping,
    options: CheckOptions | None = None,
    *,
    progress: Progress = unwatched,
) -> str:
    """Write a foreign CSV in our columns; returns the new manifest's fingerprint.

    A row that cannot be split into the header's cells stays a row that the check refuses.

    Args:
        store: The folder of manifests.
        fingerprint: The foreign CSV.
        mapping: What its columns mean.
        options: A check that was made already, to save time.
        progress: Is told how far the work is, and may end it.

    Raises:
        NotForeignCsvError: The manifest is no CSV.
        IncompleteMappingError: No column gives the URL or the type, or two give the same.
        OtherHeadersError: The mapping is for other headers.
    """
    for problem in mapping.problems():
        raise IncompleteMappingError(problem)
    opened = Opened(store.check(fingerprint, options or CheckOptions()))
    rows = _rows(opened)
    header = next(rows, None)
    if header is None or tuple(header.cells) != mapping.headers:
        raise OtherHeadersError
    notes = Notes()
    blocks = watched(_written(rows, mapping, notes), opened.document, progress)
    detail = {"mapping": mapping.to_json()}
    return keep(store, fingerprint, blocks, notes, operation="map", detail=detail, suffix=".csv")


def _written(rows: Iterator[Row], mapping: ColumnMapping, notes: Notes) -> Iterator[bytes]:
    """Yield our CSV in blocks; every row is a change."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    targets = [each.target for each in mapping.columns]
    others = [n for n, each in enumerate(targets) if each and each not in {m.URL, m.TYPE}]
    writer.writerow([m.URL, m.TYPE, *(targets[n] for n in others)])
    notes.count += 1
    is_ours = csv_layout.read_layout(mapping.headers).is_ours
    for row in rows:
        if row.problem or len(row.cells) != len(targets):
            stream.write(_refused(row))
        else:
            cells = [unneutralized(cell) for cell in row.cells] if is_ours else row.cells
            url = url_of(mapping, cells)
            writer.writerow([url, _type(mapping, cells, url), *(cells[n] for n in others)])
        notes.count += 1
        if notes.count % _BLOCK == 0:
            yield _taken(stream)
    yield _taken(stream)


def _refused(row: Row) -> str:
    """Write a row so that it is refused again: broken as it was, or as one cell too few."""
    text = row.text if row.problem else '"' + row.text.replace('"', '""') + '"'
    return text + "\r\n"


def _taken(stream: io.StringIO) -> bytes:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text.encode()


def _type(mapping: ColumnMapping, cells: Sequence[str], url: str) -> str:
    """Return the word of a row's type: its own, the one for all, or what the extension tells."""
    place = mapping.place_of(m.TYPE)
    word = cells[place].strip() if place is not None else ""
    if word:
        return word
    if mapping.constant_type is not None:
        return mapping.constant_type.value
    kind = type_of_url(url) if mapping.type_by_extension else None
    return kind.value if kind else ""
