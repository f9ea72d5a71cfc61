"""The sandbox as one value: its store, clock, secrets and bell; and its fresh demo state."""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services.sandbox import demo, demo_bucket, switches
from services.sandbox.bell import Bell
from services.sandbox.faults import Faults
from services.sandbox.limiter import Limiter
from services.sandbox.store import Store, clear, set_value, value
from services.sandbox.wire import new_uuid

OWNER = "demo@sandbox.example"
#: Raised when the demo content changes, so that older data directories are filled anew.
CONTENT_VERSION = "2"


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Everything the handlers share."""

    store: Store
    #: The demo user's raw public key, 64 hex digits; no other key is known.
    public_key: str
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
    if value(connection, "stalled") == "1":
        return 0.0
    return float(value(connection, "rate") or 0)


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
    """Throw everything away and make the fresh demo state."""
    clear(connection)
    set_value(connection, "metadata_schema", json.dumps(demo.SCHEMA))
    set_value(connection, "content", CONTENT_VERSION)
    switches.back(connection)
    set_stalled(connection, stalled=False)
    for title, strict in ((demo.INTEGRATION, 0), (demo.STRICT_INTEGRATION, 1)):
        connection.execute(
            "INSERT INTO integrations VALUES (?, ?, ?, ?)",
            (new_uuid(), title, demo.BUCKET, strict),
        )
    connection.execute("INSERT INTO forbidden VALUES (?, ?)", (demo.BUCKET, demo.FORBIDDEN_PREFIX))
    connection.execute("INSERT INTO users VALUES (?, 'ADMIN', 'internal', ?)", (OWNER, now))
    demo_bucket.fill(connection, now=now)
