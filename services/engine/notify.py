"""Tell a webhook that a run has ended or needs attention: at least once, and once if all is well.

A notice is delivered before it is closed, so a worker that dies in between delivers it again,
under the same id. Waiting for a receiver that is away is a row with a time. No failure of a
webhook ever touches the run.
"""

import random
import time
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select, update

from services.domain.runs import WorkState
from services.engine.context import Step
from services.engine.webhook import Answer, Webhook
from services.ledger.state import COUNTED
from services.ledger.tables import RUN, WORK
from services.logs import redact

#: Tries over about seven hours; then the receiver is given up for this notice.
TRIES: Final = 16
FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 3600.0


def advance_notify(step: Step, webhook: Webhook | None) -> None:
    """Try to deliver one notice; without a webhook it is closed."""
    with step.fenced() as cx:
        notice = cx.execute(select(WORK).where(WORK.c.id == step.claim.work)).one()
        if webhook is None:
            _close(cx, step, WorkState.CANCELLED)
            return
        body = orjson.dumps(message(cx, notice))
    answer = webhook.post(notice.idem, body, at=int(time.time()))
    with step.fenced() as cx:
        _conclude(cx, step, notice, answer)


def message(cx: Connection, notice: Any) -> dict[str, object]:  # noqa: ANN401 - a row of work
    """Return what a receiver reads: names, states and counts, no address of any object."""
    state, _, problem = notice.digest.partition(": ")
    row = cx.execute(select(RUN).where(RUN.c.id == notice.run)).one()
    return {
        "type": f"run.{state.replace(' ', '-')}",
        "id": notice.idem,
        "run": {
            "id": row.id,
            "name": redact(row.name),
            "state": state,
            "problem": problem or None,
            "retries": row.parent,
            "created_by": redact(row.created_by),
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        },
        "manifest": {"name": redact(row.manifest_name), "fingerprint": row.manifest},
        "folder": {"uuid": row.folder_uuid, "name": redact(row.folder_name)},
        "dataset": {"uuid": row.dataset_uuid, "title": redact(row.dataset_title or "")},
        "counts": {"entries": row.entries, **{name: getattr(row, name) for name in COUNTED}},
    }


def _conclude(cx: Connection, step: Step, notice: Any, answer: Answer) -> None:  # noqa: ANN401
    tries = notice.tries + 1
    if answer.delivered:
        step.note(cx, "notified", f"{notice.digest}, {answer.said} (try {tries})")
        _close(cx, step, WorkState.DONE)
    elif tries >= TRIES:
        step.note(cx, "notice given up", f"{notice.digest}, {answer.said} (try {tries})")
        _close(cx, step, WorkState.CANCELLED)
    else:
        cx.execute(update(WORK).where(WORK.c.id == step.claim.work).values(tries=tries))
        step.tools.ledger.release(cx, step.claim, pause=_pause(tries))


def _pause(tries: int) -> float:
    doubled = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (tries - 1))
    return doubled * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, keeps no secret


def _close(cx: Connection, step: Step, state: WorkState) -> None:
    """Close the notice alone: the run's row does not depend on it."""
    closed = update(WORK).where(WORK.c.id == step.claim.work)
    cx.execute(closed.values(state=state, owner="", lease_until=0.0))
