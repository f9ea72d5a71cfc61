"""Write outcomes: what became of each entry of a run, one row an entry."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, exists, or_, select, update

from services.domain.entries import Entry
from services.domain.identity import identity
from services.domain.outcomes import Outcome
from services.ledger import tally, words
from services.ledger.dialect import put_rows
from services.ledger.tables import OUTCOME

#: Stays below what either database takes in one statement.
MOST_PARAMETERS: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which run, of which family, an outcome belongs to."""

    run: str
    root: str
    generation: int


def url_key(url: str) -> int:
    """Return 64 bits that stand for the object a URL names, however the URL is spelled."""
    digest = hashlib.blake2b(identity(url).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


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
        "url_key": url_key(entry.urls[0] if entry.urls else ""),
        "url_count": len(entry.urls),
        "item_uuid": item_uuid,
        "job_id": job_id,
        "subtask_uuid": subtask_uuid,
    }


def save(cx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write outcomes, replacing what was known of the same entries of the same run."""
    if not rows:
        return
    root = rows[0]["root"]
    tally.lock(cx, root)
    put_rows(cx, OUTCOME, rows, keys=("run", "entry"))
    if any(row["generation"] for row in rows):
        _supersede(cx, rows)
    words.keep(cx, root, (row["entry"] for row in rows))
    tally.forget(cx, rows[0]["run"], root)


def any_arrived(cx: Connection, root: str) -> bool:
    """Whether anything of a run's family is in Encord."""
    ranks = [outcome.rank for outcome in Outcome if outcome.arrived]
    found = exists().where(OUTCOME.c.root == root, OUTCOME.c.rank.in_(ranks))
    return bool(cx.scalar(select(found)))


def _supersede(cx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Mark, among a family's outcomes of these entries, all but each entry's best and newest."""
    other = OUTCOME.alias("other")
    better = exists().where(
        other.c.root == OUTCOME.c.root,
        other.c.entry == OUTCOME.c.entry,
        or_(
            other.c.rank < OUTCOME.c.rank,
            and_(other.c.rank == OUTCOME.c.rank, other.c.generation > OUTCOME.c.generation),
        ),
    )
    entries = [row["entry"] for row in rows]
    for first in range(0, len(entries), MOST_PARAMETERS):
        part = entries[first : first + MOST_PARAMETERS]
        cx.execute(
            update(OUTCOME)
            .where(OUTCOME.c.root == rows[0]["root"], OUTCOME.c.entry.in_(part))
            .values(superseded=better)
        )
