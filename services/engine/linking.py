"""Make sure of the dataset and link exactly the run's items to it, in pieces that resume."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from sqlalchemy import Connection, select, update

from services.domain.chunks import Ranges
from services.domain.outcomes import Outcome
from services.domain.runs import AttemptState, Problem, WorkKind, WorkState
from services.domain.tasks import Purpose
from services.engine.context import Step
from services.engine.errors import StopError
from services.engine.once import Created, create_once, description_of, is_of
from services.engine.proof.tasks import linkable, refuse_linked
from services.ledger import attempts, runs
from services.ledger.events import record
from services.ledger.specs import run_spec, work_spec
from services.ledger.state import ended_by_cancel
from services.ledger.tables import OUTCOME, RUN

#: Requests of one piece: a step costs as much as the request it makes.
REQUESTS: Final = 5
ARRIVED: Final = (Outcome.REGISTERED.rank, Outcome.ALREADY_THERE.rank)


def advance_dataset(step: Step) -> None:
    """Find the chosen dataset, or create it at most once; then cut the links into pieces."""
    if step.run.dataset_uuid:
        dataset = step.gateway.get_dataset(step.run.dataset_uuid)
        _settle(step, dataset.uuid, dataset.title, "dataset found")
        return
    made = create_once(step, find=partial(_find, step), create=partial(_create, step))
    if made is None:
        return
    what = "dataset adopted" if made.adopted else "dataset created"
    _settle(step, made.value, _title(step), what, made)


def advance_link(step: Step) -> None:
    """Link one piece. Encord skips what is linked already, so a repeated piece is harmless.

    A task that is cancelled meanwhile ends with the request under way.
    """
    with step.tools.ledger.reading() as cx:
        work = work_spec(cx, step.claim.work)
        items = iter(dict.fromkeys(_items(cx, step, work.entries)))
    if not step.run.dataset_uuid:
        raise StopError(Problem.DATASET_GONE, "The run has no dataset.")
    linked = 0
    while (asked := list(islice(items, step.tools.link_piece))) and not _is_called_off(step):
        step.gateway.link_items(step.run.dataset_uuid, asked)
        step.heartbeat()
        linked += len(asked)
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        step.note(cx, "linked", f"{linked:,} items to {step.run.dataset_uuid}")
        runs.finish(cx, work.id, WorkState.CANCELLED if asked else WorkState.DONE)


def _is_called_off(step: Step) -> bool:
    """Whether the task was cancelled; a run that is still links what arrived."""
    if WorkKind.LINK not in ended_by_cancel(step.run.purpose):
        return False
    with step.tools.ledger.reading() as cx:
        return run_spec(cx, step.claim.run).cancel_requested


def _items(cx: Connection, step: Step, entries: Ranges) -> Iterator[str]:
    """Yield the item UUIDs of a piece's entries, in manifest order."""
    if step.run.purpose is Purpose.LINK:
        yield from linkable(step, entries)["item_uuid"]
        return
    first, last = entries.pairs[0][0], entries.pairs[-1][1]
    rows = cx.execute(
        select(OUTCOME.c.entry, OUTCOME.c.item_uuid)
        .where(
            OUTCOME.c.root == step.run.place.root,
            OUTCOME.c.rank.in_(ARRIVED),
            OUTCOME.c.entry.between(first, last),
        )
        .order_by(OUTCOME.c.entry, OUTCOME.c.rank)
    )
    wanted = set(entries)
    yield from (item for entry, item in rows if entry in wanted)


def _title(step: Step) -> str:
    return step.run.dataset_title or step.run.name


def _find(step: Step) -> str | None:
    """Find what the run created under this title, be it for an earlier linking."""
    for dataset in step.gateway.list_datasets(_title(step)):
        if is_of(dataset.description, step.claim.run):
            return dataset.uuid
    return None


def _create(step: Step) -> str:
    description = description_of(step.run.dataset_description, step.claim.run)
    return step.gateway.create_dataset(_title(step), description)


def _settle(step: Step, uuid: str, title: str, what: str, made: Created[str] | None = None) -> None:
    """Record the dataset and add one piece of work for each slice of items."""
    refuse_linked(step, uuid)
    with step.fenced() as cx:
        if made:
            _close(cx, made)
        cx.execute(
            update(RUN)
            .where(RUN.c.id == step.claim.run)
            .values(dataset_uuid=uuid, dataset_title=title)
        )
        runs.heard(cx, step.claim.run)
        record(cx, what, actor="worker", run=step.claim.run, detail=f"{title}, {uuid}")
        if step.run.purpose is not Purpose.CREATE:
            _add_links(cx, step)
        runs.finish(cx, step.claim.work)


def _close(cx: Connection, made: Created[str]) -> None:
    """Close the attempt; only the one that made the dataset has it as its result.

    What is adopted may have been made by an earlier linking of the run.
    """
    if made.attempt is None:
        return
    if made.adopted:
        attempts.move(cx, made.attempt.token, AttemptState.ADOPTED)
    else:
        attempts.move(cx, made.attempt.token, AttemptState.FINISHED, result=made.value)


def _add_links(cx: Connection, step: Step) -> None:
    for piece in _pieces(cx, step):
        runs.add_work(
            cx,
            step.claim.run,
            WorkKind.LINK,
            entries=str(piece),
            entry_count=len(piece),
        )
    runs.add_work(cx, step.claim.run, WorkKind.VERIFY)


def _pieces(cx: Connection, step: Step) -> Iterator[Ranges]:
    """Cut what is to be linked; the same entries give the same pieces."""
    size = step.tools.link_piece * REQUESTS
    if step.run.purpose is Purpose.LINK:
        yield from _slices(linkable(step)["entry"], size)
        return
    yield from _slices(arrived(cx, step.run.place.root), size)


def arrived(cx: Connection, root: str) -> Ranges:
    """Return the entries of a run's family whose item is in Encord."""
    rows = cx.execute(
        select(OUTCOME.c.entry)
        .where(OUTCOME.c.root == root, OUTCOME.c.rank.in_(ARRIVED))
        .distinct()
        .order_by(OUTCOME.c.entry)
    )
    return Ranges.of(rows.scalars())


def _slices(entries: Iterable[int], size: int) -> Iterator[Ranges]:
    source = iter(entries)
    while piece := Ranges.of(islice(source, size)):
        yield piece
