"""Ask Encord aside: at most one question a connection at a time, and the last answer stays.

Encord may be slow or away, so nobody waits for an answer: it is read on a thread, and whoever asks
gets what was answered last.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.engine.connections import explain
from services.engine.errors import ConnectionProblem

Answer = TypeVar("Answer")

#: An answer that came this many seconds ago is new enough.
FRESH: Final = 60.0


@dataclass(slots=True)
class _Reading(Generic[Answer]):
    future: "Future[Answer | ConnectionProblem]"
    #: By the clock that only goes forward.
    started: float


class Aside(Generic[Answer]):
    """Answers by connection. Safe from any thread."""

    def __init__(self, ask: Callable[[str], Answer]) -> None:
        """Take what asks Encord for a connection id; it may raise whatever it likes."""
        self._ask = ask
        self._readings: dict[str, _Reading[Answer]] = {}
        self._last: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def refresh(self, connection: str, *, patience: float = 0.0, fresh: float = FRESH) -> None:
        """See to it that Encord is asked unless that was done a moment ago.

        Args:
            connection: Id of the connection to ask.
            patience: Seconds to wait for the answer; it comes in later all the same.
            fresh: Seconds for which an answer, a refusal too, is not asked for again.
        """
        with self._lock:
            known = self._readings.get(connection)
            if known is None or (known.future.done() and _age(known) >= fresh):
                known = _Reading(Future(), time.monotonic())
                self._readings[connection] = known
                threading.Thread(
                    target=self._read, args=(connection, known.future), daemon=True
                ).start()
        wait([known.future], timeout=patience)

    def _read(self, connection: str, answer: "Future[Answer | ConnectionProblem]") -> None:
        try:
            found = self._ask(connection)
        except Exception as error:  # noqa: BLE001 - whoever looks next has to be told
            answer.set_result(explain(error))
            return
        with self._lock:
            self._last[connection] = found
        answer.set_result(found)

    def last(self, connection: str) -> Answer | None:
        """Return what was answered last, however old."""
        return self._last.get(connection)

    def is_reading(self, connection: str) -> bool:
        """Tell whether an answer is awaited."""
        known = self._readings.get(connection)
        return known is not None and not known.future.done()

    def problem(self, connection: str) -> ConnectionProblem | None:
        """Return why the last question failed, in words that lead to a fix."""
        known = self._readings.get(connection)
        answer = known.future.result() if known and known.future.done() else None
        return answer if isinstance(answer, ConnectionProblem) else None


def _age(reading: _Reading[Answer]) -> float:
    return time.monotonic() - reading.started
