"""Rows of a ledger that contradict each other: sentences, each with the query that finds it."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from services.domain.chunks import Ranges
from services.domain.outcomes import Outcome
from services.domain.runs import FINAL, OPEN_ATTEMPTS, AttemptState, RunState, WorkKind, WorkState
from services.ledger.state import CLOSED, COUNTED
from services.ledger.tables import ANSWER, ATTEMPT, OUTCOME, RECEIPT, RUN, WORK

#: Rows shown of one contradiction.
_SHOWN: Final = 3


def contradictions(cx: Connection) -> Iterator[str]:
    """Yield one sentence for each kind of contradiction, with a few of the rows."""
    for sentence, query in _QUERIES:
        found = [str(row[0]) for row in cx.execute(query.limit(_SHOWN + 1))]
        if found:
            more = ", and more" if len(found) > _SHOWN else ""
            yield f"{sentence}: {', '.join(found[:_SHOWN])}{more}."
    yield from _wrong_counts(cx)
    yield from _wrong_ranges(cx)


def _wrong_counts(cx: Connection) -> Iterator[str]:
    """Compare a run's counts with its outcomes, once those are decided."""
    decided = exists().where(
        WORK.c.run == RUN.c.id,
        WORK.c.kind.in_((WorkKind.MATCH, WorkKind.RESCUE)),
        WORK.c.state == WorkState.DONE,
    )
    columns = [RUN.c[name] for name in COUNTED]
    for row in cx.execute(select(RUN.c.id, RUN.c.entries, *columns).where(decided)).all():
        counted = cx.execute(
            select(OUTCOME.c.rank, func.count())
            .where(OUTCOME.c.run == row.id)
            .group_by(OUTCOME.c.rank)
        )
        by_rank: dict[int, int] = {found[0]: found[1] for found in counted}
        said = {Outcome[name.upper()].rank: getattr(row, name) for name in COUNTED}
        if by_rank != {rank: count for rank, count in said.items() if count}:
            yield f"The counts of run {row.id} are not those of its outcomes."


def _wrong_ranges(cx: Connection) -> Iterator[str]:
    """Compare the entries that work names with their number."""
    rows = cx.execute(select(WORK.c.id, WORK.c.entries, WORK.c.entry_count))
    for row in rows:
        try:
            count = len(Ranges.parse(row.entries))
        except ValueError:
            count = -1
        if count != row.entry_count:
            yield f"Work {row.id} does not name as many entries as it counts."


#: A notice may wait for its receiver when its run has long ended.
_WORK_OPEN: Final = and_(WORK.c.state.not_in(CLOSED), WORK.c.kind != WorkKind.NOTIFY)
_QUERIES: Final[tuple[tuple[str, Select[tuple[object]]], ...]] = (
    (
        "More than one attempt is open for work",
        select(ATTEMPT.c.work)
        .where(ATTEMPT.c.state.in_(OPEN_ATTEMPTS))
        .group_by(ATTEMPT.c.work)
        .having(func.count() > 1),
    ),
    (
        "Work that is done has an open attempt",
        select(WORK.c.id)
        .join(ATTEMPT, ATTEMPT.c.work == WORK.c.id)
        .where(WORK.c.state == WorkState.DONE, ATTEMPT.c.state.in_(OPEN_ATTEMPTS)),
    ),
    (
        "Runs that ended have open work",
        select(RUN.c.id)
        .join(WORK, WORK.c.run == RUN.c.id)
        .where(RUN.c.state.in_(FINAL), _WORK_OPEN),
    ),
    (
        "Runs that go on have no open work",
        select(RUN.c.id).where(
            RUN.c.state.not_in(FINAL), ~exists().where(WORK.c.run == RUN.c.id, _WORK_OPEN)
        ),
    ),
    (
        "States that do not exist: run",
        select(RUN.c.id).where(RUN.c.state.not_in(list(RunState))),
    ),
    (
        "States that do not exist: work",
        select(WORK.c.id).where(
            or_(WORK.c.state.not_in(list(WorkState)), WORK.c.kind.not_in(list(WorkKind)))
        ),
    ),
    (
        "States that do not exist: attempt",
        select(ATTEMPT.c.token).where(ATTEMPT.c.state.not_in(list(AttemptState))),
    ),
    (
        "Outcomes that do not exist: run",
        select(OUTCOME.c.run).where(OUTCOME.c.rank.not_in([each.rank for each in Outcome])),
    ),
    (
        "Outcomes that name another family than their run",
        select(OUTCOME.c.run)
        .join(RUN, RUN.c.id == OUTCOME.c.run)
        .where(
            or_(OUTCOME.c.root != RUN.c.root, OUTCOME.c.generation != RUN.c.generation),
        )
        .distinct(),
    ),
    (
        "Work without its run",
        select(WORK.c.id).where(~exists().where(RUN.c.id == WORK.c.run)),
    ),
    (
        "Attempts without their work",
        select(ATTEMPT.c.token).where(~exists().where(WORK.c.id == ATTEMPT.c.work)),
    ),
    (
        "Answers without their attempt",
        select(ANSWER.c.attempt).where(~exists().where(ATTEMPT.c.token == ANSWER.c.attempt)),
    ),
    (
        "Outcomes without their run",
        select(OUTCOME.c.run).where(~exists().where(RUN.c.id == OUTCOME.c.run)).distinct(),
    ),
    (
        "Runs without their receipt",
        select(RUN.c.id).where(
            and_(RUN.c.receipt.is_not(None), ~exists().where(RECEIPT.c.id == RUN.c.receipt))
        ),
    ),
)
