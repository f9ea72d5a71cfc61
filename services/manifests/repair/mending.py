"""Fix all findings of a code: preview, apply as a new manifest, undo by going to its parent."""

import heapq
from collections.abc import Iterator
from operator import attrgetter

from services.domain.rules import Fix
from services.jobs import Progress, unwatched
from services.manifests.checked import CheckedManifest
from services.manifests.document import open_text
from services.manifests.options import CheckOptions
from services.manifests.repair import csv_columns, dates, duplicates, json_top
from services.manifests.repair.actions import Preview, as_text
from services.manifests.repair.csv_source import CsvSource
from services.manifests.repair.errors import UnfitFixError
from services.manifests.repair.fixes import Mender, fixes_for
from services.manifests.repair.json_source import JsonSource
from services.manifests.repair.lineage import keep
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Mask, Opened
from services.manifests.repair.splicing import spliced, watched
from services.manifests.repair.subject import Mend, Mended, field_name
from services.manifests.store import ManifestStore

#: Codes about the columns of a CSV rather than about its rows.
_COLUMN_CODES = {"csv-header-unknown", "metadata-undeclared"}


def preview(
    checked: CheckedManifest,
    code: str,
    fix: Fix,
    limit: int = 20,
    *,
    progress: Progress = unwatched,
) -> Preview:
    """Say what a fix would change, without changing anything.

    Args:
        checked: A finished check.
        code: The finding code to fix.
        fix: One of `fixes_for(code)`.
        limit: How many changes to show; the count is exact all the same.
        progress: Is told how far the look is, and may end it.

    Raises:
        UnfitFixError: The rule of the code does not offer the fix.
    """
    notes, opened = Notes(limit), Opened(checked)
    for _ in watched(_rewritten(opened, code, fix, notes), opened.document, progress):
        pass
    return notes.preview()


def apply(
    store: ManifestStore,
    fingerprint: str,
    options: CheckOptions,
    code: str,
    fix: Fix,
    *,
    progress: Progress = unwatched,
) -> str:
    """Fix all findings of a code in a new manifest; returns its fingerprint.

    Returns:
        The same fingerprint when there is nothing that can be fixed safely.

    Raises:
        UnfitFixError: The rule of the code does not offer the fix.
        UnknownManifestError: No manifest with that fingerprint is stored.
        ManifestTooLargeError: The result has more bytes than the store takes.
    """
    notes, opened = Notes(), Opened(store.check(fingerprint, options))
    blocks = watched(_rewritten(opened, code, fix, notes), opened.document, progress)
    detail = {"code": code, "fix": str(fix)}
    return keep(store, fingerprint, blocks, notes, operation="fix", detail=detail)


def _rewritten(opened: Opened, code: str, fix: Fix, notes: Notes) -> Iterator[bytes]:
    """Return the manifest with a fix applied."""
    if fix not in fixes_for(code):
        raise UnfitFixError(code, fix)
    if code not in opened.summary.counts:
        return iter(())
    if opened.is_csv and code in _COLUMN_CODES and not _is_of_rows(code, fix):
        return _columns(opened, code, fix, notes).rewritten()
    mask, mend = _chosen(opened, code, fix)
    if opened.is_csv:
        return CsvSource(opened).rewritten(mask, mend, notes)
    return _json(opened, code, fix, mask, mend, notes)


def _is_of_rows(code: str, fix: Fix) -> bool:
    """Whether the cells of a column are emptied rather than the column changed."""
    return code == "metadata-undeclared" and fix is Fix.REMOVE_KEY


def _columns(opened: Opened, code: str, fix: Fix, notes: Notes) -> csv_columns.Columns:
    columns = csv_columns.Columns(opened, fix, notes)
    if code == "metadata-undeclared":
        columns.learn_keys(code)
    return columns


def _chosen(opened: Opened, code: str, fix: Fix) -> tuple[Mask, Mend]:
    """Return the entries a fix looks at and what it does to each."""
    if code == duplicates.CODE:
        return duplicates.droppable(opened), lambda _: Mended(None)
    mask = opened.mask(code)
    orders = _orders(opened, mask, code) if fix is Fix.PARSE_DATETIME else {}
    return mask, Mender(code, fix, opened.options, orders).mend


def _orders(opened: Opened, mask: Mask, code: str) -> dict[str, dates.Order | None]:
    """Learn how the dates of each key are written from the ones that can be read one way only."""
    seen: dict[str, set[dates.Order]] = {}
    source = CsvSource(opened) if opened.is_csv else JsonSource(opened)
    for subject in source.subjects(mask):
        for fault in subject.faults(opened.options):
            order = dates.order_of(as_text(fault.value) or "") if fault.code == code else None
            if order:
                seen.setdefault(field_name(fault.path), set()).add(order)
    return {name: orders.pop() for name, orders in seen.items() if len(orders) == 1}


def _json(
    opened: Opened, code: str, fix: Fix, mask: Mask, mend: Mend, notes: Notes
) -> Iterator[bytes]:
    text = open_text(opened.document)
    cuts = JsonSource(opened).cuts(text, mask, mend, notes)
    if code in json_top.CODES and opened.summary.format != "jsonl":
        top = json_top.cuts(opened, code, fix, notes)
        return spliced(text, heapq.merge(cuts, top, key=attrgetter("start")))
    return spliced(text, cuts)
