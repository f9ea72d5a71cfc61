"""Write outcomes: what became of each entry of a run, one row an entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from services.domain.entries import Entry
from services.domain.outcomes import Outcome
from services.ledger.dialect import insert_into
from services.ledger.tables import OUTCOME


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which run, of which family, an outcome belongs to."""

    run: str
    root: str
    generation: int


def outcome_row(
    place: Place,
    entry: Entry,
    outcome: Outcome,
    *,
    cause: str | None = None,
    message: str = "",
    item_uuid: str | None = None,
    job_id: str | None = None,
    subtask_uuid: str | None = None,
) -> dict[str, Any]:
    """Make one row for `save`."""
    return {
        "run": place.run,
        "entry": entry.index,
        "root": place.root,
        "generation": place.generation,
        "rank": outcome.rank,
        "cause": cause,
        "message": message,
        "type": entry.type,
        "title": entry.title,
        "url": entry.urls[0] if entry.urls else "",
        "url_count": len(entry.urls),
        "item_uuid": item_uuid,
        "job_id": job_id,
        "subtask_uuid": subtask_uuid,
    }


def save(cx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write outcomes, replacing what was known of the same entries of the same run."""
    if not rows:
        return
    statement = insert_into(cx, OUTCOME)
    keys = [OUTCOME.c.run, OUTCOME.c.entry]
    changed = {c.name: statement.excluded[c.name] for c in OUTCOME.c if c not in keys}
    cx.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))
