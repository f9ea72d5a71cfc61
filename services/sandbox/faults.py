"""Faults on demand: what goes wrong with which call, how often, and until when.

An operation is named as the route tables name it, `v2 POST storage/folders/{folder}/...`,
`v1 datarows GET` or `gcs GET /storage/v1/b/{bucket}`; a fault may name it with `*`. Faults are kept
in memory: a restart is the end of every outage.
"""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from enum import StrEnum
from fnmatch import fnmatchcase

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_DRIP = 16


class Kind(StrEnum):
    """What happens to a call."""

    #: Answered with a status, without effect.
    STATUS = "status"
    DELAY = "delay"
    #: The answer comes in small pieces, `seconds` apart.
    DRIP = "drip"
    #: The connection ends before anything is done.
    RESET_BEFORE = "reset-before"
    #: Everything is done, and the connection ends before the answer.
    RESET_AFTER = "reset-after"
    #: The answer stops half way, though its length says otherwise.
    MALFORMED = "malformed"
    #: The answer is JSON, and not of the shape it should have.
    WRONG_TYPE = "wrong-type"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One planned fault."""

    operation: str
    kind: Kind
    status: int = 503
    #: Seconds a delay or the pause of a drip takes.
    seconds: float = 0.0
    #: Seconds to send as `Retry-After`; as a date when `as_date`.
    retry_after: int | None = None
    as_date: bool = False
    #: How many more calls it hits; None for all.
    times: int | None = None
    probability: float = 1.0
    #: Seconds since 1970 when it begins, and when it is over.
    since: float | None = None
    until: float | None = None

    def over(self, now: float) -> bool:
        """Whether it hits no call any more."""
        return self.times == 0 or (self.until is not None and now >= self.until)


class Faults:
    """The faults planned now; safe to share between threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._planned: list[Fault] = []
        self._random = random.Random(0)  # noqa: S311 - chance for tests, not a secret

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._clock()

    def plan(self, fault: Fault) -> None:
        """Add a fault behind those of the same operation."""
        with self._lock:
            self._planned.append(fault)

    def seed(self, number: int) -> None:
        """Start chance anew, so that a run with the same calls meets the same faults."""
        with self._lock:
            self._random.seed(number)

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._planned.clear()

    def planned(self) -> list[Fault]:
        """List the faults that may still hit a call."""
        with self._lock:
            self._forget_over()
            return list(self._planned)

    def next(self, operation: str) -> Fault | None:
        """Return the fault that hits this call, and count it."""
        with self._lock:
            self._forget_over()
            fault = next((each for each in self._planned if self._hits(each, operation)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            return fault

    def _forget_over(self) -> None:
        now = self._clock()
        self._planned = [fault for fault in self._planned if not fault.over(now)]

    def _hits(self, fault: Fault, operation: str) -> bool:
        if fault.since is not None and self._clock() < fault.since:
            return False
        # A name with braces is plain text to fnmatch; only brackets would not be.
        return fnmatchcase(operation, fault.operation) and (
            fault.probability >= 1 or self._random.random() < fault.probability
        )


async def serve(
    faults: Faults, operation: str, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """Answer a call, or let the planned fault happen to it."""
    fault = faults.next(operation)
    if fault is None:
        return await answer()
    if fault.kind is Kind.STATUS:
        return _refused(fault, faults.now())
    if fault.kind is Kind.RESET_BEFORE:
        return _Reset()
    if fault.kind is Kind.DELAY:
        await asyncio.sleep(fault.seconds)
    found = await answer()
    return _spoiled(fault, found)


def _refused(fault: Fault, now: float) -> Response:
    headers = {}
    if fault.retry_after is not None:
        date = formatdate(now + fault.retry_after, usegmt=True)
        headers["Retry-After"] = date if fault.as_date else str(fault.retry_after)
    body = b'{"message": "The sandbox was asked to fail."}'
    return Response(body, fault.status, headers, media_type="application/json")


def _spoiled(fault: Fault, found: Response) -> Response:
    if fault.kind is Kind.RESET_AFTER:
        return _Reset()
    if fault.kind is Kind.MALFORMED:
        half = bytes(found.body[: len(found.body) // 2])
        return Response(half or b"{", found.status_code, media_type="application/json")
    if fault.kind is Kind.WRONG_TYPE:
        return Response(b'["odd"]', found.status_code, media_type="application/json")
    if fault.kind is Kind.DRIP:
        pieces = _pieces(bytes(found.body), fault.seconds)
        length = {"content-length": str(len(found.body))}
        return StreamingResponse(pieces, found.status_code, length, found.media_type)
    return found


async def _pieces(body: bytes, pause: float) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _DRIP):
        yield body[at : at + _DRIP]
        await asyncio.sleep(pause)


class _Reset(Response):
    """No answer: the connection ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        # ASGI has no word for it; uvicorn's request cycle, whose method `receive` is, holds the
        # connection.
        receive.__self__.transport.abort()  # type: ignore[attr-defined]
