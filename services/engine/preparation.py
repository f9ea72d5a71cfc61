"""The steps before the first upload: cut the manifest into chunks, make sure of the folder."""

from functools import partial

from sqlalchemy import Connection, update

from services.domain.chunks import MAX_URLS, plan
from services.domain.runs import AttemptState, Problem
from services.encord_api.interface import Folder
from services.engine.context import Step
from services.engine.errors import StopError
from services.engine.once import create_once, description_of
from services.ledger import attempts, runs
from services.ledger.attempts import Attempt
from services.ledger.events import record
from services.ledger.tables import RUN


def advance_plan(step: Step) -> None:
    """Cut the run's entries into chunks; the same run always gets the same chunks.

    A job that was started elsewhere is one chunk, and is followed as if it had been sent here.
    """
    shares = step.shares(step.selection())
    whole = step.run.adopted_job is not None
    size = step.run.entries if whole else step.run.options.max_chunk_entries
    chunks = list(plan(shares, max_entries=size, max_urls=None if whole else MAX_URLS))
    with step.fenced() as cx:
        count = runs.add_chunks(cx, step.claim.run, chunks)
        sent = sum(len(chunk.entries) for chunk in chunks)
        cx.execute(update(RUN).where(RUN.c.id == step.claim.run).values(entries=sent))
        record(
            cx,
            "planned",
            actor="worker",
            run=step.claim.run,
            detail=f"{sent:,} entries in {count:,} chunk{'' if count == 1 else 's'}",
        )
        _pass_on_doubt(cx, step)
        if step.run.adopted_job:
            _refuse_followed(cx, step.run.adopted_job)
            chunk = runs.only_chunk(cx, step.claim.run)
            adopted = attempts.intend(
                cx, chunk, fence=step.claim.fence, entries=str(step.selection())
            )
            attempts.move(cx, adopted.token, AttemptState.ACKED, result=step.run.adopted_job)
        runs.finish(cx, step.claim.work)


def _pass_on_doubt(cx: Connection, step: Step) -> None:
    """Have the folder looked at before the chunks of a restored plan are sent."""
    doubt = attempts.open_attempt(cx, step.claim.work)
    if doubt is None:
        return
    attempts.move(cx, doubt.token, AttemptState.ABANDONED)
    if step.run.adopted_job is None:
        runs.doubt_chunks(cx, step.claim.run)


def _refuse_followed(cx: Connection, job: str) -> None:
    """Stop before one job would be followed by two runs."""
    known = attempts.run_of(cx, job)
    if known:
        raise StopError(
            Problem.REQUEST_REFUSED,
            f"Job {job} is followed already, by the run {known}. Cancel this one.",
        )


def advance_folder(step: Step) -> None:
    """Make sure that the run's folder exists, and create a new one at most once."""
    if step.run.folder_uuid:
        _settle(step, step.gateway.get_folder(step.run.folder_uuid), "folder found")
        return
    made = create_once(step, find=partial(_find, step), create=partial(_create, step))
    if made is None:
        return
    _settle(step, made.value, "folder adopted" if made.adopted else "folder created", made.attempt)


def _find(step: Step) -> Folder | None:
    description = description_of(step.run.folder_description, step.claim.run)
    for folder in step.gateway.find_folders(step.run.folder_name):
        if folder.name == step.run.folder_name and folder.description == description:
            return folder
    return None


def _create(step: Step) -> Folder:
    description = description_of(step.run.folder_description, step.claim.run)
    return step.gateway.create_folder(step.run.folder_name, description)


def _settle(step: Step, folder: Folder, what: str, attempt: Attempt | None = None) -> None:
    with step.fenced() as cx:
        if attempt:
            attempts.move(cx, attempt.token, AttemptState.FINISHED, result=folder.uuid)
        cx.execute(
            update(RUN)
            .where(RUN.c.id == step.claim.run)
            .values(folder_uuid=folder.uuid, folder_name=folder.name)
        )
        runs.heard(cx, step.claim.run)
        record(cx, what, actor="worker", run=step.claim.run, detail=f"{folder.name}, {folder.uuid}")
        runs.finish(cx, step.claim.work)
