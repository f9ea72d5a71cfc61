"""Ask again for what passes by itself. Only for reading: a change must not be made twice."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from services.cloud_storage.errors import (
    RateLimited,
    StorageError,
    TimedOut,
    Unclear,
    Unreachable,
)

#: Tries for one question, and the first pause in seconds; it doubles.
TRIES: Final = 5
PAUSE: Final = 0.5
_LONGEST: Final = 30.0

_T = TypeVar("_T")


def patiently(ask: Callable[[], _T], stopped: threading.Event | None = None) -> _T:
    """Ask, and ask again after what passes by itself, or may.

    Args:
        ask: Reads something; it is called anew each time.
        stopped: Ends the patience: nobody waits for the answer any more.

    Raises:
        StorageError: It did not pass.
    """
    stopped = stopped or threading.Event()
    for tried in range(TRIES - 1):
        try:
            return ask()
        except (RateLimited, TimedOut, Unreachable, Unclear) as error:
            if stopped.wait(_pause(error, tried)):
                raise
    return ask()


def _pause(error: StorageError, tried: int) -> float:
    hint = error.retry_after if isinstance(error, RateLimited) else None
    return min(hint or PAUSE * 2**tried, _LONGEST)
