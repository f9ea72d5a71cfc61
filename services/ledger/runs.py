"""Write runs and their work: create, open what comes next, block, and keep the run's row true."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from services.domain.chunks import Chunk
from services.domain.runs import (
    AttemptState,
    DatasetChoice,
    Problem,
    RunState,
    Submission,
    WorkKind,
    WorkState,
)
from services.domain.tasks import Purpose
from services.ledger import attempts
from services.ledger.dialect import insert_into
from services.ledger.events import record, utc_now
from services.ledger.state import ended_by_cancel, refresh
from services.ledger.tables import ATTEMPT, EVENT, RUN, WORK

#: Events that `times` counts, or counts from: a step failed on our side; what was listed lacks
#: what should be there; a person has to look.
SURPRISE: Final = "unexpected"
LOOKED: Final = "looking again"
ATTENTION: Final = "needs attention"
#: Why nobody knows whether a restored ledger's work was sent.
RESTORED: Final = "the ledger was restored; this may have been sent after its backup"
#: What brings a run's items into a dataset and proves it.
LINKING: Final = (WorkKind.DATASET, WorkKind.LINK, WorkKind.VERIFY)


#: Attempts after which Encord may be at work.
MAY_HAVE_ARRIVED: Final = (
    AttemptState.SENDING,
    AttemptState.UNKNOWN,
    AttemptState.ACKED,
    AttemptState.FINISHED,
    AttemptState.ADOPTED,
)


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
    row = _row(cx, submission) | {
        "connection_label": connection_label,
        "manifest_name": manifest_name,
        "entries": entries,
        "held": held,
    }
    once = insert_into(cx, RUN).values(row).on_conflict_do_nothing(index_elements=[RUN.c.idem])
    run = cx.scalar(once.returning(RUN.c.id))
    if run is None:  # a double click, a second tab, a reload: the first one decided
        known = select(RUN.c.id).where(RUN.c.idem == submission.idem)
        return str(cx.execute(known).scalar_one())
    _add_first_work(cx, run, rescue=not submission.manifest)
    detail = f"{entries:,} entries of {manifest_name}, {held:,} held back"
    record(cx, "submitted", actor=submission.created_by, run=run, detail=detail)
    return str(run)


def _row(cx: Connection, submission: Submission) -> dict[str, object]:
    """Return a new run's row, as far as the submission says it."""
    run, now = uuid.uuid4().hex, utc_now()
    dataset = submission.dataset or DatasetChoice()
    return _family(cx, run, submission.parent) | {
        "id": run,
        "idem": submission.idem,
        "name": submission.name,
        "state": RunState.QUEUED,
        "connection": submission.connection,
        "account": submission.account,
        "manifest": submission.manifest,
        "check_options": submission.check,
        "selection": None if submission.entries is None else str(submission.entries),
        "folder_uuid": submission.folder.uuid,
        "folder_name": submission.folder.name,
        "folder_description": submission.folder.description,
        "integration": submission.integration,
        "integration_title": submission.integration_title,
        "options": orjson.dumps(asdict(submission.options)).decode(),
        "dataset_uuid": dataset.uuid,
        "dataset_title": dataset.title or None,
        "dataset_description": dataset.description,
        "adopted_job": submission.adopted_job,
        "created_by": submission.created_by,
        "created_at": now,
        "updated_at": now,
    }


def _family(cx: Connection, run: str, parent: str | None) -> dict[str, object]:
    """Say which family a new run belongs to, and how many of it came before."""
    if parent is None:
        return {"parent": None, "root": run, "generation": 0}
    root = cx.execute(select(RUN.c.root).where(RUN.c.id == parent)).scalar_one()
    before = select(func.count()).select_from(RUN).where(RUN.c.root == root)
    return {"parent": parent, "root": root, "generation": cx.scalar(before)}


def _add_first_work(cx: Connection, run: str, *, rescue: bool) -> None:
    if rescue:
        add_work(cx, run, WorkKind.RESCUE, state=WorkState.OPEN)
        return
    add_work(cx, run, WorkKind.PLAN, state=WorkState.OPEN)
    add_work(cx, run, WorkKind.FOLDER)
    add_work(cx, run, WorkKind.MATCH)


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


def doubt_chunks(cx: Connection, run: str) -> None:
    """Have the folder looked at before any chunk of a run is sent."""
    chosen = select(WORK.c.id, WORK.c.fence, WORK.c.entries)
    found = cx.execute(chosen.where(WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK))
    for work in found.all():
        attempts.doubt(cx, work.id, fence=work.fence, entries=work.entries, note=RESTORED)
        record(cx, "unknown", actor="ledger", run=run, work=work.id, detail=RESTORED)


def only_chunk(cx: Connection, run: str) -> int:
    """Return the one chunk of a run that has just one."""
    found = select(WORK.c.id).where(WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK)
    return int(cx.execute(found).scalar_one())


def finish(cx: Connection, work: int, state: WorkState = WorkState.DONE) -> None:
    """Close a piece of work, open what waited for it, and bring the run's row up to date."""
    cx.execute(
        update(WORK)
        .where(WORK.c.id == work)
        .values(state=state, owner="", lease_until=0.0, problem=None, problem_detail="")
    )
    bring_up_to_date(cx, cx.execute(select(WORK.c.run).where(WORK.c.id == work)).scalar_one())


def bring_up_to_date(cx: Connection, run: str) -> None:
    """Drop what was cancelled, open what comes next, and derive the run's row."""
    drop_cancelled(cx, run)
    open_next(cx, run)
    refresh(cx, run)


def open_next(cx: Connection, run: str) -> None:
    """Open the first stage that still has waiting work, once all before it are closed."""
    paused = cx.scalar(select(RUN.c.paused).where(RUN.c.id == run))
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
                .values(state=WorkState.PAUSED if paused else WorkState.OPEN, next_at=0.0)
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
    record(cx, ATTENTION, actor="worker", run=run, work=work, detail=f"{problem}: {detail}")
    bring_up_to_date(cx, run)


def times(cx: Connection, run: str, work: int, what: str) -> int:
    """Count how often something was noted of a piece of work since a person last looked at it."""
    ours = (EVENT.c.run == run, EVENT.c.work == work)
    looked = select(func.max(EVENT.c.seq)).where(*ours, EVENT.c.what == ATTENTION).scalar_subquery()
    since = EVENT.c.seq > func.coalesce(looked, 0)
    counted = select(func.count()).select_from(EVENT).where(*ours, EVENT.c.what == what, since)
    return cx.execute(counted).scalar_one()


def unblock(cx: Connection, *, run: str | None = None, connection: str | None = None) -> list[str]:
    """Reopen blocked work of one run, or what waits for one connection; return the runs."""
    blocked = WORK.c.state == WorkState.BLOCKED
    if run:
        chosen = and_(blocked, WORK.c.run == run)
    else:
        ours = select(RUN.c.id).where(RUN.c.connection == connection)
        lost = (Problem.RECONNECT, Problem.NOT_AUTHENTICATED)
        chosen = and_(blocked, WORK.c.run.in_(ours), WORK.c.problem.in_(lost))
    return reopen(cx, chosen)


def reopen(cx: Connection, chosen: ColumnElement[bool]) -> list[str]:
    """Reopen blocked work and return its runs; what is paused stays so."""
    runs = sorted(set(cx.execute(select(WORK.c.run).where(chosen)).scalars()))
    for run in runs:  # all before the first event: whoever holds a run may wait to write one
        lock(cx, run)
    cx.execute(
        update(WORK)
        .where(chosen)
        .values(state=WorkState.OPEN, next_at=0.0, tries=0, problem=None, problem_detail="")
    )
    for run in runs:
        if cx.scalar(select(RUN.c.paused).where(RUN.c.id == run)):
            pause(cx, run)
        else:
            refresh(cx, run)
    return runs


def request_cancel(cx: Connection, run: str) -> None:
    """Ask for the end of a run: drop what was never sent, cancel what runs at Encord."""
    cx.execute(update(RUN).where(RUN.c.id == run).values(cancel_requested=True, paused=False))
    drop_cancelled(cx, run, verifying=True)
    held = (WorkState.OPEN, WorkState.BLOCKED, WorkState.PAUSED)
    cx.execute(
        update(WORK)
        .where(WORK.c.run == run, WORK.c.kind != WorkKind.NOTIFY, WORK.c.state.in_(held))
        .values(state=WorkState.OPEN, next_at=0.0, problem=None, problem_detail="")
    )
    open_next(cx, run)
    refresh(cx, run)


def drop_cancelled(cx: Connection, run: str, *, verifying: bool = False) -> None:
    """Close what a run or task that was cancelled has not begun and will not do.

    Args:
        cx: The transaction.
        run: The run or task.
        verifying: Whether a task's verification goes too where it is due already: it may be one
            that somebody asked for after the end.
    """
    row = cx.execute(select(RUN.c.cancel_requested, RUN.c.purpose).where(RUN.c.id == run)).one()
    if not row.cancel_requested:
        return
    purpose = Purpose(row.purpose)
    chosen: ColumnElement[bool] = WORK.c.kind.in_(ended_by_cancel(purpose))
    if purpose is not Purpose.SUBMIT:
        is_due = false() if verifying else WORK.c.state != WorkState.WAITING
        chosen = or_(chosen, and_(WORK.c.kind == WorkKind.VERIFY, ~is_due))
    closed = {"state": WorkState.CANCELLED, "problem": None, "problem_detail": ""}
    cx.execute(update(WORK).where(WORK.c.run == run, chosen, *_untouched()).values(closed))


def pause(cx: Connection, run: str) -> None:
    """Send nothing new; what was sent goes on at Encord and is followed."""
    cx.execute(update(RUN).where(RUN.c.id == run).values(paused=True))
    cx.execute(
        update(WORK)
        .where(
            WORK.c.run == run,
            WORK.c.kind != WorkKind.NOTIFY,
            WORK.c.state == WorkState.OPEN,
            *_untouched(),
        )
        .values(state=WorkState.PAUSED)
    )
    refresh(cx, run)


def give_up_linking(cx: Connection, run: str) -> None:
    """Close what links a run and cannot go on, and forget which datasets were asked for."""
    linking = (WORK.c.run == run, WORK.c.kind.in_(LINKING))
    stuck = WORK.c.state.in_((WorkState.BLOCKED, WorkState.WAITING))
    closed = {"state": WorkState.CANCELLED, "problem": None, "problem_detail": ""}
    cx.execute(update(WORK).where(*linking, stuck).values(closed))
    cx.execute(update(WORK).where(*linking).values(idem=None))


def hold_back(cx: Connection, work: int) -> None:
    """Keep a piece of work that was about to send, because its run is paused."""
    cx.execute(
        update(WORK)
        .where(WORK.c.id == work)
        .values(state=WorkState.PAUSED, owner="", lease_until=0.0)
    )
    refresh(cx, cx.execute(select(WORK.c.run).where(WORK.c.id == work)).scalar_one())


def unpause(cx: Connection, run: str) -> None:
    """Go on with what was held back."""
    cx.execute(update(RUN).where(RUN.c.id == run).values(paused=False))
    cx.execute(
        update(WORK)
        .where(WORK.c.run == run, WORK.c.state == WorkState.PAUSED)
        .values(state=WorkState.OPEN, next_at=0.0)
    )
    refresh(cx, run)


def _untouched() -> tuple[ColumnElement[bool], ...]:
    """Conditions on work of which nothing may have arrived and that nobody is at."""
    sent = exists().where(ATTEMPT.c.work == WORK.c.id, ATTEMPT.c.state.in_(MAY_HAVE_ARRIVED))
    return (WORK.c.state != WorkState.DONE, WORK.c.lease_until == 0.0, ~sent)


def heard(cx: Connection, run: str) -> None:
    """Note that Encord just answered about this run."""
    cx.execute(update(RUN).where(RUN.c.id == run).values(heard_at=utc_now()))
