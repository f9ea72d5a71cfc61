"""Compare a run with its dataset, keep every line, and write the receipt."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
from sqlalchemy import Connection, insert, select, update

from services.domain.outcomes import Outcome
from services.domain.verification import Expected, Found, Line, Verdict, compare
from services.engine.context import Step
from services.ledger import runs
from services.ledger.choosing import current
from services.ledger.events import record, utc_now
from services.ledger.specs import work_spec
from services.ledger.tables import OUTCOME, RECEIPT, RUN, WORK

SCHEMA: Final = pa.schema(
    [
        ("verdict", pa.string()),
        ("entry", pa.int64()),
        ("type", pa.string()),
        ("title", pa.string()),
        ("url", pa.string()),
        ("item_uuid", pa.string()),
        ("row_uuids", pa.list_(pa.string())),
        ("stopped", pa.string()),
    ]
)
BATCH: Final = 10_000


def advance_verify(step: Step) -> None:
    """Verify once the listing has caught up, or after it had its chances."""
    rows = step.gateway.list_rows(step.run.dataset_uuid or "")
    step.heartbeat()
    found = [
        Found(
            row_uuid=row.uuid,
            title=row.title,
            type=row.type,
            url=row.file_link,
            item_uuid=row.item_uuid,
        )
        for row in rows
    ]
    receipt = uuid.uuid4().hex
    with step.tools.ledger.reading() as cx:
        work = work_spec(cx, step.claim.work)
        lines = compare(_expected(cx, step), found)
        path = step.tools.receipts / f"{receipt}.arrow"
        counts, digest = write_lines(lines, path)
        linked_but_missing = _lagging(cx, step, counts)
    if linked_but_missing and work.tries < step.tools.pace.lag_looks:
        path.unlink()
        _look_again(step, work.tries, counts[Verdict.MISSING])
        return
    _conclude(step, receipt, counts, digest)


def _expected(cx: Connection, step: Step) -> Iterator[Expected]:
    """Yield every entry the run asked for, with the best that became of it."""
    rows = cx.execute(current(step.run.place.root).order_by(OUTCOME.c.entry)).all()
    known = {row.entry: row for row in rows}
    for entry in step.entries(step.selection()):
        row = known.get(entry.index)
        yield Expected(
            entry=entry.index,
            type=entry.type,
            title=entry.title,
            urls=entry.urls,
            item_uuid=row.item_uuid if row else None,
            stopped=_stopped(row),
        )


def _stopped(row: Any) -> str:  # noqa: ANN401 - a row of the outcome table
    if row is None:
        return "never sent"
    outcome = list(Outcome)[row.rank]
    if outcome.arrived:
        return "registered but not linked"
    return f"{outcome}: {row.message}" if row.message else str(outcome)


def _lagging(cx: Connection, step: Step, counts: dict[Verdict, int]) -> bool:
    """Whether more is missing than never arrived: then the listing may only be late."""
    arrived = (Outcome.REGISTERED.rank, Outcome.ALREADY_THERE.rank)
    query = current(step.run.place.root).where(OUTCOME.c.rank.not_in(arrived)).subquery()
    not_arrived = len(cx.execute(select(query.c.entry)).all())
    return counts[Verdict.MISSING] > not_arrived


def _look_again(step: Step, tries: int, missing: int) -> None:
    with step.fenced() as cx:
        cx.execute(update(WORK).where(WORK.c.id == step.claim.work).values(tries=tries + 1))
        record(
            cx,
            "looking again",
            actor="worker",
            run=step.claim.run,
            detail=f"{missing} entries are not in the dataset yet (look {tries + 1})",
        )
        step.tools.ledger.release(cx, step.claim, pause=step.tools.pace.lag)


def write_lines(lines: Iterable[Line], path: Path) -> tuple[dict[Verdict, int], str]:
    """Write a verification's lines as columns; return counts by verdict and the lines' SHA-256."""
    counts, digest = dict.fromkeys(Verdict, 0), hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:
        batch: list[dict[str, Any]] = []
        for line in lines:
            counts[line.verdict] += 1
            row = as_row(line)
            digest.update(orjson.dumps(row) + b"\n")
            batch.append(row)
            if len(batch) == BATCH:
                writer.write_batch(pa.RecordBatch.from_pylist(batch, SCHEMA))
                batch = []
        writer.write_batch(pa.RecordBatch.from_pylist(batch, SCHEMA))
    return counts, digest.hexdigest()


def as_row(line: Line) -> dict[str, Any]:
    """Return a line as the record that is stored, exported and hashed."""
    return {
        "verdict": str(line.verdict),
        "entry": line.entry,
        "type": line.type,
        "title": line.title,
        "url": line.url,
        "item_uuid": line.item_uuid,
        "row_uuids": list(line.row_uuids),
        "stopped": line.stopped,
    }


def _conclude(step: Step, receipt: str, counts: dict[Verdict, int], digest: str) -> None:
    expected = counts[Verdict.MATCHED] + counts[Verdict.MISSING] + counts[Verdict.DUPLICATE]
    proven = expected > 0 and counts[Verdict.MATCHED] == expected
    at = utc_now()
    columns = {
        "expected": expected,
        **{str(verdict): counts[verdict] for verdict in Verdict},
    }
    body = {
        "receipt": receipt,
        "at": at,
        "proven": proven,
        "run": {"id": step.claim.run, "name": step.run.name, "by": step.run.created_by},
        "manifest": {"name": step.run.manifest_name, "fingerprint": step.run.manifest},
        "counts": {**columns, "held back": step.run.held},
        "folder": {"uuid": step.run.folder_uuid, "name": step.run.folder_name},
        "dataset": {"uuid": step.run.dataset_uuid, "title": step.run.dataset_title},
        "integration": {"id": step.run.integration, "title": step.run.integration_title},
        "account": step.run.account,
        "options": {
            "skip_duplicate_urls": step.run.options.skip_duplicate_urls,
            "upsert_metadata": step.run.options.upsert_metadata,
        },
        "versions": {"encord": version("encord")},
        "rows_sha256": digest,
    }
    with step.fenced() as cx:
        cx.execute(
            insert(RECEIPT).values(
                id=receipt,
                run=step.claim.run,
                dataset_uuid=step.run.dataset_uuid,
                dataset_title=step.run.dataset_title,
                at=at,
                proven=proven,
                rows_sha256=digest,
                body=orjson.dumps(body, option=orjson.OPT_INDENT_2).decode(),
                **columns,
            )
        )
        cx.execute(update(RUN).where(RUN.c.id == step.claim.run).values(receipt=receipt))
        runs.heard(cx, step.claim.run)
        words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        record(cx, "verified", actor="worker", run=step.claim.run, detail=words)
        runs.finish(cx, step.claim.work)
