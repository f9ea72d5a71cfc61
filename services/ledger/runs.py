"""Write runs and their work: create, open what comes next, block, and keep the run's row true."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import orjson
from sqlalchemy import Connection, and_, case, exists, func, insert, or_, select, update

from services.domain.chunks import Chunk
from services.domain.outcomes import Outcome
from services.domain.runs import (
    DatasetChoice,
    Problem,
    RunState,
    Submission,
    WorkKind,
    WorkState,
)
from services.ledger.dialect import insert_into
from services.ledger.events import record, utc_now
from services.ledger.tables import ATTEMPT, OUTCOME, RUN, WORK

#: The part of a run that cancelling ends.
UPLOADING: Final = (WorkKind.PLAN, WorkKind.FOLDER, WorkKind.CHUNK, WorkKind.MATCH)


def create(
    cx: Connection,
    submission: Submission,
    *,
    connection_label: str,
    manifest_name: str,
    entries: int,
    held: int,
) -> str:
    """Record a submission once and return its run's id; the same submission gets the same id."""
    root = submission.parent and cx.scalar(select(RUN.c.root).where(RUN.c.id == submission.parent))
    family = select(func.count()).select_from(RUN).where(RUN.c.root == root)
    run = uuid.uuid4().hex
    dataset = submission.dataset or DatasetChoice()
    now = utc_now()
    inserted = cx.scalar(
        insert_into(cx, RUN)
        .values(
            id=run,
            idem=submission.idem,
            name=submission.name,
            state=RunState.QUEUED,
            connection=submission.connection,
            connection_label=connection_label,
            account=submission.account,
            manifest=submission.manifest,
            manifest_name=manifest_name,
            check_options=submission.check,
            selection=None if submission.entries is None else str(submission.entries),
            folder_uuid=submission.folder.uuid,
            folder_name=submission.folder.name,
            folder_description=submission.folder.description,
            integration=submission.integration,
            integration_title=submission.integration_title,
            options=orjson.dumps(asdict(submission.options)).decode(),
            dataset_uuid=dataset.uuid,
            dataset_title=dataset.title or None,
            dataset_description=dataset.description,
            entries=entries,
            held=held,
            parent=submission.parent,
            root=root or run,
            generation=cx.scalar(family) if root else 0,
            created_by=submission.created_by,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=[RUN.c.idem])
        .returning(RUN.c.id)
    )
    if inserted is None:  # a double click, a second tab, a reload: the first one decided
        run = cx.execute(select(RUN.c.id).where(RUN.c.idem == submission.idem)).scalar_one()
        return str(run)
    add_work(cx, run, WorkKind.PLAN, state=WorkState.OPEN)
    add_work(cx, run, WorkKind.FOLDER)
    add_work(cx, run, WorkKind.MATCH)
    record(
        cx,
        "submitted",
        actor=submission.created_by,
        run=run,
        detail=f"{entries} entries of {manifest_name}, {held} held back",
    )
    return run


def lock(cx: Connection, run: str) -> None:
    """Let one transaction at a time change a run, so that each sees what the last one did."""
    cx.execute(select(RUN.c.id).where(RUN.c.id == run).with_for_update())


def add_work(
    cx: Connection,
    run: str,
    kind: WorkKind,
    *,
    state: WorkState = WorkState.WAITING,
    entries: str = "",
    entry_count: int = 0,
    idem: str | None = None,
) -> bool:
    """Append one piece of work of its kind; False when `idem` was added before."""
    if idem and cx.scalar(select(WORK.c.id).where(WORK.c.idem == idem)):
        return False
    last = cx.scalar(select(func.max(WORK.c.seq)).where(WORK.c.run == run, WORK.c.kind == kind))
    cx.execute(
        insert(WORK).values(
            run=run,
            kind=kind,
            seq=0 if last is None else last + 1,
            state=state,
            entries=entries,
            entry_count=entry_count,
            idem=idem,
        )
    )
    return True


def add_chunks(cx: Connection, run: str, chunks: Iterable[Chunk]) -> int:
    """Record the plan and return how many chunks it has."""
    rows = [
        {
            "run": run,
            "kind": WorkKind.CHUNK,
            "seq": chunk.seq,
            "state": WorkState.WAITING,
            "entries": str(chunk.entries),
            "entry_count": len(chunk.entries),
            "url_count": chunk.urls,
            "digest": chunk.digest,
        }
        for chunk in chunks
    ]
    if rows:
        cx.execute(insert(WORK), rows)
    return len(rows)


def finish(cx: Connection, work: int, state: WorkState = WorkState.DONE) -> None:
    """Close a piece of work, open what waited for it, and bring the run's row up to date."""
    cx.execute(
        update(WORK)
        .where(WORK.c.id == work)
        .values(state=state, owner="", lease_until=0.0, problem=None, problem_detail="")
    )
    run = cx.execute(select(WORK.c.run).where(WORK.c.id == work)).scalar_one()
    open_next(cx, run)
    refresh(cx, run)


def open_next(cx: Connection, run: str) -> None:
    """Open the first stage that still has waiting work, once all before it are closed."""
    for stage in WorkKind:
        left = cx.execute(
            select(WORK.c.state).where(
                WORK.c.run == run,
                WORK.c.kind == stage,
                WORK.c.state.not_in((WorkState.DONE, WorkState.CANCELLED)),
            )
        ).scalars()
        states = set(left)
        if WorkState.WAITING in states:
            cx.execute(
                update(WORK)
                .where(WORK.c.run == run, WORK.c.kind == stage, WORK.c.state == WorkState.WAITING)
                .values(state=WorkState.OPEN, next_at=0.0)
            )
        if states:
            return


def block(cx: Connection, work: int, problem: Problem, detail: str) -> None:
    """Stop a piece of work until a person has done something."""
    cx.execute(
        update(WORK)
        .where(WORK.c.id == work)
        .values(
            state=WorkState.BLOCKED,
            owner="",
            lease_until=0.0,
            problem=problem,
            problem_detail=detail,
        )
    )
    run = cx.execute(select(WORK.c.run).where(WORK.c.id == work)).scalar_one()
    record(cx, "needs attention", actor="worker", run=run, work=work, detail=f"{problem}: {detail}")
    refresh(cx, run)


def unblock(cx: Connection, *, run: str | None = None, connection: str | None = None) -> list[str]:
    """Reopen blocked work of one run, or what waits for one connection; return the runs."""
    blocked = WORK.c.state == WorkState.BLOCKED
    if run:
        chosen = and_(blocked, WORK.c.run == run)
    else:
        ours = select(RUN.c.id).where(RUN.c.connection == connection)
        lost = (Problem.RECONNECT, Problem.NOT_AUTHENTICATED)
        chosen = and_(blocked, WORK.c.run.in_(ours), WORK.c.problem.in_(lost))
    runs = sorted(set(cx.execute(select(WORK.c.run).where(chosen)).scalars()))
    cx.execute(
        update(WORK)
        .where(chosen)
        .values(state=WorkState.OPEN, next_at=0.0, tries=0, problem=None, problem_detail="")
    )
    for reopened in runs:
        refresh(cx, reopened)
    return runs


def request_cancel(cx: Connection, run: str) -> None:
    """Ask for the end of a run: drop what was never sent, cancel what runs at Encord."""
    cx.execute(update(RUN).where(RUN.c.id == run).values(cancel_requested=True))
    sent = exists().where(ATTEMPT.c.work == WORK.c.id, ATTEMPT.c.state != "intent")
    cx.execute(
        update(WORK)
        .where(
            WORK.c.run == run,
            WORK.c.kind.in_((WorkKind.PLAN, WorkKind.FOLDER, WorkKind.CHUNK)),
            WORK.c.state != WorkState.DONE,
            WORK.c.lease_until == 0.0,
            ~sent,
        )
        .values(state=WorkState.CANCELLED)
    )
    cx.execute(
        update(WORK)
        .where(WORK.c.run == run, WORK.c.state.in_((WorkState.OPEN, WorkState.BLOCKED)))
        .values(state=WorkState.OPEN, next_at=0.0, problem=None, problem_detail="")
    )
    open_next(cx, run)
    refresh(cx, run)


def heard(cx: Connection, run: str) -> None:
    """Note that Encord just answered about this run."""
    cx.execute(update(RUN).where(RUN.c.id == run).values(heard_at=utc_now()))


def refresh(cx: Connection, run: str) -> None:
    """Derive the run's state, problem and counts from its work and outcomes."""
    row = cx.execute(
        select(RUN.c.entries, RUN.c.cancel_requested, RUN.c.parent).where(RUN.c.id == run)
    ).one()
    counts = _counts(cx, run)
    state = _state(cx, run, cancelling=row.cancel_requested, entries=row.entries, counts=counts)
    blocked = cx.execute(
        select(WORK.c.problem, WORK.c.problem_detail)
        .where(WORK.c.run == run, WORK.c.state == WorkState.BLOCKED)
        .order_by(WORK.c.id)
        .limit(1)
    ).one_or_none()
    before = cx.scalar(select(RUN.c.state).where(RUN.c.id == run))
    cx.execute(
        update(RUN)
        .where(RUN.c.id == run)
        .values(
            state=state,
            problem=blocked.problem if blocked else None,
            problem_detail=blocked.problem_detail if blocked else "",
            updated_at=utc_now(),
            **counts,
        )
    )
    if state != before:
        record(cx, "state", actor="worker", run=run, detail=f"{before} to {state}")


def _counts(cx: Connection, run: str) -> dict[str, int]:
    """Count outcomes; before the folder was matched, the jobs' own unit counts stand in."""
    matched = cx.scalar(
        select(func.count())
        .select_from(WORK)
        .where(WORK.c.run == run, WORK.c.kind == WorkKind.MATCH, WORK.c.state == WorkState.DONE)
    )
    if matched:
        rows = cx.execute(
            select(OUTCOME.c.rank, func.count())
            .where(OUTCOME.c.run == run)
            .group_by(OUTCOME.c.rank)
        )
        by_rank: dict[int, int] = {row[0]: row[1] for row in rows}
        return {
            name: by_rank.get(outcome.rank, 0)
            for name, outcome in (
                ("registered", Outcome.REGISTERED),
                ("already_there", Outcome.ALREADY_THERE),
                ("failed", Outcome.FAILED),
                ("cancelled", Outcome.CANCELLED),
                ("unknown", Outcome.UNKNOWN),
            )
        }
    sums = cx.execute(
        select(
            func.coalesce(func.sum(WORK.c.units_done), 0),
            func.coalesce(func.sum(WORK.c.units_error), 0),
            func.coalesce(func.sum(WORK.c.units_cancelled), 0),
        ).where(WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK)
    ).one()
    return {"registered": int(sums[0]), "failed": int(sums[1]), "cancelled": int(sums[2])}


#: The state shown while work of a kind is the first that is not closed.
WORKING: Final = {
    WorkKind.PLAN: RunState.QUEUED,
    WorkKind.FOLDER: RunState.QUEUED,
    WorkKind.CHUNK: RunState.SUBMITTING,
    WorkKind.MATCH: RunState.PROCESSING,
    WorkKind.DATASET: RunState.LINKING,
    WorkKind.LINK: RunState.LINKING,
    WorkKind.VERIFY: RunState.VERIFYING,
}


def _state(
    cx: Connection, run: str, *, cancelling: bool, entries: int, counts: dict[str, int]
) -> RunState:
    unsent = ~exists().where(
        ATTEMPT.c.work == WORK.c.id, or_(ATTEMPT.c.state == "acked", ATTEMPT.c.state == "finished")
    )
    rows = cx.execute(
        select(
            WORK.c.kind,
            func.max(case((WORK.c.state == WorkState.BLOCKED, 1), else_=0)).label("blocked"),
            func.max(case((unsent, 1), else_=0)).label("unsent"),
        )
        .where(WORK.c.run == run, WORK.c.state.not_in((WorkState.DONE, WorkState.CANCELLED)))
        .group_by(WORK.c.kind)
    ).all()
    if any(row.blocked for row in rows):
        return RunState.NEEDS_ATTENTION
    if not rows:
        return _final(cancelled=cancelling, entries=entries, counts=counts)
    if cancelling and any(WorkKind(row.kind) in UPLOADING for row in rows):
        return RunState.CANCELLING
    order = list(WorkKind)
    first = min(rows, key=lambda row: order.index(WorkKind(row.kind)))
    if WorkKind(first.kind) is WorkKind.CHUNK and not first.unsent:
        return RunState.PROCESSING
    return WORKING[WorkKind(first.kind)]


def _final(*, cancelled: bool, entries: int, counts: dict[str, int]) -> RunState:
    if cancelled and counts.get("cancelled"):
        return RunState.CANCELLED
    arrived = counts.get("registered", 0) + counts.get("already_there", 0)
    return RunState.COMPLETE if arrived or not entries else RunState.FAILED
