"""The ledger's history: append only, each event sealed with the hash of the one before it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import orjson
from sqlalchemy import Connection, func, insert, select

from services.ledger.dialect import storable
from services.ledger.tables import EVENT

GENESIS: Final = "0" * 64
#: Names the chain among PostgreSQL's advisory locks.
CHAIN_LOCK: Final = 7_310_001


def utc_now() -> str:
    """Return the time a person reads: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def record(
    cx: Connection,
    what: str,
    *,
    actor: str,
    run: str | None = None,
    work: int | None = None,
    attempt: str | None = None,
    detail: str = "",
) -> None:
    """Append one event inside the transaction that makes it true."""
    if cx.dialect.name == "postgresql":  # SQLite's writers already stand in one line
        cx.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
    previous = cx.scalar(select(EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1)) or GENESIS
    row = {
        "at": utc_now(),
        "actor": storable(actor),
        "run": run,
        "work": work,
        "attempt": attempt,
        "what": what,
        "detail": storable(detail),  # as it is stored, or the seal would not be that of the row
        "prev_hash": previous,
    }
    cx.execute(insert(EVENT).values(**row, hash=_seal(row)))


def broken_links(cx: Connection) -> Iterator[int]:
    """Yield the sequence numbers of events that were altered, removed before, or put in later."""
    previous = GENESIS
    for row in cx.execute(select(EVENT).order_by(EVENT.c.seq)).mappings():
        content = {str(k): value for k, value in row.items() if k not in {"seq", "hash"}}
        if row["prev_hash"] != previous or row["hash"] != _seal(content):
            yield row["seq"]
        previous = row["hash"]


def _seal(row: dict[str, object]) -> str:
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).hexdigest()
