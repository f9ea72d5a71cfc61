"""Count outcomes by kind once, when they are decided, and read those counts ever after."""

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select

from services.domain.outcomes import Outcome
from services.ledger.tables import OUTCOME, RUN, TALLY

#: Rank and cause to the number of outcomes; no cause is an empty one.
Kinds = dict[tuple[int, str], int]


def lock(cx: Connection, root: str) -> None:
    """Let one run of a family at a time write what all of them share: its counts and words."""
    cx.execute(select(RUN.c.id).where(RUN.c.id == root).with_for_update())


def forget(cx: Connection, run: str, root: str) -> None:
    """Drop the counts that outcomes about to be written make wrong."""
    own = and_(TALLY.c.run == run, TALLY.c.family.is_(False))
    family = and_(TALLY.c.run == root, TALLY.c.family.is_(True))
    cx.execute(delete(TALLY).where(or_(own, family)))


def scope(run: str, *, family: bool) -> ColumnElement[bool]:
    """Name a run's own outcomes, or of each entry the best and newest in its family."""
    if family:
        return and_(OUTCOME.c.root == run, OUTCOME.c.superseded.is_(False))
    return OUTCOME.c.run == run


def keep(cx: Connection, run: str, *, family: bool) -> Kinds:
    """Return the counts; what is not counted yet is counted and kept."""
    kinds = _kept(cx, run, family=family)
    if kinds:
        return kinds
    kinds = _counted(cx, run, family=family)
    rows = [
        {"run": run, "family": family, "rank": rank, "cause": cause, "entries": entries}
        for (rank, cause), entries in kinds.items()
    ]
    if rows:
        cx.execute(insert(TALLY), rows)
    return kinds


def kinds_of(cx: Connection, run: str, *, family: bool) -> Kinds:
    """Return the counts without writing anything."""
    return _kept(cx, run, family=family) or _counted(cx, run, family=family)


def by_outcome(kinds: Kinds) -> dict[Outcome, int]:
    """Add the causes up; what did not occur is 0."""
    return {
        outcome: sum(count for (rank, _), count in kinds.items() if rank == outcome.rank)
        for outcome in Outcome
    }


def _kept(cx: Connection, run: str, *, family: bool) -> Kinds:
    rows = cx.execute(select(TALLY).where(TALLY.c.run == run, TALLY.c.family.is_(family)))
    return {(row.rank, row.cause): row.entries for row in rows}


def _counted(cx: Connection, run: str, *, family: bool) -> Kinds:
    chosen = select(OUTCOME.c.rank, OUTCOME.c.cause, func.count().label("entries"))
    chosen = chosen.group_by(OUTCOME.c.rank, OUTCOME.c.cause)
    rows = cx.execute(chosen.where(scope(run, family=family)))
    return {(row.rank, row.cause or ""): row.entries for row in rows}
