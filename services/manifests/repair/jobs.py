"""Mending as jobs: each order of a manifest is done once, watched by all, and found again later.

Their folders are in the manifest's: see `services.manifests.store` and `services.jobs`.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from services.jobs import AT_ONCE, ORDER, RESULT, JobState, Progress
from services.manifests.errors import ManifestError
from services.manifests.repair.orders import (
    HELD,
    HoldOrder,
    Order,
    Place,
    WriteOrder,
    carry_out,
    read_order,
)
from services.manifests.stamp import stamp
from services.manifests.store import ManifestStore

#: Looks (previews, rows, files) that are kept of a manifest.
KEPT: Final = 32
_SUFFIX: Final = ".work"

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order of a manifest and how far it is."""

    order: Order
    state: JobState


class RepairJobs:
    """The orders of all manifests of a store."""

    def __init__(self, store: ManifestStore) -> None:
        self._store = store

    def start(self, fingerprint: str, order: Order) -> JobState:
        """Do an order unless it is under way or done; returns how far it is then.

        Small manifests are mended here and now, others by a process of their own.
        """
        folder = self._folder(fingerprint, order)
        if self._store.jobs.state(folder).phase in {"none", "failed"}:
            self._forget_looks(folder.parent)
            self._start(fingerprint, order, folder)
        return self._store.jobs.state(folder)

    def _start(self, fingerprint: str, order: Order, folder: Path) -> None:
        text = order.written()
        document = self._store.open(fingerprint, order.asked).document
        if document.stat().st_size > AT_ONCE:
            self._store.jobs.start(folder, text)
        else:
            work = partial(do, self._store, folder)
            self._store.jobs.do(folder, text, work, expected=ManifestError)

    def state(self, fingerprint: str, order: Order) -> JobState:
        """Read how far an order is."""
        return self._store.jobs.state(self._folder(fingerprint, order))

    def cancel(self, fingerprint: str, order: Order) -> None:
        """Ask an order under way to stop; the manifest stays as it is."""
        self._store.jobs.cancel(self._folder(fingerprint, order))

    def answer(self, fingerprint: str, order: Order, kind: type[Kind]) -> Kind:
        """Return what an order that is done was answered with."""
        content = (self._folder(fingerprint, order) / RESULT).read_bytes()
        return msgspec.json.decode(content, type=kind)

    def held_file(self, fingerprint: str, order: HoldOrder) -> Path:
        """Return the file of an order that is done."""
        return self._folder(fingerprint, order) / HELD

    def written_file(self, fingerprint: str, order: WriteOrder) -> Path:
        """Return where the file of an order stands once it is carried out."""
        return self._folder(fingerprint, order) / order.file_name

    def forget(self, fingerprint: str, order: Order) -> None:
        """Take an order away whose end was told."""
        shutil.rmtree(self._folder(fingerprint, order), ignore_errors=True)

    def making(self, fingerprint: str) -> Iterator[KnownOrder]:
        """Yield the orders that make, or made, new manifests of this one."""
        for path in sorted(self._store.folder(fingerprint).glob(f"*{_SUFFIX}")):
            order = _order_of(path)
            if order is not None and order.makes_manifest:
                yield KnownOrder(order, self._store.jobs.state(path))

    def made(self, fingerprint: str) -> list[str]:
        """Return the manifests that were made of this one."""
        done = (known.order for known in self.making(fingerprint) if known.state.phase == "done")
        return [self.answer(fingerprint, order, str) for order in done]

    def _folder(self, fingerprint: str, order: Order) -> Path:
        return self._store.folder(fingerprint) / f"{order.name}-{stamp()}{_SUFFIX}"

    def _forget_looks(self, folder: Path) -> None:
        """Keep the last looks only; they are made again when somebody asks."""
        looks = [path for path in folder.glob(f"*{_SUFFIX}") if _is_old_look(path)]
        for path in sorted(looks, key=_age)[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)


def do(store: ManifestStore, folder: Path, text: str, progress: Progress) -> bytes:
    """Carry out the order of a job's folder."""
    return carry_out(read_order(text), Place(store, folder.parent.name, folder, progress))


def _order_of(path: Path) -> Order | None:
    """Read the order of a job; None when it cannot be read, or not any more."""
    with suppress(OSError, msgspec.DecodeError):
        return read_order((path / ORDER).read_text(encoding="utf-8"))
    return None


def _is_old_look(path: Path) -> bool:
    order = _order_of(path)
    return (path / RESULT).exists() and not (order and order.makes_manifest)


def _age(path: Path) -> float:
    with suppress(FileNotFoundError):
        return -path.stat().st_mtime
    return 0.0
