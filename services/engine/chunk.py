"""Submit one chunk as one upload job, follow it, and never send what may have arrived.

Encord has no idempotency key, cannot list past jobs, and the SDK sends the start call once. So the
ledger says what is about to be sent *before* it is sent, and what cannot be decided afterwards is
decided by listing the folder:

    INTENT -> SENDING -> ACKED -> FINISHED
              SENDING -> REJECTED | NOT SENT | UNKNOWN
              UNKNOWN -> ADOPTED (all of it is there) | ABANDONED (the missing part is sent again)

One call of `advance_chunk` makes at most one request that changes anything.
"""

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from sqlalchemy import Connection, update

from services.domain.chunks import Ranges, digest_of
from services.domain.entries import COMPOSITE, Entry
from services.domain.outcomes import Outcome, cause_of
from services.domain.runs import AttemptState, Problem, WorkState
from services.encord_api.errors import EncordError, NotAuthorised, NotFound, classify
from services.encord_api.interface import JobState, JobStatus
from services.engine.context import Step
from services.engine.errors import StopError
from services.engine.gone import is_past_hearing
from services.engine.presence import find_present
from services.ledger import attempts, outcomes, runs, state
from services.ledger.attempts import Attempt
from services.ledger.specs import WorkSpec, run_spec, work_spec
from services.ledger.tables import WORK

#: The same count of items in this many looks at the folder means: no more will come.
STABLE_LOOKS: Final = 2
MARGIN: Final = 10.0


def advance_chunk(step: Step) -> None:
    """Take a chunk one step further."""
    with step.fenced() as cx:
        work = work_spec(cx, step.claim.work)
        attempt = attempts.open_attempt(cx, work.id)
        if attempt and attempt.state is AttemptState.SENDING:
            _doubt(step, cx, attempt, "the sender stopped before an answer was recorded")
            return
        unsent = attempt is None or attempt.state is AttemptState.INTENT
        if unsent and _is_called_off(step, cx, attempt):
            return
    if attempt is None or attempt.state is AttemptState.INTENT:
        _send(step, work, attempt)
        return
    look = _reconcile if attempt.state is AttemptState.UNKNOWN else _follow
    try:
        look(step, work, attempt)
    except (NotFound, NotAuthorised):
        if not is_past_hearing(step):
            raise
        _leave(step, attempt)


def _leave(step: Step, attempt: Attempt) -> None:
    """Close a chunk of a cancelled run of which nothing more can be heard."""
    why = "Encord shows this account no such folder any more"
    with step.fenced() as cx:
        attempts.move(cx, attempt.token, AttemptState.ABANDONED, note=why)
        step.note(cx, "abandoned", why, attempt=attempt)
        runs.finish(cx, step.claim.work)


def _is_called_off(step: Step, cx: Connection, attempt: Attempt | None) -> bool:
    """Close an unsent chunk of a cancelled run; hold back one of a paused run."""
    run = run_spec(cx, step.claim.run)  # as it is now: a step may have looked for groups before
    if run.cancel_requested:
        _drop(step, cx, attempt)
    elif run.paused:
        runs.hold_back(cx, step.claim.work)
    return run.cancel_requested or run.paused


def _drop(step: Step, cx: Connection, attempt: Attempt | None) -> None:
    """Close a chunk that was never sent."""
    if attempt:
        attempts.move(cx, attempt.token, AttemptState.ABANDONED, note="cancelled before sending")
    runs.finish(cx, step.claim.work, WorkState.CANCELLED)


def _send(step: Step, work: WorkSpec, attempt: Attempt | None) -> None:
    """Record the intention, then send once, then record the answer."""
    chosen = Ranges.parse(attempt.entries) if attempt else _still_to_send(step, work)
    if chosen is not None and not len(chosen):
        with step.fenced() as cx:
            runs.finish(cx, work.id)
        return
    if attempt is None:
        with step.fenced() as cx:
            attempt = attempts.intend(
                cx, work.id, fence=step.claim.fence, entries=str(chosen or work.entries)
            )
    outbox = step.tools.outbox
    outbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A folder of one's own: who had this attempt before may wake up and clear away only now.
    with TemporaryDirectory(dir=outbox, ignore_cleanup_errors=True) as folder:
        document = Path(folder) / f"{step.run.manifest[:12]}~{attempt.token}.json"
        _write_document(step, work, attempt, document)
        _post(step, attempt, document)


def _still_to_send(step: Step, work: WorkSpec) -> Ranges | None:
    """Return the entries of a first attempt that are not in the folder; None for all of them.

    Encord documents duplicate skipping for URLs, not for groups and series, so those are looked up
    before every send.
    """
    groups = list(step.entries(work.entries, COMPOSITE))
    if not groups:
        return None
    present = find_present(step.gateway, _folder(step), groups, heartbeat=step.heartbeat)
    return Ranges.of(index for index in work.entries if index not in present)


def _write_document(step: Step, work: WorkSpec, attempt: Attempt, document: Path) -> None:
    """Write what Encord receives, from a manifest that is still what was planned."""
    if digest_of(step.shares(work.entries)) != work.digest:
        raise StopError(
            Problem.MANIFEST_CHANGED,
            "The stored manifest is not the one that was submitted. Upload it again.",
        )
    options = step.run.options
    step.manifest.write_registration(
        Ranges.parse(attempt.entries),
        document,
        skip_duplicate_urls=options.skip_duplicate_urls,
        upsert_metadata=options.upsert_metadata,
    )


def _post(step: Step, attempt: Attempt, document: Path) -> None:
    """TX2, the one request, TX3."""
    pace, ledger = step.tools.pace, step.tools.ledger
    gateway, folder = step.gateway, _folder(step)
    with step.fenced() as cx:
        if _is_called_off(step, cx, attempt):
            return
        now = ledger.clock.now(cx)
        attempts.move(cx, attempt.token, AttemptState.SENDING, sent_at=now, fence=step.claim.fence)
        ledger.hold(cx, step.claim, pace.send_deadline + MARGIN)
        step.note(cx, "sending", attempt=attempt)
    try:
        job = gateway.start_upload(
            folder,
            step.run.integration,
            document,
            trace=attempt.token,
        )
    except EncordError as error:
        _not_accepted(step, attempt, error)
        return
    with step.fenced() as cx:
        attempts.move(cx, attempt.token, AttemptState.ACKED, result=job)
        step.note(cx, "accepted", f"job {job}", attempt=attempt)
        ledger.release(cx, step.claim, pause=pace.poll_first)
        runs.heard(cx, step.claim.run)
        state.refresh(cx, step.claim.run)


def _not_accepted(step: Step, attempt: Attempt, error: EncordError) -> None:
    """Record what a failed send means. Only a refusal and a connection never made are certain.

    The lease of the send lasts until the caller has blocked the work or given it back for later.
    """
    fate = classify(error)
    with step.fenced() as cx:
        if fate == "unknown":
            _doubt(step, cx, attempt, str(error))
            return
        verdict = AttemptState.REJECTED if fate == "rejected" else AttemptState.NOT_SENT
        attempts.move(cx, attempt.token, verdict, note=error.raw or str(error))
        step.note(cx, str(verdict), str(error), attempt=attempt)
    if isinstance(error, NotFound | NotAuthorised) and _folder_answers(step):
        raise StopError(Problem.INTEGRATION_GONE, f"{error} {error.raw}".strip())
    raise error


def _folder_answers(step: Step) -> bool:
    """Whether the folder is there for this account: then a refusal is about the integration."""
    try:
        step.gateway.get_folder(_folder(step))
    except EncordError:
        return False
    return True


def _doubt(step: Step, cx: Connection, attempt: Attempt, why: str) -> None:
    """Whether the job was started is not known: wait, then look at the folder."""
    attempts.move(cx, attempt.token, AttemptState.UNKNOWN, note=why)
    step.note(cx, "unknown", why, attempt=attempt)
    step.tools.ledger.release(cx, step.claim, pause=step.tools.pace.settle)


def _reconcile(step: Step, work: WorkSpec, attempt: Attempt) -> None:
    """Decide an unclear send by what is in the folder."""
    if step.run.cancel_requested and step.run.folder_uuid is None:  # nowhere it could have gone
        with step.fenced() as cx:
            _drop(step, cx, attempt)
        return
    sent = list(step.entries(Ranges.parse(attempt.entries)))
    present = find_present(
        step.gateway,
        _folder(step),
        sent,
        heartbeat=step.heartbeat,
        apart=not step.run.options.skip_duplicate_urls,
    )
    missing = [entry for entry in sent if entry.index not in present]
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        if not missing:
            attempts.move(cx, attempt.token, AttemptState.ADOPTED, seen=len(present))
            step.note(cx, "adopted", f"all {len(sent)} entries are in the folder", attempt=attempt)
            _count(cx, work.id, done=len(present))
            runs.finish(cx, work.id)
        elif attempt.looks + 1 < STABLE_LOOKS or len(present) != attempt.seen:
            attempts.move(
                cx,
                attempt.token,
                AttemptState.UNKNOWN,
                seen=len(present),
                looks=attempt.looks + 1 if len(present) == attempt.seen else 1,
            )
            step.tools.ledger.release(cx, step.claim, pause=step.tools.pace.settle)
        elif step.run.cancel_requested:
            attempts.move(cx, attempt.token, AttemptState.ABANDONED, seen=len(present))
            runs.finish(cx, work.id, WorkState.CANCELLED)
        else:
            _abandon(step, cx, attempt, missing)


def _abandon(step: Step, cx: Connection, attempt: Attempt, missing: list[Entry]) -> None:
    """Send the missing part again; groups only when a person has said so by resuming."""
    groups = any(entry.type.is_composite for entry in missing)
    if groups and attempt.looks < STABLE_LOOKS:
        attempts.move(cx, attempt.token, AttemptState.UNKNOWN, looks=STABLE_LOOKS)
        runs.block(
            cx,
            step.claim.work,
            Problem.UNCONFIRMED_GROUPS,
            f"{len(missing)} groups or series of an unanswered upload have not appeared.",
        )
        return
    attempts.move(cx, attempt.token, AttemptState.ABANDONED)
    step.note(cx, "abandoned", f"{len(missing)} entries did not arrive", attempt=attempt)
    again = Ranges.of(entry.index for entry in missing)
    attempts.intend(cx, step.claim.work, fence=step.claim.fence, entries=str(again))
    step.tools.ledger.release(cx, step.claim)


def _follow(step: Step, work: WorkSpec, attempt: Attempt) -> None:
    """Look at the job once; cancel it first when that was asked for."""
    folder, job = _folder(step), attempt.result or ""
    if step.run.cancel_requested and attempt.looks == 0:
        step.gateway.cancel_job(folder, job)
        with step.fenced() as cx:
            attempts.move(cx, attempt.token, AttemptState.ACKED, looks=1)
            step.note(cx, "cancel sent", f"job {job}", attempt=attempt)
            step.tools.ledger.release(cx, step.claim)
        return
    status = step.gateway.job_status(folder, job)
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        _count(
            cx,
            work.id,
            done=status.units_done,
            error=status.units_error,
            cancelled=status.units_cancelled,
        )
        if status.unit_errors:
            _store_errors(step, cx, attempt, status)
        if status.state is JobState.PENDING:
            pause = _pause(step, cx, attempt)
            step.tools.ledger.release(cx, step.claim, pause=pause)
            state.refresh(cx, step.claim.run)
            return
        attempts.move(cx, attempt.token, AttemptState.FINISHED, note=status.state)
        attempts.keep_answer(cx, attempt.token, _answer(status))
        step.note(cx, "job finished", f"{status.state}: {_in_words(status)}", attempt=attempt)
        cancelled = status.state is JobState.CANCELLED
        runs.finish(cx, work.id, WorkState.CANCELLED if cancelled else WorkState.DONE)


def _pause(step: Step, cx: Connection, attempt: Attempt) -> float:
    """Look often at a young job, rarely at an old one, and never beyond the account's budget.

    With every job of the account pausing for jobs / budget seconds, all of them together stay
    within it. Jitter spreads their looks.
    """
    pace = step.tools.pace
    age = step.tools.ledger.clock.now(cx) - attempt.sent_at
    pause = min(pace.poll_last, max(pace.poll_first, age / 10))
    crowd = attempts.count_followed(cx, step.run.account) / pace.polls_per_second
    return max(pause, crowd) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load


def _store_errors(step: Step, cx: Connection, attempt: Attempt, status: JobStatus) -> None:
    """Keep what Encord said about single entries at first sight."""
    wanted = {url: error for error in status.unit_errors for url in error.urls[:1]}
    rows = [
        outcomes.outcome_row(
            step.run.place,
            entry,
            Outcome.FAILED,
            cause=cause_of(error.message).code,
            message=error.message,
            job_id=attempt.result,
            subtask_uuid=error.subtask_uuid,
        )
        for entry in step.entries(Ranges.parse(attempt.entries))
        if entry.urls and (error := wanted.get(entry.urls[0]))
    ]
    outcomes.save(cx, rows)


def _answer(status: JobStatus) -> dict[str, object]:
    return {
        "state": status.state,
        "items": status.item_uuids,
        "errors": status.errors,
        "unit_errors": [orjson.loads(orjson.dumps(error)) for error in status.unit_errors],
    }


def _in_words(status: JobStatus) -> str:
    return (
        f"{status.units_done} done, {status.units_error} failed, {status.units_cancelled} cancelled"
    )


def _count(cx: Connection, work: int, *, done: int, error: int = 0, cancelled: int = 0) -> None:
    cx.execute(
        update(WORK)
        .where(WORK.c.id == work)
        .values(units_done=done, units_error=error, units_cancelled=cancelled, tries=0)
    )


def _folder(step: Step) -> str:
    if step.run.folder_uuid is None:
        raise StopError(Problem.FOLDER_GONE, "The run has no folder.")
    return step.run.folder_uuid
