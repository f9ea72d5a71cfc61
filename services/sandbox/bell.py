"""A bell that wakes every held poll: rung from any thread, heard in the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Bell:
    """Lets coroutines wait for a change that some thread announces."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake everyone who waits now; callable from any thread."""
        with self._lock:
            heard, self._waiting = self._waiting, set()
        for future in heard:
            future.get_loop().call_soon_threadsafe(_resolve, future)

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Future[None]]:
        """Register before looking, so that no ring between look and wait is lost."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.add(future)
        try:
            yield future
        finally:
            with self._lock:
                self._waiting.discard(future)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
