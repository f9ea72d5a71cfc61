"""Who called how often within this second."""

import threading


class Limiter:
    """Counts the calls of each key, second by second; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._second = 0
        self._calls: dict[str, int] = {}

    def count(self, key: str, now: float) -> int:
        """Count a call and return how many this key made in this second."""
        with self._lock:
            if int(now) != self._second:
                self._second, self._calls = int(now), {}
            self._calls[key] = self._calls.get(key, 0) + 1
            return self._calls[key]
