"""The folder of manifests: uploads by fingerprint and the checks made of them.

    <root>/<fingerprint>/source           the bytes as uploaded
                         record.json      name, size, when
                         document         the text, where the source is packed or not UTF-8
                         basis/           what each connection has it checked against
                         <check>/         one finished check (made elsewhere, renamed into place)
                         <check>.job/     the job that makes it
                         <order>.work/    a job that mends the manifest (see `repair.jobs`)

A check is named by its options, which say the format that the manifest's name told. One that
another version of the engine made counts as none and is made again.

Several processes may use one folder: files are written aside and renamed, and a job is claimed by
creating its folder.
"""

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from services.jobs import Jobs, JobState, Progress, unwatched
from services.manifests.check import CheckJob, reading_of, run_check
from services.manifests.checked import CheckedManifest
from services.manifests.errors import ManifestTooLargeError, NotCheckedError, UnknownManifestError
from services.manifests.options import CheckOptions
from services.manifests.stamp import SUMMARY, is_current
from services.whole_files import write_whole

_BLOCK: Final = 1 << 20
#: Finished checks that stay open: nothing in one changes, and pages ask for it at every click.
_OPEN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRecord:
    """One stored manifest."""

    fingerprint: str
    name: str
    bytes: int
    added_at: datetime


class ManifestStore:
    """Manifests and their checks in one folder on disk."""

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self.root = root
        self.max_bytes = max_bytes
        root.mkdir(parents=True, exist_ok=True)
        #: Checks and repairs in processes of their own.
        self.jobs = Jobs("services.manifests.work_process", str(max_bytes))

    def add(self, name: str, source: BinaryIO) -> str:
        """Store an upload while it is read; returns its SHA-256 fingerprint."""
        handle, aside = tempfile.mkstemp(prefix="upload-", dir=self.root)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as target:
                while block := source.read(_BLOCK):
                    size += len(block)
                    if size > self.max_bytes:
                        raise ManifestTooLargeError(self.max_bytes)
                    digest.update(block)
                    target.write(block)
            fingerprint = digest.hexdigest()
            self._keep(fingerprint, Path(aside))
        finally:
            with suppress(FileNotFoundError):
                Path(aside).unlink()
        self._record(fingerprint, name, size)
        return fingerprint

    def _keep(self, fingerprint: str, aside: Path) -> None:
        folder = self.root / fingerprint
        folder.mkdir(exist_ok=True)
        if not (folder / "source").exists():
            aside.replace(folder / "source")

    def _record(self, fingerprint: str, name: str, size: int) -> None:
        content = {"name": name, "bytes": size, "added_at": datetime.now(UTC).isoformat()}
        write_whole(self.root / fingerprint / "record.json", json.dumps(content).encode())

    def folder(self, fingerprint: str) -> Path:
        """Return the folder of a stored manifest."""
        folder = self.root / fingerprint
        if not fingerprint.isalnum() or not (folder / "source").exists():
            raise UnknownManifestError(fingerprint)
        return folder

    def record(self, fingerprint: str) -> ManifestRecord:
        """Return name, size and time of a stored manifest."""
        text = (self.folder(fingerprint) / "record.json").read_text(encoding="utf-8")
        content = json.loads(text)
        return ManifestRecord(
            fingerprint=fingerprint,
            name=content["name"],
            bytes=content["bytes"],
            added_at=datetime.fromisoformat(content["added_at"]),
        )

    def name_of(self, fingerprint: str) -> str:
        """Return the name a manifest was last uploaded under."""
        return self.record(fingerprint).name

    def recent(self, limit: int = 20) -> list[ManifestRecord]:
        """Return the manifests added last, newest first."""
        found = [self.record(path.parent.name) for path in self.root.glob("*/record.json")]
        return sorted(found, key=lambda each: each.added_at, reverse=True)[:limit]

    def check(
        self,
        fingerprint: str,
        options: CheckOptions,
        *,
        progress: Progress = unwatched,
    ) -> CheckedManifest:
        """Check a manifest in this process; an earlier check with these options is reused."""
        asked = self._resolved(fingerprint, options)
        target = self._target(fingerprint, asked)
        if not is_current(target):
            self._run(target, asked, progress)
        return CheckedManifest(target)

    def _target(self, fingerprint: str, options: CheckOptions) -> Path:
        """Name the folder of a check."""
        return self.folder(fingerprint) / self._resolved(fingerprint, options).digest

    def _resolved(self, fingerprint: str, options: CheckOptions) -> CheckOptions:
        """Say how the manifest is read, where the options leave that to its name."""
        if options.reading:
            return options
        return replace(options, reading=reading_of(self.name_of(fingerprint)))

    def _run(self, target: Path, options: CheckOptions, progress: Progress) -> None:
        """Make a check aside and rename it into place; whoever is first wins."""
        folder = target.parent
        aside = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=folder))
        try:
            job = CheckJob(
                source=folder / "source",
                name=self.name_of(folder.name),
                fingerprint=folder.name,
                spool=folder / "document",
                target=aside,
                options=options,
                max_bytes=self.max_bytes,
            )
            run_check(job, progress)
            if not is_current(target):
                shutil.rmtree(target, ignore_errors=True)
            with suppress(OSError):
                aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def open(self, fingerprint: str, options: CheckOptions) -> CheckedManifest:
        """Open a finished check."""
        target = self._target(fingerprint, options)
        if not is_current(target):
            raise NotCheckedError(fingerprint)
        return _opened(target, (target / SUMMARY).stat().st_mtime_ns)

    def start_check(self, fingerprint: str, options: CheckOptions) -> None:
        """Start a check in a process of its own; does nothing when one is under way or done."""
        asked = self._resolved(fingerprint, options)
        target = self._target(fingerprint, asked)
        if not is_current(target):
            order = {"work": "check", "options": asked.to_json()}
            self.jobs.start(_job(target), json.dumps(order))

    def cancel_check(self, fingerprint: str, options: CheckOptions) -> None:
        """Ask a check under way to stop."""
        self.jobs.cancel(_job(self._target(fingerprint, options)))

    def check_state(self, fingerprint: str, options: CheckOptions) -> JobState:
        """Return how far a check is."""
        target = self._target(fingerprint, options)
        state = self.jobs.state(_job(target))
        # Asked in this order, as a check may end in between.
        if is_current(target):
            return JobState(phase="done", progress=1.0)
        # A job that is done without a check we can read belongs to another engine.
        return JobState(phase="none") if state.phase == "done" else state


@lru_cache(_OPEN)
def _opened(target: Path, _made: int) -> CheckedManifest:
    """Open a finished check, once for each time that it was made."""
    return CheckedManifest(target)


def _job(target: Path) -> Path:
    """Name the folder of a check's job by the folder that takes the answer."""
    return target.with_name(f"{target.name}.job")
