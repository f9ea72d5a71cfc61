"""Snapshots of metadata schemas: what Encord answered before and after each change, and by whom.

A snapshot is written once and never altered. Encord keeps no versions; these are the only ones.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, func, insert, select

from services.domain.paging import Page
from services.domain.schema.plan import canonical
from services.ledger.events import record, utc_now
from services.ledger.tables import SCHEMA_SNAPSHOT as TABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSnapshot:
    """One schema as Encord answered it."""

    id: str
    at: datetime
    actor: str
    reason: str
    sha256: str
    answer: dict[str, object]


def keep(
    cx: Connection, connection: str, answer: dict[str, object], *, actor: str, reason: str
) -> str:
    """Keep a schema with the event that says so; the same as the newest one is not kept twice."""
    text = canonical(answer)
    digest = hashlib.sha256(text).hexdigest()
    newest = (
        select(TABLE.c.id, TABLE.c.sha256)
        .where(TABLE.c.connection == connection)
        .order_by(TABLE.c.at.desc())
        .limit(1)
    )
    row = cx.execute(newest).one_or_none()
    record(cx, "schema", actor=actor, detail=f"{reason}: {digest}")
    if row is not None and row.sha256 == digest:
        return str(row.id)
    made = uuid.uuid4().hex
    cx.execute(
        insert(TABLE).values(
            id=made,
            connection=connection,
            at=utc_now(),
            actor=actor,
            reason=reason,
            sha256=digest,
            answer=text.decode(),
        )
    )
    return made


def of_connection(
    cx: Connection, connection: str, *, offset: int = 0, limit: int = 25
) -> Page[SchemaSnapshot]:
    """Return the snapshots of a connection, newest first."""
    mine = TABLE.c.connection == connection
    rows = cx.execute(
        select(TABLE).where(mine).order_by(TABLE.c.at.desc()).offset(offset).limit(limit)
    )
    total = cx.scalar(select(func.count()).select_from(TABLE).where(mine)) or 0
    return Page(
        rows=tuple(
            SchemaSnapshot(
                id=row.id,
                at=datetime.fromisoformat(row.at),
                actor=row.actor,
                reason=row.reason,
                sha256=row.sha256,
                answer=orjson.loads(row.answer),
            )
            for row in rows
        ),
        total=total,
    )
