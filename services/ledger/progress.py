"""Read how far a run was, when: for the plot, and for an estimate that says how sure it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.domain.estimate import Estimate, estimate
from services.ledger.tables import PROGRESS, RUN

#: A plot has no use for more.
MOST_POINTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPoint:
    """How far a run was at one moment."""

    at: datetime
    settled: int
    failed: int


def points(cx: Connection, run: str) -> list[ProgressPoint]:
    """Return a run's progress, oldest first, thinned to what a plot can show."""
    rows = cx.execute(select(PROGRESS).where(PROGRESS.c.run == run).order_by(PROGRESS.c.at)).all()
    step = max(1, len(rows) // MOST_POINTS)
    return [
        ProgressPoint(at=datetime.fromisoformat(row.at), settled=row.settled, failed=row.failed)
        for row in rows[::step]
    ]


def remaining(cx: Connection, run: str) -> Estimate | None:
    """Estimate the seconds left as a range; None while there is too little to go by."""
    entries = cx.scalar(select(RUN.c.entries).where(RUN.c.id == run)) or 0
    known = points(cx, run)
    return estimate([(point.at.timestamp(), point.settled) for point in known], entries)
