"""After the jobs: list the folder, match items to entries by URL, and decide every outcome.

Encord's `DONE` is not success, and a job's list of items leaves out skipped duplicates; what the
folder holds is the truth.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, select

from services.domain.chunks import Ranges
from services.domain.entries import Entry
from services.domain.outcomes import Outcome, cause_of
from services.domain.runs import AttemptState, WorkKind, WorkState
from services.encord_api.errors import NotAuthorised, NotFound
from services.engine.carried import Carried
from services.engine.context import Step
from services.engine.gone import is_past_hearing
from services.engine.once import is_of
from services.engine.presence import find_present
from services.ledger import attempts, outcomes, runs
from services.ledger.events import record
from services.ledger.specs import run_spec
from services.ledger.tables import ATTEMPT, WORK

BATCH: Final = 5_000
NOT_LISTED: Final = "Encord reported the job as done but does not list the item."
PERHAPS_NEW: Final = (
    "An upload without an answer asked for it. Whether that brought it, or it was there before, "
    "is not known."
)
NO_DATASET: Final = "outcomes decided; nothing arrived, so no dataset is made"
NO_FOLDER: Final = "Encord showed this account no such folder any more; the run was cancelled."


@dataclass(slots=True)
class Said:
    """Everything Encord said about a run's jobs."""

    #: Items that this run's jobs newly registered.
    items: set[str] = field(default_factory=set)
    #: First URL of a unit to Encord's message and its reference.
    units: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Entries to the errors about their job as a whole.
    jobs: dict[int, str] = field(default_factory=dict)
    #: Entries of chunks that were not cancelled: what was, or would have been, sent.
    sent: set[int] = field(default_factory=set)
    #: Entries of uploads whose answer was lost and whose items were found.
    adopted: set[int] = field(default_factory=set)
    #: Whether the folder was made for this run, so that nothing was in it before.
    is_own_folder: bool = False
    #: Why nothing is known of entries of which nothing was said.
    unlisted: str = NOT_LISTED


def advance_match(step: Step) -> None:
    """Decide what became of every entry of the run."""
    with step.fenced() as cx:
        # Not by tries: waits for an Encord that was away count as such.
        looks = runs.times(cx, step.claim.run, step.claim.work, runs.LOOKED)
        said, carried = _collect(cx, step.claim.run), Carried(cx, step.claim.run)
    selection = step.selection()
    try:
        present = _present(step, selection)
        said.is_own_folder = bool(said.adopted) and _is_own_folder(step)
    except (NotFound, NotAuthorised):
        if not is_past_hearing(step):
            raise
        present, said.unlisted = {}, NO_FOLDER
    unlisted = _unlisted(step, selection, present, said)
    if unlisted and said.unlisted is NOT_LISTED and looks < step.tools.pace.lag_looks:
        _look_again(step, looks, len(unlisted))
        return
    for batch in _batches(step.entries(selection)):
        with step.fenced() as cx:
            rows = [_row(step, entry, present, said) for entry in batch]
            outcomes.save(cx, [row | {"job_id": carried.job_of(row["entry"])} for row in rows])
        step.heartbeat()
    _finish(step)


def _unlisted(step: Step, selection: Ranges, present: dict[int, str], said: Said) -> list[int]:
    """Return the entries that the folder does not show, although nothing says why."""
    if len(present) == len(selection):
        return []
    return [
        entry.index
        for entry in step.entries(selection)
        if entry.index not in present and _unexplained(entry, said)
    ]


def _present(step: Step, selection: Ranges) -> dict[int, str]:
    if step.run.folder_uuid is None:  # cancelled before there was a folder
        return {}
    return find_present(
        step.gateway,
        step.run.folder_uuid,
        step.entries(selection),
        heartbeat=step.heartbeat,
        apart=not step.run.options.skip_duplicate_urls,
    )


def _is_own_folder(step: Step) -> bool:
    """Whether the folder was made for this run, or for the first one of its family."""
    uuid = step.run.folder_uuid
    return bool(uuid and is_of(step.gateway.get_folder(uuid).description, step.run.place.root))


def _collect(cx: Connection, run: str) -> Said:
    said = Said()
    for entries, answer in attempts.answers(cx, run):
        said.items.update(answer["items"])
        if answer["errors"]:
            said.jobs.update(dict.fromkeys(entries, "; ".join(answer["errors"])))
        for unit in answer["unit_errors"]:
            for url in unit["urls"][:1]:
                said.units[url] = (unit["message"], unit["subtask_uuid"])
    chunks = cx.execute(
        select(
            WORK.c.state,
            WORK.c.entries,
            ATTEMPT.c.state.label("attempt"),
            ATTEMPT.c.entries.label("carried"),
            ATTEMPT.c.looks,
        )
        .outerjoin(ATTEMPT, ATTEMPT.c.work == WORK.c.id)
        .where(WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK)
    )
    for chunk in chunks:
        if chunk.state != WorkState.CANCELLED:
            said.sent.update(Ranges.parse(chunk.entries))
        # One without a look was cancelled before it was sent.
        was_left = chunk.attempt == AttemptState.ABANDONED and chunk.looks
        if chunk.attempt == AttemptState.ADOPTED or was_left:
            said.adopted.update(Ranges.parse(chunk.carried))
    return said


def _unexplained(entry: Entry, said: Said) -> bool:
    explained = entry.urls[:1] and entry.urls[0] in said.units
    return not (explained or entry.index in said.jobs) and entry.index in said.sent


def _look_again(step: Step, looks: int, unlisted: int) -> None:
    """Allow for a listing that lags behind the jobs."""
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        detail = f"{unlisted:,} entries are not listed yet (look {looks + 1})"
        step.note(cx, runs.LOOKED, detail)
        step.tools.ledger.release(cx, step.claim, pause=step.tools.pace.lag)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    source = iter(entries)
    while batch := list(islice(source, BATCH)):
        yield batch


def _row(step: Step, entry: Entry, present: dict[int, str], said: Said) -> dict[str, Any]:
    place, item = step.run.place, present.get(entry.index)
    if item:
        adopted = entry.index in said.adopted
        if item in said.items or (adopted and said.is_own_folder):
            return outcomes.outcome_row(place, entry, Outcome.REGISTERED, item_uuid=item)
        note = PERHAPS_NEW if adopted else ""
        return outcomes.outcome_row(
            place, entry, Outcome.ALREADY_THERE, message=note, item_uuid=item
        )
    unit = said.units.get(entry.urls[0]) if entry.urls else None
    if unit:
        return outcomes.outcome_row(
            place,
            entry,
            Outcome.FAILED,
            cause=cause_of(unit[0]).code,
            message=unit[0],
            subtask_uuid=unit[1],
        )
    if entry.index not in said.sent:
        return outcomes.outcome_row(place, entry, Outcome.CANCELLED)
    message = said.jobs.get(entry.index)
    if message:
        return outcomes.outcome_row(
            place, entry, Outcome.FAILED, cause=cause_of(message).code, message=message
        )
    return outcomes.outcome_row(place, entry, Outcome.UNKNOWN, message=said.unlisted)


def _finish(step: Step) -> None:
    """Close the step; a dataset that was asked for at submission is next.

    No new one is made for nothing: only people can delete it, in Encord itself.
    """
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        run = run_spec(cx, step.claim.run)  # as it is now: the listing took a while
        wants_new = bool(run.dataset_title) and not run.dataset_uuid
        is_empty = wants_new and not outcomes.any_arrived(cx, run.place.root)
        if (run.dataset_uuid or wants_new) and not (is_empty or run.cancel_requested):
            runs.add_work(cx, step.claim.run, WorkKind.DATASET)
        detail = NO_DATASET if is_empty else "outcomes decided"
        record(cx, "matched", actor="worker", run=step.claim.run, detail=detail)
        runs.finish(cx, step.claim.work)
