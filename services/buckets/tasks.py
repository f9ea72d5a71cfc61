"""Short work with a bucket, off the page's thread: claimed by name, watched by snapshot.

It waits for the network more than it computes, and needs keys that only this process holds; hence
threads. What must outlive the process is in the ledger, written by the work itself.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

WORKERS: Final = 4
#: Snapshots kept after their work has ended; they are small.
KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How far work is: its results so far, in their order."""

    results: tuple[Any, ...]
    running: bool
    #: Whether it broke off for a reason nobody foresaw; the results before that stand.
    broken: bool = False


@dataclass(slots=True)
class _Task:
    results: list[Any] = field(default_factory=list)
    future: Future[None] | None = None


class Tasks:
    """Work of this process by name. Safe from any thread."""

    def __init__(self) -> None:
        """Start no thread before there is work."""
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="bucket")
        self._known: OrderedDict[str, _Task] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], Iterator[Any]]) -> None:
        """Begin work that yields its results, unless work of this name is under way."""
        with self._lock:
            known = self._known.get(name)
            if known and known.future and not known.future.done():
                return
            task = self._known[name] = _Task()
            self._known.move_to_end(name)
            task.future = self._pool.submit(_run, name, task, work)
            self._forget()

    def snapshot(self, name: str) -> Snapshot | None:
        """Return how far work is; None when there is none of this name."""
        task = self._known.get(name)
        if task is None or task.future is None:
            return None
        done = task.future.done()
        return Snapshot(
            results=tuple(task.results),
            running=not done,
            broken=done and task.future.exception() is not None,
        )

    def drop(self, name: str) -> None:
        """Forget the results of work that has ended: they are not true any more."""
        with self._lock:
            task = self._known.get(name)
            if task and task.future and task.future.done():
                del self._known[name]

    def _forget(self) -> None:
        ended = [name for name, task in self._known.items() if task.future and task.future.done()]
        for name in ended[:-KEPT]:
            del self._known[name]


def _run(name: str, task: _Task, work: Callable[[], Iterator[Any]]) -> None:
    try:
        task.results.extend(work())
    except Exception as exc:
        # Names may hold a bucket's, never a secret; the exception's text might.
        log.error("work with a bucket broke off", work=name, why=type(exc).__name__)  # noqa: TRY400
        raise
