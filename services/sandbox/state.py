"""The sandbox as one value: its store, clock, secrets and bell; and its fresh demo state."""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.sandbox import accounts, demo, demo_bucket, switches
from services.sandbox.accounts import ELSEWHERE, ORGANIZATION, OWNER
from services.sandbox.bell import Bell
from services.sandbox.faults import Faults
from services.sandbox.limiter import Limiter
from services.sandbox.store import Store, clear, set_value, value
from services.sandbox.wire import new_uuid

#: Raised when the demo content changes, so that older data directories are filled anew.
CONTENT_VERSION = "3"
#: Title, whether it is strict, whose, and who made it.
_INTEGRATIONS: Final = (
    (demo.INTEGRATION, 0, ORGANIZATION, OWNER),
    (demo.STRICT_INTEGRATION, 1, ORGANIZATION, OWNER),
    ("Elsewhere bucket", 0, ELSEWHERE, "demo@elsewhere.example"),
)


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Everything the handlers share."""

    store: Store
    #: Where the accounts' keys lie.
    directory: Path
    #: Signs media URLs and control tokens; made once per data directory.
    secret: bytes
    control_token: str
    #: What `--rate` said, and what a reset goes back to.
    default_rate: float = 0.0
    clock: Callable[[], float] = time.time
    bell: Bell = field(default_factory=Bell)
    faults: Faults = field(default_factory=lambda: Faults(time.time))
    limiter: Limiter = field(default_factory=Limiter)

    def now(self) -> int:
        """Return the time in microseconds since 1970."""
        return int(self.clock() * 1_000_000)


def rate(connection: sqlite3.Connection) -> float:
    """Return how many units a job advances per second; 0 means only by hand, or stalled."""
    if is_stalled(connection):
        return 0.0
    return float(value(connection, "rate") or 0)


def is_stalled(connection: sqlite3.Connection) -> bool:
    """Tell whether every job stands still."""
    return value(connection, "stalled") == "1"


def set_stalled(connection: sqlite3.Connection, *, stalled: bool) -> None:
    """Stop every job where it stands, or let all go on at the rate they had."""
    set_value(connection, "stalled", "1" if stalled else "0")


def set_rate(connection: sqlite3.Connection, units_per_second: float) -> None:
    """Set how many units a job advances per second."""
    set_value(connection, "rate", str(units_per_second))


def ensure_demo(sandbox: Sandbox) -> None:
    """Fill a new data directory; leave a filled one alone."""
    with sandbox.store.write() as connection:
        if value(connection, "content") != CONTENT_VERSION:
            demo_bucket.forget_fresh(connection)
            reset(connection, now=sandbox.now())


def reset(connection: sqlite3.Connection, *, now: int) -> None:
    """Throw everything away and make the fresh demo state.

    The integrations keep their UUIDs: whoever listed them before goes on with what was listed.
    """
    known = dict(connection.execute("SELECT title, uuid FROM integrations").fetchall())
    clear(connection)
    connection.execute("DELETE FROM meta WHERE key LIKE 'metadata_schema%'")
    set_value(connection, schema_key(ORGANIZATION), json.dumps(demo.SCHEMA))
    set_value(connection, "content", CONTENT_VERSION)
    switches.back(connection)
    set_stalled(connection, stalled=False)
    accounts.reset(connection, now=now)
    for title, strict, organization, owner in _INTEGRATIONS:
        _integrate(connection, known.get(title) or new_uuid(), title, strict, organization, owner)
    connection.execute("INSERT INTO forbidden VALUES (?, ?)", (demo.BUCKET, demo.FORBIDDEN_PREFIX))
    demo_bucket.fill(connection, now=now)


def _integrate(
    connection: sqlite3.Connection,
    uuid: str,
    title: str,
    strict: int,
    organization: str,
    owner: str,
) -> None:
    """Make an integration that every demo account of its organization but its owner may look at."""
    connection.execute(
        "INSERT INTO integrations VALUES (?, ?, ?, ?, ?, ?)",
        (uuid, title, demo.BUCKET, strict, organization, owner),
    )
    connection.executemany(
        "INSERT INTO shares VALUES (?, ?, 'user')",
        [
            (uuid, person.email)
            for person in accounts.DEMO
            if person.organization == organization and person.email != owner
        ],
    )


def schema_key(organization: str) -> str:
    """Return where an organization's metadata schema is kept."""
    return f"metadata_schema.{organization}"
