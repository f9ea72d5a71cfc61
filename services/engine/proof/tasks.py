"""The steps of a task: write down what it is about, then link or unlink exactly that."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from services.domain.chunks import Ranges
from services.domain.runs import Problem, WorkKind
from services.domain.tasks import Purpose
from services.domain.verification import Verdict
from services.engine.context import Step
from services.engine.errors import StopError
from services.engine.proof import asking
from services.ledger import runs
from services.ledger.events import record
from services.ledger.specs import work_spec

NOTHING: Final = "No file matches the selection, so no dataset was created."
#: What follows once it is written down what a task is about.
NEXT: Final = {Purpose.VERIFY: WorkKind.VERIFY, Purpose.LINK: WorkKind.DATASET}


def advance_expect(step: Step) -> None:
    """Write down what the task is about, once: what happens in Encord later changes it no more."""
    count = asking.write_expected(step)
    is_new = step.run.purpose is Purpose.LINK and step.run.dataset_uuid is None
    if is_new and not linkable(step).height:
        raise StopError(Problem.NOTHING_TO_LINK, NOTHING)
    with step.fenced() as cx:
        if step.run.purpose is Purpose.UNLINK:
            for piece in _pieces(len(doomed(step)), step.tools.link_piece):
                runs.add_work(
                    cx,
                    step.claim.run,
                    WorkKind.UNLINK,
                    entries=str(piece),
                    entry_count=len(piece),
                )
            runs.add_work(cx, step.claim.run, WorkKind.VERIFY)
        else:
            runs.add_work(cx, step.claim.run, NEXT[step.run.purpose])
        record(cx, "expected", actor="worker", run=step.claim.run, detail=f"{count:,} entries")
        runs.finish(cx, step.claim.work)


def advance_unlink(step: Step) -> None:
    """Take one piece of rows out of the dataset. A repeated piece finds them gone already."""
    with step.tools.ledger.reading() as cx:
        work = work_spec(cx, step.claim.work)
    rows = doomed(step)
    chosen = [rows[place] for place in work.entries]
    step.gateway.unlink_rows(step.run.dataset_uuid or "", chosen)
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        step.note(cx, "unlinked", f"{len(chosen):,} rows of {step.run.dataset_uuid}")
        runs.finish(cx, work.id)


def doomed(step: Step) -> list[str]:
    """Return the rows a task takes out: those of its receipt's verdicts, in the receipt's order."""
    question = asking.question_of(step.run)
    return rows_to_unlink(asking.rows_of(step).read(question.source.id), question.unlink)


def rows_to_unlink(lines: pl.DataFrame, verdicts: tuple[str, ...]) -> list[str]:
    """Name the dataset's rows of some verdicts; of a duplicate, all but the first."""
    chosen = lines.filter(pl.col("verdict").is_in(verdicts) & (pl.col("row_uuids") != ""))
    return [
        row
        for verdict, rows in chosen.select("verdict", "row_uuids").iter_rows()
        for row in rows.split(" ")[verdict == Verdict.DUPLICATE :]
    ]


def linkable(step: Step, entries: Ranges | None = None) -> pl.DataFrame:
    """Return the entries of a link task that have an item, those of one piece if one is named."""
    chosen = asking.expected_of(step).filter(pl.col("item_uuid").is_not_null())
    if entries is not None:
        chosen = chosen.filter(pl.col("entry").is_in(list(entries)))
    return chosen.select("entry", "item_uuid")


def refuse_linked(step: Step, dataset: str) -> None:
    """Stop a link that is to be all new, before its first piece.

    Encord's own FAIL refuses one request of many, and refuses it again when the answer was lost;
    asking first refuses all or nothing.
    """
    if step.run.purpose is not Purpose.LINK or not asking.question_of(step.run).refuse_linked:
        return
    known = {row.item_uuid for row in step.gateway.list_rows(dataset)}
    again = known.intersection(linkable(step)["item_uuid"])
    if again:
        detail = f"{len(again)} of the items are in the dataset already; nothing was linked."
        raise StopError(Problem.ALREADY_LINKED, detail)


def _pieces(count: int, size: int) -> Iterator[Ranges]:
    return (Ranges.of(range(first, min(first + size, count))) for first in range(0, count, size))
