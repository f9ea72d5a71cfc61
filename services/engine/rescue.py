"""Rebuild a run from a folder alone, when its ledger is lost.

What the folder holds becomes a manifest and outcomes. What it cannot say is named: entries that
failed or never arrived, the titles and metadata that were asked for, and the jobs' ids.
"""

import io
from collections.abc import Iterator
from typing import Any, Final

import orjson
from sqlalchemy import update

from services.domain.entries import EntryType
from services.domain.outcomes import Outcome
from services.encord_api.interface import Item
from services.engine.context import Step
from services.ledger import outcomes, runs
from services.ledger.events import record
from services.ledger.tables import RUN

#: Encord's item types to ours, for what one URL stands for.
TYPES: Final = {
    "video": EntryType.VIDEO,
    "image": EntryType.IMAGE,
    "audio": EntryType.AUDIO,
    "plainText": EntryType.TEXT,
    "pdf": EntryType.PDF,
    "nifti": EntryType.NIFTI,
    "timeseries": EntryType.TIME_SERIES,
}
GROUPS: Final = {
    "imageGroup": EntryType.IMAGE_GROUP,
    "imageSequence": EntryType.IMAGE_SEQUENCE,
    "dicomSeries": EntryType.DICOM_SERIES,
}
LOST: Final = (
    "Not recoverable from a folder: entries that failed or never arrived, what the manifest said "
    "beyond URLs and titles, and the ids of the jobs."
)

#: Section to its entries as registration JSON, each with the item that it was written of.
Sections = dict[str, list[tuple[dict[str, Any], str]]]


def advance_rescue(step: Step) -> None:
    """List the folder, write its manifest, and record every item as already there."""
    sections, skipped = _sections(step, step.run.folder_uuid or "")
    data = io.BytesIO(orjson.dumps({name: [w for w, _ in s] for name, s in sections.items()}))
    # Entries are counted in the document's order.
    items = [item for section in sections.values() for _, item in section]
    manifest = step.tools.manifests.add(f"rescued-{step.claim.run[:8]}.json", data)
    checked = step.tools.manifests.check(manifest, step.options)
    entries = list(checked.read(checked.valid_indexes()))
    with step.fenced() as cx:
        rows = [
            outcomes.outcome_row(
                step.run.place, entry, Outcome.ALREADY_THERE, item_uuid=items[entry.index]
            )
            for entry in entries
        ]
        outcomes.save(cx, rows)
        cx.execute(
            update(RUN)
            .where(RUN.c.id == step.claim.run)
            .values(manifest=manifest, manifest_name=checked.summary.name, entries=len(entries))
        )
        runs.heard(cx, step.claim.run)
        found = (
            f"{len(entries)} entries found, {skipped} items without a URL left out, and "
            f"{checked.summary.entries - len(entries)} that the check refuses. {LOST}"
        )
        record(cx, "rescued", actor="worker", run=step.claim.run, detail=found)
        runs.finish(cx, step.claim.work)


def _sections(step: Step, folder: str) -> tuple[Sections, int]:
    """Return a folder's items as entries, and how many of them no entry can express."""
    sections: Sections = {}
    skipped = 0
    for page in step.gateway.list_items(folder):
        step.heartbeat()
        for item in page:
            made = _entry(step, item)
            if made is None:
                skipped += 1
            else:
                sections.setdefault(made[0].section, []).append((made[1], item.uuid))
    return sections, skipped


def _entry(step: Step, item: Item) -> tuple[EntryType, dict[str, Any]] | None:
    if item.is_placeholder or item.is_tombstone:
        return None
    if item.url and item.type in TYPES:
        return TYPES[item.type], {"objectUrl": item.url, "title": item.name}
    if kind := GROUPS.get(item.type):
        step.heartbeat()  # a page may hold a thousand groups, each of two requests
        return kind, dict(_group(kind, item.name, step.gateway.frame_urls(item.uuid)))
    return None


def _group(kind: EntryType, title: str, urls: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    yield "title", title
    if kind is not EntryType.DICOM_SERIES:
        yield "createVideo", kind is EntryType.IMAGE_SEQUENCE
    for number, url in enumerate(urls):
        yield f"objectUrl_{number}", url
