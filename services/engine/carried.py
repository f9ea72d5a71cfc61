"""Which upload job carried an entry of a run, from the attempts' own ranges."""

from bisect import bisect_right

from sqlalchemy import Connection, select

from services.domain.chunks import Ranges
from services.domain.runs import WorkKind
from services.ledger.tables import ATTEMPT, WORK


class Carried:
    """The jobs of one run, by entry."""

    def __init__(self, cx: Connection, run: str) -> None:
        sent = select(ATTEMPT.c.entries, ATTEMPT.c.result).join(WORK, WORK.c.id == ATTEMPT.c.work)
        carried = sent.where(
            WORK.c.run == run, WORK.c.kind == WorkKind.CHUNK, ATTEMPT.c.result.is_not(None)
        )
        self._stretches: list[tuple[int, int, str]] = sorted(
            (first, last, job)
            for entries, job in cx.execute(carried)
            for first, last in Ranges.parse(entries).pairs
        )

    def job_of(self, entry: int) -> str | None:
        """Return the job; None when no job is known to have carried the entry."""
        place = bisect_right(self._stretches, entry, key=lambda stretch: stretch[0]) - 1
        if place < 0 or entry > self._stretches[place][1]:
            return None
        return self._stretches[place][2]
