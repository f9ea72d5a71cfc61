"""Write attempts: the record that stands before every request that must not be repeated."""

import uuid
import zlib
from dataclasses import dataclass
from typing import Any, Self

import orjson
from sqlalchemy import Connection, Row, func, insert, select, update

from services.domain.chunks import Ranges
from services.domain.runs import OPEN_ATTEMPTS, AttemptState
from services.ledger.tables import ANSWER, ATTEMPT, RUN, WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, as it stands in the ledger."""

    token: str
    work: int
    state: AttemptState
    result: str | None
    fence: int
    entries: str
    sent_at: float
    looks: int
    seen: int

    @classmethod
    def of(cls, row: "Row[tuple[object, ...]]") -> Self:
        """Read a table row."""
        return cls(
            token=row.token,
            work=row.work,
            state=AttemptState(row.state),
            result=row.result,
            fence=row.fence,
            entries=row.entries,
            sent_at=row.sent_at,
            looks=row.looks,
            seen=row.seen,
        )


def open_attempt(cx: Connection, work: int) -> Attempt | None:
    """Return the attempt that is not decided yet; there is at most one."""
    row = cx.execute(
        select(ATTEMPT).where(ATTEMPT.c.work == work, ATTEMPT.c.state.in_(OPEN_ATTEMPTS))
    ).one_or_none()
    return Attempt.of(row) if row else None


def intend(cx: Connection, work: int, *, fence: int, entries: str = "") -> Attempt:
    """Record the intention to send (TX1) under a fresh token."""
    count = cx.scalar(select(func.count()).select_from(ATTEMPT).where(ATTEMPT.c.work == work)) or 0
    attempt = Attempt(
        token=uuid.uuid4().hex,
        work=work,
        state=AttemptState.INTENT,
        result=None,
        fence=fence,
        entries=entries,
        sent_at=0.0,
        looks=0,
        seen=-1,
    )
    cx.execute(
        insert(ATTEMPT).values(
            token=attempt.token,
            work=work,
            n=count,
            state=attempt.state,
            fence=fence,
            entries=entries,
        )
    )
    return attempt


def doubt(cx: Connection, work: int, *, fence: int, entries: str, note: str) -> None:
    """Take it that work may have been sent under an attempt that nobody wrote down."""
    known = open_attempt(cx, work)
    attempt = known or intend(cx, work, fence=fence, entries=entries)
    move(cx, attempt.token, AttemptState.UNKNOWN, note=note)


def move(cx: Connection, token: str, state: AttemptState, **values: object) -> None:
    """Change an attempt's state and, with it, what is known of it."""
    cx.execute(update(ATTEMPT).where(ATTEMPT.c.token == token).values(state=state, **values))


def keep_answer(cx: Connection, token: str, answer: object) -> None:
    """Store what Encord said, replacing what it said before about the same attempt."""
    body = zlib.compress(orjson.dumps(answer))
    known = cx.scalar(select(ANSWER.c.attempt).where(ANSWER.c.attempt == token))
    if known:
        cx.execute(update(ANSWER).where(ANSWER.c.attempt == token).values(body=body))
    else:
        cx.execute(insert(ANSWER).values(attempt=token, body=body))


def run_of(cx: Connection, result: str) -> str | None:
    """Return the name of the run whose attempt has this job id."""
    return cx.scalar(
        select(RUN.c.name)
        .join(WORK, WORK.c.run == RUN.c.id)
        .join(ATTEMPT, ATTEMPT.c.work == WORK.c.id)
        .where(ATTEMPT.c.result == result)
    )


def count_followed(cx: Connection, account: str) -> int:
    """Count the jobs of an account that are being followed."""
    return (
        cx.scalar(
            select(func.count())
            .select_from(ATTEMPT)
            .join(WORK, WORK.c.id == ATTEMPT.c.work)
            .join(RUN, RUN.c.id == WORK.c.run)
            .where(ATTEMPT.c.state == AttemptState.ACKED, RUN.c.account == account)
        )
        or 0
    )


def answers(cx: Connection, run: str) -> list[tuple[Ranges, dict[str, Any]]]:
    """Return everything Encord said about a run's jobs, oldest first, each with its entries."""
    rows = cx.execute(
        select(ATTEMPT.c.entries, ANSWER.c.body)
        .join(ATTEMPT, ATTEMPT.c.token == ANSWER.c.attempt)
        .join(WORK, WORK.c.id == ATTEMPT.c.work)
        .where(WORK.c.run == run)
        .order_by(WORK.c.seq, ATTEMPT.c.n)
    )
    return [(Ranges.parse(entries), orjson.loads(zlib.decompress(body))) for entries, body in rows]
