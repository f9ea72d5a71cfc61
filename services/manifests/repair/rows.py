"""Show failing entries as rows of flat text, and write edited rows back in a new manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.domain.entries import EntryType
from services.domain.findings import Finding
from services.domain.paging import Page
from services.jobs import Progress, unwatched
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.repair import row_cells, row_fields
from services.manifests.repair.csv_source import CsvSource
from services.manifests.repair.csv_subject import CsvSubject
from services.manifests.repair.errors import UnknownEntryError
from services.manifests.repair.json_source import JsonSource
from services.manifests.repair.json_subject import JsonSubject
from services.manifests.repair.lineage import keep
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Mask, Opened
from services.manifests.repair.splicing import watched
from services.manifests.repair.subject import Mended, Subject
from services.manifests.store import ManifestStore

#: The values of one row after editing; None removes a field.
Edit = Mapping[str, str | None]

#: The findings shown with one page of rows.
_FINDINGS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableRow:
    """One entry as a row of a form."""

    index: int
    #: 1-based physical line where the entry begins.
    line: int
    type: EntryType | None
    #: Name to text: `objectUrl`, `title`, `metadata.<key>`, `imageMetadata.width`, ...
    fields: Mapping[str, str]
    #: What is kept of the findings about this entry.
    findings: tuple[Finding, ...]
    #: The codes of all findings about it, kept or not, worst first.
    codes: tuple[str, ...] = ()


def failing_rows(
    checked: CheckedManifest, code: str | None = None, offset: int = 0, limit: int = 50
) -> Page[EditableRow]:
    """Return one page of the entries with a finding, as text to edit.

    Args:
        checked: A finished check.
        code: Only entries with this code; None means those that are held back.
        offset: Where the page begins.
        limit: How many rows it has.
    """
    opened = Opened(checked)
    failing = opened.mask(code) if code else opened.held()
    indexes = np.flatnonzero(failing)
    mask = opened.none()
    mask[indexes[offset : offset + limit]] = True
    source = CsvSource(opened) if opened.is_csv else JsonSource(opened)
    found = _findings(checked, mask) if mask.any() else {}
    places = {place.index: place for place in opened.locations(mask)}
    codes = opened.codes(places)
    rows = [
        EditableRow(
            index=subject.index,
            line=opened.line_of(places[subject.index].start),
            type=subject.kind,
            fields=_fields(subject),
            findings=tuple(found.get(subject.index, ())),
            codes=codes.get(subject.index, ()),
        )
        for subject in source.subjects(mask)
    ]
    return Page(tuple(sorted(rows, key=lambda row: row.index)), len(indexes))


def _findings(checked: CheckedManifest, mask: Mask) -> dict[int, list[Finding]]:
    found: dict[int, list[Finding]] = {}
    for finding in checked.findings(limit=_FINDINGS).rows:
        if finding.entry is not None and mask[finding.entry]:
            found.setdefault(finding.entry, []).append(finding)
    return found


def _fields(subject: Subject) -> dict[str, str]:
    if isinstance(subject, CsvSubject):
        return row_cells.fields_of(subject.lines)
    assert isinstance(subject, JsonSubject)
    return row_fields.fields_of(subject)


def edit(
    store: ManifestStore,
    fingerprint: str,
    edits: Mapping[int, Edit],
    options: CheckOptions | None = None,
    *,
    progress: Progress = unwatched,
) -> str:
    """Write edited rows into a new manifest; returns its fingerprint.

    Args:
        store: The folder of manifests.
        fingerprint: The manifest to edit.
        edits: Entry index to the fields that change; None removes a field.
        options: A check that was made already, for its schema and to save time.
        progress: Is told how far the work is, and may end it.

    Raises:
        UnknownEntryError: There is no such entry, or a CSV has no such column.
        InvalidEditError: The raw text given for a JSON entry is no JSON.
    """
    opened = Opened(store.check(fingerprint, options or CheckOptions()))
    mask = opened.none()
    for index in edits:
        if not 0 <= index < len(mask):
            raise UnknownEntryError(index)
        mask[index] = True
    source = CsvSource(opened) if opened.is_csv else JsonSource(opened)

    def mend(subject: Subject) -> Mended | None:
        return _edited(subject, edits[subject.index], opened.options)

    notes = Notes()
    blocks = watched(source.rewritten(mask, mend, notes), opened.document, progress)
    detail = {"entries": str(len(edits))}
    return keep(store, fingerprint, blocks, notes, operation="edit", detail=detail)


def _edited(subject: Subject, wanted: Edit, options: CheckOptions) -> Mended | None:
    before = _fields(subject)
    changed = {name: text for name, text in wanted.items() if before.get(name) != text}
    if not changed:
        return None
    told = tuple((name, before.get(name), text) for name, text in changed.items())
    if isinstance(subject, CsvSubject):
        return Mended(row_cells.edited(subject, changed), told=told)
    assert isinstance(subject, JsonSubject)
    return Mended(row_fields.edited(subject, changed, options.schema), told=told)
