"""The rows of a completion report: what a manifest asked for, joined with what the ledger knows.

Both sides ascend by entry and are streamed, so a report of 500,000 entries needs the memory of a
few thousand.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, select

from services.domain.chunks import Ranges
from services.domain.entries import Entry
from services.domain.outcomes import BY_RANK, Outcome
from services.domain.runs import RunState
from services.ledger.choosing import current
from services.ledger.specs import RunSpec
from services.ledger.tables import OUTCOME, RUN
from services.manifests.checked import CheckedManifest

T = TypeVar("T")

BATCH: Final = 5_000
NO_OUTCOME: Final = "The ledger holds no outcome of this entry."


class ReportRow(NamedTuple):
    """One URL of a run. The fields are the columns."""

    #: 0-based place of the entry in the manifest.
    entry: int
    url: str
    #: 0-based place of the URL in its entry.
    position: int
    type: str
    title: str | None
    outcome: str
    cause: str | None
    message: str
    job: str | None
    item: str | None
    subtask: str | None


def rows_of(
    cx: Connection, spec: RunSpec, manifest: CheckedManifest, *, after_retries: bool
) -> Iterator[ReportRow]:
    """Stream one row a URL of the run, in the manifest's order."""
    entries = manifest.read(manifest.selected(spec.selection))
    known = _known(cx, spec, after_retries=after_retries)
    default = _without_outcome(cx, spec)
    for entry, row in paired(entries, known, index=lambda entry: entry.index):
        yield from _rows(entry, row, default)


def entries_that(
    cx: Connection,
    spec: RunSpec,
    manifest: CheckedManifest,
    outcomes: Iterable[Outcome],
    *,
    after_retries: bool,
) -> Ranges:
    """Return the run's entries of some outcomes."""
    ranks = {outcome.rank for outcome in outcomes}
    default = _without_outcome(cx, spec).rank
    known = _known(cx, spec, OUTCOME.c.entry, OUTCOME.c.rank, after_retries=after_retries)
    pairs = paired(manifest.selected(spec.selection), known, index=lambda index: index)
    ranked = ((index, row.rank if row else default) for index, row in pairs)
    return Ranges.of(index for index, rank in ranked if rank in ranks)


def _known(
    cx: Connection, spec: RunSpec, *columns: ColumnElement[Any], after_retries: bool
) -> Iterator[Any]:
    """Stream a run's outcome rows, or some columns of them, by entry."""
    run = spec.place.run
    chosen = current(run) if after_retries else select(OUTCOME).where(OUTCOME.c.run == run)
    narrowed = chosen.with_only_columns(*columns) if columns else chosen
    ordered = narrowed.order_by(OUTCOME.c.entry).execution_options(yield_per=BATCH)
    with cx.execute(ordered) as rows:  # PostgreSQL's cursor stays open otherwise
        yield from rows


def _without_outcome(cx: Connection, spec: RunSpec) -> Outcome:
    """Return what an entry is that the ledger says nothing about."""
    state = cx.scalar(select(RUN.c.state).where(RUN.c.id == spec.place.run))
    return Outcome.UNKNOWN if RunState(str(state)).is_final else Outcome.PENDING


def paired(
    asked: Iterable[T], known: Iterator[Any], *, index: Callable[[T], int]
) -> Iterator[tuple[T, Any]]:
    """Join what was asked for with what is known of it."""
    row = next(known, None)
    for each in asked:
        while row is not None and row.entry < index(each):
            row = next(known, None)
        yield each, row if row is not None and row.entry == index(each) else None


def _rows(
    entry: Entry,
    row: Any,  # noqa: ANN401 - a row of the outcome table
    default: Outcome,
) -> Iterator[ReportRow]:
    outcome = BY_RANK[row.rank] if row else default
    lost = "" if default is Outcome.PENDING else NO_OUTCOME
    for position, url in enumerate(entry.urls or ("",)):
        yield ReportRow(
            entry=entry.index,
            url=url,
            position=position,
            type=entry.type.value,
            title=entry.title,
            outcome=outcome.value,
            cause=row.cause if row else None,
            message=row.message if row else lost,
            job=row.job_id if row else None,
            item=row.item_uuid if row else None,
            subtask=row.subtask_uuid if row else None,
        )
