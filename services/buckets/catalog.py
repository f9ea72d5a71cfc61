"""Listings of buckets on disk, by who may see them, and the jobs that make them.

    <root>/<place>/listings/<scope>/00001/        a listing, see `spool`
                                    00001.job/    the job that makes it
                            <scope>-report/       the same of inventory reports
                   reports/<random>.report        an inventory report until it is taken

A place is a bucket as seen by one identity. Somebody else's listing is in another place, and a
place is found only by who holds the key.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from services.buckets.errors import NothingToListError
from services.buckets.orders import ListOrder, Order, ReportOrder, write_order
from services.buckets.reach import Reach
from services.buckets.spool import INVENTORY, LISTING, Scope, Spool, Totals
from services.jobs import ORDER, Jobs, JobState
from services.manifests.store import ManifestStore

_MODULE: Final = "services.buckets.work_process"
#: Where reports lie until they are taken, in the folder of a view.
REPORTS: Final = "reports"
_BLOCK: Final = 1 << 20
#: Finished listings of one scope that are kept: the last, and the one before for who reads it.
KEPT: Final = 2
#: What ends the name of a scope's folder. Listings and reports never share one: what one of them
#: left half done is no beginning of the other.
_ENDINGS: Final = {LISTING: "", INVENTORY: "-report"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A bucket as one identity sees it."""

    bucket: str
    reach: Reach

    @property
    def digest(self) -> str:
        """Name the place; the sandbox is one, at whatever address it listens."""
        world = "sandbox" if self.reach.is_sandbox else "google"
        text = f"{world}\n{self.reach.account}\n{self.bucket}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A finished listing."""

    #: Names it within its view.
    id: str
    prefixes: tuple[str, ...]
    totals: Totals


class Catalog:
    """All listings of one data directory."""

    def __init__(self, root: Path, manifests: ManifestStore) -> None:
        """Take the folder and where manifests are kept. Starts nothing."""
        self.root = root
        self.jobs = Jobs(_MODULE, str(manifests.root.absolute()), str(manifests.max_bytes))

    def folder(self, view: View) -> Path:
        """Return the folder of a view."""
        return (self.root / view.digest).absolute()

    def listings(self, view: View) -> list[Listing]:
        """Return the finished listings of a view, newest first."""
        found = [
            Listing(id=_id(path), prefixes=spool.scope.prefixes, totals=done)
            for path in self._folders(view)
            if (done := (spool := Spool(path)).totals())
        ]
        return sorted(found, key=lambda each: each.totals.at, reverse=True)

    def _folders(self, view: View) -> Iterator[Path]:
        for path in (self.folder(view) / "listings").glob("*/*"):
            if not path.suffix:
                yield path

    def spool(self, view: View, listing: str) -> Spool:
        """Open a listing.

        Raises:
            NothingToListError: There is none of that name in this view.
        """
        for path in self._folders(view):
            if _id(path) == listing:
                return Spool(path)
        raise NothingToListError

    def start(self, view: View, prefixes: tuple[str, ...]) -> None:
        """List some prefixes, or everything; goes on with a listing that stopped half way."""
        scope = Scope(bucket=view.bucket, prefixes=prefixes)
        folder = self._next(view, scope, LISTING)
        self._start(view, folder, ListOrder(folder=folder, scope=scope))

    def take_report(self, view: View, report: BinaryIO) -> None:
        """Take an inventory report of the bucket instead of listing it.

        Each is a listing of its own, also while another one is being taken.
        """
        path = self._store(view, report)
        scope = Scope(bucket=view.bucket)
        folder = _claimed(self._next(view, scope, INVENTORY))
        self._start(view, folder, ReportOrder(folder=folder, scope=scope, report=path))

    def _start(self, view: View, folder: Path, order: Order) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._forget_old(folder)
        job = folder.with_suffix(".job")
        self.jobs.start(job, write_order(order), whisper=view.reach.line())

    def _forget_old(self, folder: Path) -> None:
        known = sorted(path for path in folder.parent.iterdir() if not path.suffix)
        done = [path for path in known if Spool(path).totals()]
        jobs = {path: path.with_suffix(".job") for path in known if path < folder}
        failed = [path for path, job in jobs.items() if self.jobs.state(job).phase == "failed"]
        for path in [*done[:-KEPT], *failed]:
            shutil.rmtree(path, ignore_errors=True)
            shutil.rmtree(path.with_suffix(".job"), ignore_errors=True)

    def _store(self, view: View, report: BinaryIO) -> Path:
        folder = self.folder(view) / REPORTS
        folder.mkdir(parents=True, exist_ok=True)
        # Of its own name: two people may bring a report at once.
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".report", delete=False) as target:
            shutil.copyfileobj(report, target, _BLOCK)
        return Path(target.name)

    def _scopes(self, view: View, scope: Scope, source: str) -> Path:
        name = hashlib.sha256(msgspec.json.encode(sorted(scope.prefixes))).hexdigest()[:16]
        return self.folder(view) / "listings" / (name + _ENDINGS[source])

    def _last(self, view: View, scope: Scope, source: str) -> Path | None:
        """Return the newest listing of a scope, finished or not; its job may stand for it."""
        folder = self._scopes(view, scope, source)
        numbers = {path.name.partition(".")[0] for path in folder.glob("*")}
        return folder / max(numbers) if numbers else None

    def _next(self, view: View, scope: Scope, source: str) -> Path:
        """Return the folder to list into: that of an unfinished listing, else a new one."""
        last = self._last(view, scope, source)
        if last is None:
            return self._scopes(view, scope, source) / f"{1:05}"
        return last if Spool(last).totals() is None else _after(last)

    def state(self, view: View, prefixes: tuple[str, ...]) -> JobState:
        """Return how far the newest listing of some prefixes is."""
        job = self._job(view, prefixes)
        return self.jobs.state(job) if job else JobState(phase="none")

    def cancel(self, view: View, prefixes: tuple[str, ...]) -> None:
        """Stop a listing; what is on disk stays, and starting it again goes on."""
        job = self._job(view, prefixes)
        if job:
            self.jobs.cancel(job)

    def _job(self, view: View, prefixes: tuple[str, ...]) -> Path | None:
        """Return the job a person waits for: of listing and report what runs, or ran last."""
        scope = Scope(bucket=view.bucket, prefixes=prefixes)
        found = (self._last(view, scope, source) for source in _ENDINGS)
        jobs = [last.with_suffix(".job") for last in found if last]
        return max(jobs, key=self._recency, default=None)

    def _recency(self, job: Path) -> tuple[bool, int]:
        try:
            began = (job / ORDER).stat().st_mtime_ns
        except FileNotFoundError:
            began = 0
        return self.jobs.state(job).phase == "running", began


def _claimed(folder: Path) -> Path:
    """Make a new folder; that of the next number where somebody else has this one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            folder.mkdir()
        except FileExistsError:
            folder = _after(folder)
        else:
            return folder


def _after(folder: Path) -> Path:
    return folder.with_name(f"{int(folder.name) + 1:05}")


def _id(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
