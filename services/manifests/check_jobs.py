"""Checks in processes of their own: claimed once, watched by heartbeat, cancelled by a mark.

Everything is in the job's folder, so any process can watch or cancel what another one started.
"""

import json
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from services.manifests.options import CheckOptions
from services.manifests.stamp import is_current

Phase = Literal["none", "running", "done", "failed"]

#: A job whose heart has not beaten for this long is dead, in seconds.
SILENCE: Final = 15.0

OPTIONS, HEARTBEAT, CANCEL, FAILURE = "options.json", "heartbeat.json", "cancel", "failure.txt"
_PROJECT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """How far a check is."""

    phase: Phase
    #: 0 to 1.
    progress: float
    message: str


class CheckJobs:
    """Starts and watches checks, each by the folder that takes its answer."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._children: dict[Path, subprocess.Popen[bytes]] = {}

    def start(self, target: Path, options: CheckOptions) -> None:
        """Start a child process unless a living one has the job."""
        folder = job_folder(target)
        if self.state(target).phase in {"running", "done"}:
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir()
        except FileExistsError:  # somebody else was faster
            return
        (folder / OPTIONS).write_text(options.to_json(), encoding="utf-8")
        command = [sys.executable, "-m", "services.manifests.check_process"]
        child = subprocess.Popen(  # noqa: S603 - our own module, paths only
            [*command, str(folder), str(self._max_bytes)],
            cwd=_PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._children[folder] = child
        # Somebody has to wait for a child, or it stays in the process table.
        threading.Thread(target=child.wait, daemon=True).start()

    def cancel(self, target: Path) -> None:
        """Leave the mark that the child looks for."""
        folder = job_folder(target)
        if self.state(target).phase == "running":
            with suppress(FileNotFoundError):
                (folder / CANCEL).touch()

    def state(self, target: Path) -> CheckState:
        """Read how far a check is."""
        folder = job_folder(target)
        self._reap(folder)
        if is_current(target):
            return CheckState(phase="done", progress=1.0, message="The check is done.")
        if not folder.exists():
            return CheckState(phase="none", progress=0.0, message="Not checked yet.")
        if (folder / FAILURE).exists():
            message = (folder / FAILURE).read_text(encoding="utf-8")
            return CheckState(phase="failed", progress=0.0, message=message)
        if _silence(folder) > SILENCE:
            message = "The check stopped without an answer."
            return CheckState(phase="failed", progress=0.0, message=message)
        return CheckState(phase="running", progress=_progress(folder), message="Checking.")

    def _reap(self, folder: Path) -> None:
        """Take leave of a child that has ended."""
        child = self._children.get(folder)
        if child is None or child.poll() is None:
            return
        del self._children[folder]
        ended_well = child.returncode == 0 or (folder / FAILURE).exists()
        if not ended_well and folder.exists():
            text = "The check ended unexpectedly; the server may be short of memory."
            (folder / FAILURE).write_text(text, encoding="utf-8")


def job_folder(target: Path) -> Path:
    """Name the folder of a check under way by the folder that takes the answer."""
    return target.with_name(f"{target.name}.job")


def _silence(folder: Path) -> float:
    """Return how long ago the job gave a sign of life, in seconds."""
    for name in (HEARTBEAT, OPTIONS):
        with suppress(FileNotFoundError):
            return time.time() - (folder / name).stat().st_mtime
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime
    return 0.0


def _progress(folder: Path) -> float:
    with suppress(FileNotFoundError, ValueError):
        return float(json.loads((folder / HEARTBEAT).read_text(encoding="utf-8"))["progress"])
    return 0.0
