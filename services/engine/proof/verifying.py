"""Compare what was asked for with what Encord lists, keep every row, and write the receipt."""

import uuid
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import orjson
import polars as pl
from sqlalchemy import insert, select, update

from services import __version__
from services.domain.entries import COMPOSITE
from services.domain.tasks import Question
from services.domain.verification import Stage, Verdict, expected_in, is_proven
from services.engine.context import Step
from services.engine.proof import asking, receipt
from services.engine.proof.columns import Places
from services.engine.proof.compare import changes, compare
from services.engine.proof.listing import Lister
from services.engine.proof.pictures import by_key, by_size
from services.engine.proof.rows import hash_of, write_columns
from services.ledger import runs
from services.ledger.events import record, utc_now
from services.ledger.tables import EVENT, RECEIPT, RUN

#: Stages at which a listing that is late looks like something missing.
LATE: Final = (str(Stage.NOT_LINKED), str(Stage.OTHER_FOLDER))


def advance_verify(step: Step) -> None:
    """Verify once the listings have caught up, or after they had their chances."""
    question = asking.question_of(step.run)
    expected = asking.expected_of(step)
    with step.tools.ledger.reading() as cx:
        looks = runs.times(cx, step.claim.run, step.claim.work, runs.LOOKED)
    places = _list(step, question, expected)
    lines = compare(expected, places)
    # What was registered is missing only because the listing is late, or because it is gone.
    lagging = lines.filter((pl.col("verdict") == Verdict.MISSING) & pl.col("stage").is_in(LATE))
    if lagging.height and looks < step.tools.pace.lag_looks:
        _look_again(step, looks, lagging.height)
        return
    _conclude(step, question, expected, lines, found=places.found, looks=looks + 1)


def _list(step: Step, question: Question, expected: pl.DataFrame) -> Places:
    """List the places a question names."""
    framed = bool(expected["type"].is_in([str(kind) for kind in COMPOSITE]).any())
    lister = Lister(
        gateway=step.gateway,
        heartbeat=step.heartbeat,
        framed=framed or question.source.teller == "folder",
        metadata=question.metadata,
    )
    return Places(
        dataset=lister.dataset(question.dataset) if question.dataset else None,
        folder=lister.folder(question.folder) if question.folder else None,
    )


def _look_again(step: Step, looks: int, missing: int) -> None:
    with step.fenced() as cx:
        detail = f"{missing:,} entries are not listed yet (look {looks + 1})"
        step.note(cx, runs.LOOKED, detail)
        step.tools.ledger.release(cx, step.claim, pause=step.tools.pace.lag)


def _conclude(
    step: Step,
    question: Question,
    expected: pl.DataFrame,
    lines: pl.DataFrame,
    *,
    found: pl.DataFrame,
    looks: int,
) -> None:
    """Write rows, expectation and receipt, in this order: the receipt vouches for the others."""
    name, rows = uuid.uuid4().hex, asking.rows_of(step)
    counts, digest = rows.write(name, lines)
    write_columns(expected, rows.expected_path(name))
    earlier = asking.receipt_before(step, question)
    body = receipt.sealed(
        {
            "format": receipt.FORMAT,
            "receipt": name,
            "at": utc_now(),
            "proven": is_proven(counts),
            "counts": {"expected": expected_in(counts), "verdicts": counts, "held": step.run.held},
            **_about(step, question),
            "looks": {"count": looks, "seconds": _seconds_looked(step)},
            "since": _since(step, earlier, lines),
            "found": {"rows": found.height, "sizes": by_size(found), "keys": by_key(found)},
            "rows_sha256": digest,
            "expected_sha256": hash_of(expected),
            "versions": {"encord-onboarding": __version__, "encord": version("encord")},
        }
    )
    _store(step, question, body)


def _about(step: Step, question: Question) -> dict[str, Any]:
    run, source = step.run, question.source
    return {
        "name": run.name,
        "run": {"id": source.id if source.teller == "run" else None, "by": run.created_by},
        "source": {"teller": source.teller, "id": source.id, "entries": source.entries},
        "manifest": {"name": run.manifest_name, "fingerprint": run.manifest},
        "folder": {"uuid": run.folder_uuid, "name": run.folder_name},
        "dataset": {"uuid": question.dataset, "title": run.dataset_title},
        "compared_with": {"dataset": question.dataset, "folder": question.folder},
        "integration": {"id": run.integration, "title": run.integration_title},
        "account": run.account,
        "options": {
            "metadata": question.metadata,
            "skip_duplicate_urls": run.options.skip_duplicate_urls,
            "upsert_metadata": run.options.upsert_metadata,
        },
    }


def _seconds_looked(step: Step) -> float:
    """Return over how long the listings were looked at."""
    with step.tools.ledger.reading() as cx:
        chosen = select(EVENT.c.at).where(
            EVENT.c.run == step.claim.run,
            EVENT.c.work == step.claim.work,
            EVENT.c.what == runs.LOOKED,
        )
        first = cx.scalar(chosen.order_by(EVENT.c.seq).limit(1))
    if first is None:
        return 0.0
    return round((datetime.now(UTC) - datetime.fromisoformat(first)).total_seconds(), 1)


def _since(step: Step, earlier: str | None, lines: pl.DataFrame) -> dict[str, Any] | None:
    """Compare with the receipt before: what was true then and is not now, or the other way."""
    rows = asking.rows_of(step)
    if earlier is None or not rows.path(earlier).exists():
        return None
    with step.tools.ledger.reading() as cx:
        at = cx.scalar(select(RECEIPT.c.at).where(RECEIPT.c.id == earlier))
    changed = [
        {"then": then, "now": now, "entries": count}
        for then, now, count in changes(rows.read(earlier), lines)
    ]
    return {"receipt": earlier, "at": at, "changes": changed}


def _store(step: Step, question: Question, body: dict[str, Any]) -> None:
    counts, since = body["counts"]["verdicts"], body["since"]
    with step.fenced() as cx:
        cx.execute(
            insert(RECEIPT).values(
                id=body["receipt"],
                run=step.claim.run,
                name=step.run.name,
                dataset_uuid=question.dataset,
                dataset_title=step.run.dataset_title,
                folder_uuid=question.folder,
                at=body["at"],
                proven=body["proven"],
                counts=orjson.dumps(counts).decode(),
                rows_sha256=body["rows_sha256"],
                earlier=since["receipt"] if since else None,
                body=orjson.dumps(body, option=orjson.OPT_INDENT_2).decode(),
            )
        )
        cx.execute(update(RUN).where(RUN.c.id == step.claim.run).values(receipt=body["receipt"]))
        runs.heard(cx, step.claim.run)
        words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        detail = f"{words or 'nothing expected'}; receipt {body['receipt']} seal {body['seal']}"
        record(cx, "verified", actor="worker", run=step.claim.run, detail=detail)
        runs.finish(cx, step.claim.work)
