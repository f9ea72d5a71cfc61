"""What a step of the engine is asked: a task's own question, or the one every run ends with."""

from dataclasses import replace
from pathlib import Path

import polars as pl
from sqlalchemy import select

from services.domain.tasks import Purpose, Question, Source
from services.encord_api.interface import Item
from services.engine.context import Step
from services.engine.proof import expecting
from services.engine.proof.columns import FOUND
from services.engine.proof.listing import Lister
from services.engine.proof.rows import VerifiedRows, write_columns
from services.ledger.specs import RunSpec, run_spec
from services.ledger.tables import RECEIPT
from services.manifests.arrow_files import open_columns
from services.manifests.options import CheckOptions


def question_of(run: RunSpec) -> Question:
    """Return what is asked: of a run, whether all of it is in its dataset."""
    if run.purpose is not Purpose.SUBMIT:
        asked = Question.from_json(run.question)
        # The dataset of a link task may not have been there when it was asked for.
        return replace(asked, dataset=asked.dataset or run.dataset_uuid)
    source = Source(teller="run", id=run.place.root)
    return Question(source=source, dataset=run.dataset_uuid)


def rows_of(step: Step) -> VerifiedRows:
    """Return where the rows of receipts are kept."""
    return VerifiedRows(step.tools.receipts)


def expected_of(step: Step) -> pl.DataFrame:
    """Return what a task is about, as it was written down when the task began; else now."""
    kept = rows_of(step).expected_path(step.claim.run)
    if step.run.purpose is not Purpose.SUBMIT and kept.exists():
        return _read(kept)
    return _gather(step, question_of(step.run).source)


def _read(path: Path) -> pl.DataFrame:
    """Read what was expected; what was written before a column came to be does not have it."""
    expected = open_columns(path)
    return expected if "apart" in expected else expected.with_columns(apart=pl.lit(value=False))


def write_expected(step: Step) -> int:
    """Write down what a task is about; return how many entries that is."""
    expected = _gather(step, question_of(step.run).source)
    write_columns(expected, rows_of(step).expected_path(step.claim.run))
    return expected.height


def _gather(step: Step, source: Source) -> pl.DataFrame:
    if source.teller == "receipt":
        return _read(rows_of(step).expected_path(source.id))
    if source.teller == "folder":
        return expecting.of_items(_items(step, source))
    if source.teller == "manifest":
        checked = step.tools.manifests.check(source.id, CheckOptions.from_json(source.check))
        entries = checked.read(checked.selected(source.ranges))
        return expecting.of_manifest(entries, heartbeat=step.heartbeat)
    return _of_run(step, source)


def _of_run(step: Step, source: Source) -> pl.DataFrame:
    with step.tools.ledger.reading() as cx:
        told = run_spec(cx, source.id)
        options = CheckOptions.from_json(told.check)
        checked = step.tools.manifests.check(told.manifest, options)
        chosen = source.ranges if source.entries is not None else told.selection
        entries = checked.read(checked.selected(chosen))
        return expecting.of_run(
            cx,
            told.place.root,
            entries,
            apart=not told.options.skip_duplicate_urls,
            heartbeat=step.heartbeat,
        )


def _items(step: Step, source: Source) -> pl.DataFrame:
    """List the items of a folder that a selection names."""
    wanted = source.search.lower()

    def chosen(item: Item) -> bool:
        text = f"{item.name} {item.url or ''}".lower()
        return wanted in text and source.type in {"", item.type}

    lister = Lister(gateway=step.gateway, heartbeat=step.heartbeat, framed=True, metadata=True)
    listed = lister.folder(source.id, unused=source.unused, wanted=chosen)
    return listed if listed.height else pl.DataFrame(schema=FOUND)


def receipt_before(step: Step, question: Question) -> str | None:
    """Return the newest receipt that answers the same question, about the same dataset."""
    same = RECEIPT.c.dataset_uuid.is_not_distinct_from(question.dataset)
    if question.source.teller == "receipt":
        asked = RECEIPT.c.id == question.source.id
    else:
        asked = RECEIPT.c.run == step.claim.run
    with step.tools.ledger.reading() as cx:
        chosen = select(RECEIPT.c.id).where(asked, same)
        found = cx.scalar(chosen.order_by(RECEIPT.c.at.desc()).limit(1))
        return None if found is None else str(found)
