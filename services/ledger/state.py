"""Keep a run's row true: its state, problem, counts and progress follow from its work."""

from typing import Final

from sqlalchemy import Connection, case, exists, func, select, update

from services.domain.outcomes import Outcome
from services.domain.runs import AttemptState, Problem, RunState, WorkKind, WorkState
from services.domain.tasks import Purpose
from services.ledger import tally
from services.ledger.dialect import insert_into
from services.ledger.events import record, utc_now
from services.ledger.notices import STATE, announce
from services.ledger.tables import ATTEMPT, PROGRESS, RUN, WORK

#: The part of a run that comes before its dataset.
UPLOADING: Final = (WorkKind.PLAN, WorkKind.FOLDER, WorkKind.CHUNK, WorkKind.MATCH)
#: What of a run is dropped when it is cancelled: what sends something that was not sent before.
UPLOADS: Final = (WorkKind.PLAN, WorkKind.FOLDER, WorkKind.CHUNK)
#: The state shown while work of a kind is the first that is not closed.
WORKING: Final = {
    WorkKind.PLAN: RunState.QUEUED,
    WorkKind.FOLDER: RunState.QUEUED,
    WorkKind.CHUNK: RunState.SUBMITTING,
    WorkKind.MATCH: RunState.PROCESSING,
    WorkKind.DATASET: RunState.LINKING,
    WorkKind.EXPECT: RunState.QUEUED,
    WorkKind.LINK: RunState.LINKING,
    WorkKind.UNLINK: RunState.LINKING,
    WorkKind.VERIFY: RunState.VERIFYING,
    WorkKind.RESCUE: RunState.PROCESSING,
}
CLOSED: Final = (WorkState.DONE, WorkState.CANCELLED)
COUNTED: Final = ("registered", "already_there", "failed", "cancelled", "unknown")


def ended_by_cancel(purpose: Purpose) -> tuple[WorkKind, ...]:
    """Return what of a run or task is dropped when it is cancelled.

    A run goes on without its uploads, to say what became of every entry. Of a task nothing is left
    but to verify, should somebody ask for that afterwards.
    """
    if purpose is Purpose.SUBMIT:
        return (*UPLOADS, WorkKind.RESCUE)
    return WorkKind.EXPECT, WorkKind.DATASET, WorkKind.LINK, WorkKind.UNLINK


def refresh(cx: Connection, run: str) -> None:
    """Derive the run's row from its work and outcomes."""
    row = cx.execute(select(RUN).where(RUN.c.id == run)).one()
    counts = _counts(cx, run)
    cancelled = Purpose(row.purpose) if row.cancel_requested else None
    state = _state(cx, run, cancelled=cancelled, entries=row.entries, counts=counts)
    blocked = cx.execute(
        select(WORK.c.problem, WORK.c.problem_detail)
        .where(WORK.c.run == run, WORK.c.state == WorkState.BLOCKED)
        .order_by(WORK.c.id)
        .limit(1)
    ).one_or_none()
    now = utc_now()
    moved = any(counts.get(name, getattr(row, name)) != getattr(row, name) for name in COUNTED)
    if moved:
        _note_progress(cx, run, now, counts)
    cx.execute(
        update(RUN)
        .where(RUN.c.id == run)
        .values(
            state=state,
            problem=blocked.problem if blocked else None,
            problem_detail=blocked.problem_detail if blocked else "",
            progress_at=now if moved or row.progress_at is None else row.progress_at,
            updated_at=now,
            **_chunks(cx, run),
            **counts,
        )
    )
    problem = Problem(blocked.problem) if blocked and blocked.problem else None
    if state != row.state:
        record(cx, STATE, actor="worker", run=run, detail=f"{row.state} to {state}")
    if (state, problem) != (row.state, row.problem):
        announce(cx, run, state, problem)


def _note_progress(cx: Connection, run: str, now: str, counts: dict[str, int]) -> None:
    line = {"settled": sum(counts.values()), "failed": counts.get("failed", 0)}
    statement = insert_into(cx, PROGRESS).values(run=run, at=now, **line)
    cx.execute(statement.on_conflict_do_nothing())


def _chunks(cx: Connection, run: str) -> dict[str, int]:
    closed = func.coalesce(func.sum(case((WORK.c.state.in_(CLOSED), 1), else_=0)), 0)
    row = cx.execute(
        select(func.count(), closed).where(WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK)
    ).one()
    return {"chunks": int(row[0]), "chunks_done": int(row[1])}


def _counts(cx: Connection, run: str) -> dict[str, int]:
    """Count outcomes; before the folder was matched, the jobs' own unit counts stand in."""
    decided = cx.scalar(
        select(func.count())
        .select_from(WORK)
        .where(
            WORK.c.run == run,
            WORK.c.kind.in_((WorkKind.MATCH, WorkKind.RESCUE)),
            WORK.c.state == WorkState.DONE,
        )
    )
    if not decided:
        return _reported(cx, run)
    _note_family(cx, run)
    counts = tally.by_outcome(tally.keep(cx, run, family=False))
    return {name: counts[Outcome[name.upper()]] for name in COUNTED}


def _note_family(cx: Connection, run: str) -> None:
    """Tell the first run of the family how many entries still fail."""
    root = cx.execute(select(RUN.c.root).where(RUN.c.id == run)).scalar_one()
    tally.lock(cx, root)
    counts = tally.by_outcome(tally.keep(cx, root, family=True))
    failing = counts[Outcome.FAILED]
    cx.execute(update(RUN).where(RUN.c.id == root).values(still_failed=failing))


def _reported(cx: Connection, run: str) -> dict[str, int]:
    sums = cx.execute(
        select(
            func.coalesce(func.sum(WORK.c.units_done), 0),
            func.coalesce(func.sum(WORK.c.units_error), 0),
            func.coalesce(func.sum(WORK.c.units_cancelled), 0),
        ).where(WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK)
    ).one()
    return {"registered": int(sums[0]), "failed": int(sums[1]), "cancelled": int(sums[2])}


def _state(
    cx: Connection, run: str, *, cancelled: Purpose | None, entries: int, counts: dict[str, int]
) -> RunState:
    """Derive the state; `cancelled` is the purpose of what was cancelled, else None."""
    answered = (AttemptState.ACKED, AttemptState.FINISHED)
    unsent = ~exists().where(ATTEMPT.c.work == WORK.c.id, ATTEMPT.c.state.in_(answered))
    rows = cx.execute(
        select(
            WORK.c.kind,
            func.max(case((WORK.c.state == WorkState.BLOCKED, 1), else_=0)).label("blocked"),
            func.max(case((WORK.c.state == WorkState.PAUSED, 1), else_=0)).label("paused"),
            func.max(case((unsent, 1), else_=0)).label("unsent"),
        )
        .where(
            WORK.c.run == run,
            WORK.c.kind != WorkKind.NOTIFY,
            WORK.c.state.not_in(CLOSED),
        )
        .group_by(WORK.c.kind)
    ).all()
    if any(row.blocked for row in rows):
        return RunState.NEEDS_ATTENTION
    if not rows:
        is_short = cancelled is not None and _is_cut_short(cx, run, cancelled, counts)
        return RunState.CANCELLED if is_short else _final(entries, counts)
    ending = (*UPLOADING, *ended_by_cancel(cancelled)) if cancelled else ()
    if any(WorkKind(row.kind) in ending for row in rows):
        return RunState.CANCELLING
    if any(row.paused for row in rows):
        return RunState.PAUSED
    order = list(WorkKind)
    first = min(rows, key=lambda row: order.index(WorkKind(row.kind)))
    if WorkKind(first.kind) is WorkKind.CHUNK and not first.unsent:
        return RunState.PROCESSING
    return WORKING[WorkKind(first.kind)]


def _is_cut_short(cx: Connection, run: str, purpose: Purpose, counts: dict[str, int]) -> bool:
    """Whether cancelling left anything out: what was done by then is complete."""
    if counts.get("cancelled") or counts.get("unknown"):
        return True
    dropped = exists().where(
        WORK.c.run == run,
        WORK.c.state == WorkState.CANCELLED,
        WORK.c.kind.in_({*ended_by_cancel(purpose), WorkKind.VERIFY} - {*UPLOADS}),
    )
    return bool(cx.scalar(select(dropped)))


def _final(entries: int, counts: dict[str, int]) -> RunState:
    arrived = counts.get("registered", 0) + counts.get("already_there", 0)
    return RunState.COMPLETE if arrived or not entries else RunState.FAILED
