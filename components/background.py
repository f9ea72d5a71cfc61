"""Work that takes longer than a moment, off the script's thread: started once, watched by name.

A page that is left, drawn again or opened twice finds the same work by its name.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Phase = Literal["none", "running", "done", "failed"]
#: Answers kept; an older one is worked out again when somebody asks. The largest hold a picture of
#: up to 5 MiB, so that all of them stay below 160 MiB.
KEPT: Final = 32
WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class _Held:
    future: Future[object]
    at: datetime

    def is_worth_keeping(self, oldest: datetime | None) -> bool:
        """Tell whether this is under way, or an answer that is not from before `oldest`."""
        if not self.future.done():
            return True
        return not self.future.exception() and (oldest is None or self.at >= oldest)


def _now() -> datetime:
    return datetime.now(UTC)


class Background:
    """A few threads and their last answers. Safe from any thread."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="background")
        self._known: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()

    def start(
        self, name: str, work: Callable[[], object], *, fresh: timedelta | None = None
    ) -> None:
        """Start work unless it was started under this name; what failed is tried again.

        Args:
            name: What is asked, told apart from everything else that is.
            work: Answers it.
            fresh: How old an answer may be; None means that it never ages.
        """
        with self._lock:
            now, known = self._clock(), self._known.get(name)
            if known is None or not known.is_worth_keeping(now - fresh if fresh else None):
                self._known[name] = _Held(self._pool.submit(work), now)
            self._known.move_to_end(name)
            self._forget()

    def _forget(self) -> None:
        for name in [name for name, each in self._known.items() if each.future.done()][:-KEPT]:
            del self._known[name]

    def asked(self, name: str) -> datetime:
        """Return when work was started last."""
        return self._known[name].at

    def phase(self, name: str, *, patience: float = 0.0) -> Phase:
        """Return how far work is, once it has ended or patience has."""
        known = self._known.get(name)
        if known is None:
            return "none"
        wait([known.future], timeout=patience)
        if not known.future.done():
            return "running"
        return "failed" if known.future.exception() else "done"

    def result(self, name: str) -> object:
        """Return the answer of work that is done, or raise what it raised."""
        return self._known[name].future.result(timeout=0)
