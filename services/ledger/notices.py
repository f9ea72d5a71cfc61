"""Write notices: that somebody outside is to be told of a run's state, once for each state.

A notice is a piece of work that belongs to its run and never changes the run's own state. Its
`digest` says what it tells, its `idem` is the id under which a receiver knows repeats.
"""

import hashlib

from sqlalchemy import Connection, func, select

from services.domain.runs import Problem, RunState, WorkKind, WorkState
from services.ledger.dialect import insert_into
from services.ledger.tables import WORK


def announce(cx: Connection, run: str, state: RunState, problem: Problem | None = None) -> None:
    """Have somebody told, in the transaction that makes it true; other states tell nothing."""
    if not state.is_final and state is not RunState.NEEDS_ATTENTION:
        return
    told = f"{state}: {problem}" if problem and not state.is_final else str(state)
    mine = select(func.coalesce(func.max(WORK.c.seq) + 1, 0))
    values = {
        "run": run,
        "kind": WorkKind.NOTIFY,
        "seq": cx.scalar(mine.where(WORK.c.run == run, WORK.c.kind == WorkKind.NOTIFY)),
        "state": WorkState.OPEN,
        "digest": told,
        "idem": hashlib.sha256(f"{WorkKind.NOTIFY} {run} {told}".encode()).hexdigest(),
    }
    statement = insert_into(cx, WORK).values(**values)
    cx.execute(statement.on_conflict_do_nothing(index_elements=[WORK.c.idem]))
