"""Where a mended manifest comes from: one file beside it names its parent and what was done.

    <root>/<fingerprint>/lineage.json

Manifests are named by their bytes, so the same one may be reached in more than one way; the last
way is kept, and never one that would make a manifest its own ancestor.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from services.manifests.repair.errors import BrokenLineageError
from services.manifests.repair.notes import Notes
from services.manifests.store import ManifestStore
from services.whole_files import write_whole

Operation = Literal["fix", "edit", "replace", "map"]

_FILE: Final = "lineage.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One manifest made from another."""

    parent: str
    fingerprint: str
    operation: Operation
    #: What was asked for, e.g. `{"code": "url-whitespace", "fix": "trim"}`.
    detail: Mapping[str, str]
    #: How many changes were made.
    count: int
    at: datetime


def lineage(store: ManifestStore, fingerprint: str) -> list[Step]:
    """Return how a manifest came to be, oldest step first; nothing for an upload.

    Raises:
        UnknownManifestError: No manifest with that fingerprint is stored.
    """
    store.record(fingerprint)
    steps: list[Step] = []
    seen = {fingerprint}
    while step := _read(store, fingerprint):
        steps.append(step)
        if step.parent in seen:
            break
        seen.add(step.parent)
        fingerprint = step.parent
    return steps[::-1]


def parent_of(store: ManifestStore, fingerprint: str) -> str | None:
    """Return the manifest that undo goes back to; None for an upload."""
    steps = lineage(store, fingerprint)
    return steps[-1].parent if steps else None


def file_name(store: ManifestStore, fingerprint: str) -> str:
    """Name a manifest as a file.

    A mended one has the name of what it was made from, so its fingerprint tells the two apart.

    Raises:
        UnknownManifestError: No manifest with that fingerprint is stored.
    """
    name, mark = Path(store.name_of(fingerprint)), f"-{fingerprint[:8]}"
    is_mended = (store.folder(fingerprint) / _FILE).exists()
    # One that was downloaded under this name and uploaded again has it already.
    return f"{name.stem}{mark}{name.suffix}" if is_mended and mark not in name.stem else str(name)


def keep(
    store: ManifestStore,
    parent: str,
    blocks: Iterator[bytes],
    notes: Notes,
    *,
    operation: Operation,
    detail: Mapping[str, str],
    suffix: str | None = None,
) -> str:
    """Store a mended manifest and where it comes from; returns its fingerprint.

    Args:
        store: The folder of manifests.
        parent: The manifest that was mended.
        blocks: The new bytes; read to the end before anything is stored.
        notes: Filled while the blocks are made.
        operation: What kind of change it was.
        detail: What was asked for.
        suffix: The ending of the new name; None keeps the parent's.

    Returns:
        The parent's fingerprint when nothing was changed.

    Raises:
        ManifestTooLargeError: The result has more bytes than the store takes.
    """
    with tempfile.TemporaryFile(dir=store.root) as aside:
        aside.writelines(blocks)
        if not notes.count:
            return parent
        aside.seek(0)
        fingerprint = store.add(_name(store.name_of(parent), suffix), aside)
    step = Step(
        parent=parent,
        fingerprint=fingerprint,
        operation=operation,
        detail=dict(detail),
        count=notes.count,
        at=datetime.now(UTC),
    )
    if fingerprint not in {parent, *(each.parent for each in lineage(store, parent))}:
        _write(store, step)
    return fingerprint


def _name(name: str, suffix: str | None) -> str:
    """Name the new manifest; it is never packed."""
    bare = name[:-3] if name.lower().endswith(".gz") else name
    return bare if suffix is None else f"{Path(bare).stem}{suffix}"


def _read(store: ManifestStore, fingerprint: str) -> Step | None:
    path = store.root / fingerprint / _FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Step(**{**content, "at": datetime.fromisoformat(content["at"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as problem:
        raise BrokenLineageError(fingerprint) from problem


def _write(store: ManifestStore, step: Step) -> None:
    content = {name: getattr(step, name) for name in Step.__slots__}
    content["at"] = step.at.isoformat()
    write_whole(store.root / step.fingerprint / _FILE, json.dumps(content).encode())
