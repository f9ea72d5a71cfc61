"""Write notices: that somebody outside is to be told of a run's state, once for each state.

A run that needs somebody again, after it had gone on, is told of again. A notice is a piece of
work that belongs to its run and never changes the run's own state. Its `digest` says what it
tells, its `idem` is the id under which a receiver knows repeats.
"""

import hashlib
from typing import Final

from sqlalchemy import Connection, func, select

from services.domain.runs import Problem, RunState, WorkKind, WorkState
from services.ledger.dialect import insert_into
from services.ledger.tables import EVENT, WORK

#: The event that says which state a run left, and for which.
STATE: Final = "state"


def announce(cx: Connection, run: str, state: RunState, problem: Problem | None = None) -> None:
    """Have somebody told, in the transaction that makes it true; other states tell nothing."""
    if not state.is_final and state is not RunState.NEEDS_ATTENTION:
        return
    told = f"{state}: {problem}" if problem and not state.is_final else str(state)
    again = "" if state.is_final else _times(cx, run)
    mine = select(func.coalesce(func.max(WORK.c.seq) + 1, 0))
    values = {
        "run": run,
        "kind": WorkKind.NOTIFY,
        "seq": cx.scalar(mine.where(WORK.c.run == run, WORK.c.kind == WorkKind.NOTIFY)),
        "state": WorkState.OPEN,
        "digest": told,
        "idem": hashlib.sha256(f"{WorkKind.NOTIFY} {run} {told}{again}".encode()).hexdigest(),
    }
    statement = insert_into(cx, WORK).values(**values)
    cx.execute(statement.on_conflict_do_nothing(index_elements=[WORK.c.idem]))


def _times(cx: Connection, run: str) -> str:
    """Tell a run's second time of needing somebody, and every later one, from the first."""
    came = EVENT.c.what == STATE, EVENT.c.detail.endswith(f" to {RunState.NEEDS_ATTENTION}")
    times = cx.scalar(select(func.count()).select_from(EVENT).where(EVENT.c.run == run, *came))
    return f" {times}" if times and times > 1 else ""
