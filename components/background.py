"""Work that takes longer than a moment, off the script's thread: started once, watched by name.

A page that is left, drawn again or opened twice finds the same work by its name.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Literal

Phase = Literal["none", "running", "done", "failed"]
#: Answers kept; they are small, and an older one is worked out again when somebody asks.
KEPT: Final = 64
WORKERS: Final = 2


class Background:
    """A few threads and their last answers. Safe from any thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="background")
        self._known: OrderedDict[str, Future[object]] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], object]) -> None:
        """Start work unless it was started under this name; what failed is tried again."""
        with self._lock:
            known = self._known.get(name)
            if known is None or (known.done() and known.exception()):
                self._known[name] = self._pool.submit(work)
            self._known.move_to_end(name)
            self._forget()

    def _forget(self) -> None:
        for name in [name for name, each in self._known.items() if each.done()][:-KEPT]:
            del self._known[name]

    def phase(self, name: str, *, patience: float = 0.0) -> Phase:
        """Return how far work is, once it has ended or patience has."""
        known = self._known.get(name)
        if known is None:
            return "none"
        wait([known], timeout=patience)
        if not known.done():
            return "running"
        return "failed" if known.exception() else "done"

    def result(self, name: str) -> object:
        """Return the answer of work that is done, or raise what it raised."""
        return self._known[name].result(timeout=0)
