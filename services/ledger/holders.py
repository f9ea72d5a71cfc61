"""Which worker holds which connection's key, so that a run whose key nobody holds can say so.

Only keys' connections are noted, never a key. A note runs out by itself, like a lease.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, and_, delete, insert, select

from services.domain.runs import Problem, WorkKind, WorkState
from services.ledger import runs
from services.ledger.tables import HOLDER, RUN, WORK

#: How often a worker notes which keys it holds, how long such a note holds, and how long work may
#: wait before somebody is told that no worker holds its key.
KEYS_SECONDS: Final = 5.0
HOLD_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 30.0
DETAIL: Final = (
    "No worker holds the key {account}. Connect with it again in the dashboard, or start a worker "
    "that has it (ENCORD_SSH_KEY_FILE, python -m services worker). The run then goes on by itself."
)


def note(
    cx: Connection, owner: str, connections: Iterable[str], *, now: float, until: float
) -> None:
    """Note what a worker holds until some second of the ledger's clock; drop what ran out.

    What was stopped because nobody held its key goes on, however the key came here.
    """
    connections = list(connections)
    cx.execute(delete(HOLDER).where((HOLDER.c.owner == owner) | (HOLDER.c.until <= now)))
    rows = [{"owner": owner, "connection": each, "until": until} for each in connections]
    if rows:
        cx.execute(insert(HOLDER), rows)
        _go_on(cx, connections)


def _go_on(cx: Connection, connections: list[str]) -> None:
    """Reopen what waits for these keys; not what Encord refused one of them for."""
    ours = select(RUN.c.id).where(RUN.c.connection.in_(connections))
    waits = WORK.c.state == WorkState.BLOCKED, WORK.c.problem == Problem.RECONNECT
    runs.reopen(cx, and_(*waits, WORK.c.run.in_(ours)))


def block_unheld(cx: Connection, *, now: float, grace: float) -> int:
    """Block work that has been due for `grace` seconds and whose key no worker holds; count it.

    Work that was never tried has been due since ever.
    """
    held = select(HOLDER.c.connection).where(HOLDER.c.until > now)
    waiting = (
        WORK.c.state == WorkState.OPEN,
        WORK.c.kind != WorkKind.NOTIFY,  # needs no key
        WORK.c.next_at <= now - grace,
        WORK.c.lease_until <= now,
    )
    unheld = select(WORK.c.id, WORK.c.run, RUN.c.account).join(RUN, RUN.c.id == WORK.c.run)
    chosen = unheld.where(*waiting, RUN.c.connection.not_in(held)).order_by(WORK.c.run, WORK.c.id)
    blocked = 0
    for work in cx.execute(chosen).all():
        runs.lock(cx, work.run)
        if cx.scalar(select(WORK.c.id).where(WORK.c.id == work.id, *waiting)):
            runs.block(cx, work.id, Problem.RECONNECT, DETAIL.format(account=work.account))
            blocked += 1
    return blocked
