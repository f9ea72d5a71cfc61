"""Jobs in processes of their own: claimed once, watched by heartbeat, cancelled by a mark.

Everything is in the job's folder, so any process can watch or cancel what another one started, and
the answer is still there when somebody comes back:

    <job>/order.json      what to do, for the module that does it
          heartbeat.json  a sign of life, and how far the job is
          cancel          somebody wants it to stop
          failure.txt     why it ended without an answer, in words for people
          result.json     its answer
    <job>.taken           somebody starts it just now; inside, it would be a sign of life
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from services.whole_files import write_whole

Phase = Literal["none", "running", "done", "failed"]
#: Takes how far work is, 0 to 1; raises `JobCancelledError` when it shall stop.
Progress = Callable[[float], None]
#: Takes an order and what is told of the progress; returns the answer.
Work = Callable[[str, Progress], bytes]
#: What work raises with words for people.
Expected = type[Exception] | tuple[type[Exception], ...]

#: A job whose heart has not beaten for this long is dead, in seconds.
SILENCE: Final = 15.0
#: How much longer its first beat may take, in seconds.
STARTING: Final = 45.0
_BEAT: Final = 0.5
#: A document of so many bytes is worked on at once: a process takes longer to start.
AT_ONCE: Final = 2 << 20
#: By how much a job is nicer than what started it.
NICER: Final = 10

ORDER, HEARTBEAT, CANCEL = "order.json", "heartbeat.json", "cancel"
FAILURE, RESULT, TAKEN = "failure.txt", "result.json", ".taken"
#: The exit status of a job that failed in a way that nobody expected.
UNEXPECTED: Final = 2
_PROJECT: Final = Path(__file__).resolve().parents[1]


class JobCancelledError(Exception):
    """Somebody cancelled the job."""

    def __init__(self) -> None:
        super().__init__("The work was cancelled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """How far a job is."""

    phase: Phase
    #: 0 to 1.
    progress: float = 0.0
    #: Why it failed, in words for people.
    message: str = ""
    #: Somebody cancelled it and it has not ended yet.
    is_stopping: bool = False


class Jobs:
    """Starts and watches jobs of one kind, each by its folder."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Take the module that does the work; it is called with the job's folder and these."""
        self._module = module
        self._arguments = arguments
        self._children: dict[Path, subprocess.Popen[bytes]] = {}

    def start(self, folder: Path, order: str, *, whisper: str = "") -> None:
        """Start a child process unless a living one has the job; what ended is done anew.

        Args:
            folder: The job's folder.
            order: What to do; it is written down there.
            whisper: One line that only the child hears, over its standard input.
        """
        if not self._claim(folder, order):
            return
        child = subprocess.Popen(  # noqa: S603 - our own module, paths only
            [sys.executable, "-m", self._module, str(folder), *self._arguments],
            cwd=_PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._children[folder] = child
        _let_others_first(child)
        _tell(child, whisper)
        # Somebody has to wait for a child, or it stays in the process table.
        watch = threading.Thread(
            target=self._watch, args=(folder, child), daemon=True, name=f"job {folder.name}"
        )
        watch.start()

    def do(self, folder: Path, order: str, work: Work, *, expected: Expected) -> None:
        """Do a small job here and now, unless a living process has it."""
        if self._claim(folder, order):
            self._log(folder, run_job(folder, work, expected=expected))

    def _claim(self, folder: Path, order: str) -> bool:
        """Make the folder of a job; of all who try at once, a mark beside it lets one."""
        mark = folder.with_name(f"{folder.name}{TAKEN}")
        if self.state(folder).phase == "running" or not _put(mark):
            return False
        try:
            return self._make(folder, order)
        finally:
            mark.unlink(missing_ok=True)

    def _make(self, folder: Path, order: str) -> bool:
        # Somebody else may have started it between our look and our mark.
        if self.state(folder).phase == "running":
            return False
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        write_whole(folder / ORDER, order.encode())
        return True

    def cancel(self, folder: Path) -> None:
        """Leave the mark that the child looks for."""
        if self.state(folder).phase == "running":
            with suppress(FileNotFoundError):
                (folder / CANCEL).touch()

    def state(self, folder: Path) -> JobState:
        """Read how far a job is."""
        self._reap(folder)
        if (folder / RESULT).exists():
            return JobState(phase="done", progress=1.0)
        if not folder.exists():
            return JobState(phase="none")
        if (folder / FAILURE).exists():
            message = (folder / FAILURE).read_text(encoding="utf-8")
            return JobState(phase="failed", message=message)
        # Nobody else can tell that our own child lives before its heart beats for the first time.
        if folder not in self._children and _silence(folder) > SILENCE:
            return JobState(phase="failed", message="The work stopped without an answer.")
        is_stopping = (folder / CANCEL).exists()
        return JobState(phase="running", progress=_progress(folder), is_stopping=is_stopping)

    def _watch(self, folder: Path, child: "subprocess.Popen[bytes]") -> None:
        self._log(folder, child.wait())

    def _log(self, folder: Path, status: int) -> None:
        """Log an end that nobody expected, with its type alone: a job's words are people's."""
        if status in {0, 1}:
            return
        import structlog  # noqa: PLC0415 - a child, which never logs, starts faster without

        why = ""
        with suppress(FileNotFoundError):  # it said nothing, or is forgotten already
            why = (folder / FAILURE).read_text(encoding="utf-8")
        structlog.get_logger(__name__).error(
            "a job ended unexpectedly", module=self._module, status=status, said=why
        )

    def _reap(self, folder: Path) -> None:
        """Take leave of a child that has ended."""
        child = self._children.get(folder)
        if child is None or child.poll() is None:
            return
        self._children.pop(folder, None)
        if child.returncode and folder.exists() and not (folder / FAILURE).exists():
            text = "The work ended unexpectedly; the server may be short of memory."
            write_whole(folder / FAILURE, text.encode())


def _let_others_first(child: "subprocess.Popen[bytes]") -> None:
    """Lower a child's priority: it takes every core it gets, and people wait for pages."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):  # it has ended already, or the system does not let us
            ours = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, child.pid, ours + NICER)


def _tell(child: "subprocess.Popen[bytes]", whisper: str) -> None:
    """Say the line and close the pipe; a child that ended before it heard is found by its end."""
    assert child.stdin is not None
    with suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(whisper.encode())


def _put(mark: Path) -> bool:
    """Put a mark where none is."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        _drop_left(mark)
        return False
    return True


def _drop_left(mark: Path) -> None:
    """Remove a mark whose maker was killed, so that the next start is let through."""
    with suppress(FileNotFoundError):
        if time.time() - mark.stat().st_mtime > SILENCE:
            mark.unlink()


def unwatched(_fraction: float) -> None:
    """Take progress that nobody asked for."""


@dataclass(slots=True)
class _Heart:
    """Tells watchers that the process lives and how far it is."""

    folder: Path
    progress: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def advance(self, progress: float) -> None:
        """Note the progress; stops the work when somebody cancelled it."""
        self.progress = min(1.0, max(0.0, progress))
        if (self.folder / CANCEL).exists():
            raise JobCancelledError

    def beat(self) -> None:
        """Write the heartbeat until told to stop."""
        while True:
            with suppress(OSError):  # one beat that could not be written is no death
                progress = json.dumps({"progress": self.progress})
                write_whole(self.folder / HEARTBEAT, progress.encode())
            if self.stopped.wait(_BEAT):
                return


def run_job(folder: Path, work: Work, *, expected: Expected) -> int:
    """Do a job in this process; its folder takes the answer or what went wrong.

    Args:
        folder: The job's folder.
        work: Does what the order in the folder says.
        expected: What the work raises with words for people.

    Returns:
        The exit status of the process.
    """
    heart = _Heart(folder)
    thread = threading.Thread(target=heart.beat, daemon=True)
    thread.start()
    try:
        answer = work((folder / ORDER).read_text(encoding="utf-8"), heart.advance)
    except JobCancelledError as cancelled:
        return _fail(folder, str(cancelled))
    except expected as problem:
        return _fail(folder, str(problem))
    except Exception as problem:  # noqa: BLE001 - a job must end with an answer
        _fail(folder, f"The work failed unexpectedly ({type(problem).__name__}).")
        return UNEXPECTED
    finally:
        heart.stopped.set()
        thread.join()
    write_whole(folder / RESULT, answer)
    return 0


def _fail(folder: Path, message: str) -> int:
    write_whole(folder / FAILURE, message.encode())
    return 1


def _silence(folder: Path) -> float:
    """Return how long ago the job gave a sign of life, in seconds."""
    with suppress(FileNotFoundError):
        return time.time() - (folder / HEARTBEAT).stat().st_mtime
    # It starts still: on a busy machine that takes its time.
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime - STARTING
    return 0.0


def _progress(folder: Path) -> float:
    with suppress(FileNotFoundError, ValueError):
        return float(json.loads((folder / HEARTBEAT).read_text(encoding="utf-8"))["progress"])
    return 0.0
