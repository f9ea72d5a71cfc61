"""Choose outcomes as the filters of a page do, and read one page of them in a bounded time.

Totals come from counts that were made once (`tally`), a search from blocks of words (`words`), and
a page near the end is read from the end.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Row, Select, func, or_, select

from services.domain.chunks import Ranges
from services.domain.outcomes import BY_RANK, Outcome
from services.domain.paging import Page
from services.ledger import tally, words
from services.ledger.dialect import any_contains
from services.ledger.tables import OUTCOME, RUN, WORDS
from services.ledger.views import OutcomeRow

#: Matches of a search that are counted and paged; a person narrows the search before that.
MOST_FOUND: Final = 10_000
#: Blocks of words that a search opens at a time.
MOST_OPENED: Final = 256
#: More than any run has. A limit is also what keeps SQLite from dropping an inner order.
MOST_ROWS: Final = 10_000_000
#: Pairs of entries in one statement.
MOST_PAIRS: Final = 200

Chosen = Select[tuple[object, ...]]


def current(run: str) -> Chosen:
    """Select a first run's outcomes: of each entry the best and newest in the family."""
    return select(OUTCOME).where(tally.scope(run, family=True))


def outcomes_of(cx: Connection, run: str) -> Chosen:
    """Select what to show for a run: a retry's own outcomes, or a whole family's."""
    return select(OUTCOME).where(tally.scope(run, family=_is_first(cx, run)))


def matching(
    cx: Connection,
    chosen: Chosen,
    *,
    outcome: Outcome | None = None,
    cause: str | None = None,
    search: str = "",
) -> Chosen:
    """Narrow outcomes down as the filters of a page do."""
    if outcome:
        chosen = chosen.where(OUTCOME.c.rank == outcome.rank)
    if cause:
        chosen = chosen.where(OUTCOME.c.rank == Outcome.FAILED.rank, OUTCOME.c.cause == cause)
    if search:
        columns = (OUTCOME.c.url, OUTCOME.c.title, OUTCOME.c.message)
        chosen = chosen.where(words.near(cx, search), any_contains(columns, search))
    return chosen


def kinds_of(cx: Connection, run: str) -> tally.Kinds:
    """Count what `outcomes_of` selects, by kind."""
    return tally.kinds_of(cx, run, family=_is_first(cx, run))


def page_of(
    cx: Connection,
    run: str,
    *,
    outcome: Outcome | None,
    cause: str | None,
    offset: int,
    limit: int,
) -> Page[OutcomeRow]:
    """Read one page of what the filters choose."""
    total = sum(
        count
        for (rank, code), count in kinds_of(cx, run).items()
        if (outcome is None or rank == outcome.rank) and (not cause or code == cause)
    )
    chosen = matching(cx, outcomes_of(cx, run), outcome=outcome, cause=cause)
    rows = cx.execute(_from_the_near_end(chosen, total=total, offset=offset, limit=limit)).all()
    return Page(sorted(map(_view, rows), key=lambda row: row.entry), total)


def found(
    cx: Connection,
    run: str,
    search: str,
    *,
    outcome: Outcome | None,
    cause: str | None,
    offset: int,
    limit: int,
) -> Page[OutcomeRow]:
    """Read one page of what a search finds among the chosen.

    Counting stops a while after the page is full, and at `MOST_FOUND`: `total` is then what is
    certain so far.
    """
    scope = outcomes_of(cx, run)
    chosen = matching(cx, scope, outcome=outcome, cause=cause, search=search)
    entries, more = _search(cx, run, chosen, search, enough=min(offset + limit, MOST_FOUND))
    shown = scope.where(OUTCOME.c.entry.in_(entries[:MOST_FOUND][offset : offset + limit]))
    rows = [_view(row) for row in cx.execute(shown.order_by(OUTCOME.c.entry))]
    return Page(rows, len(entries) - more, more=more)


def _search(
    cx: Connection, run: str, chosen: Chosen, search: str, *, enough: int
) -> tuple[list[int], bool]:
    """Open blocks until more than `enough` entries are found; say whether any block is left."""
    root = cx.scalar(select(RUN.c.root).where(RUN.c.id == run)) or run
    entries: list[int] = []
    blocks = words.holding(cx, root, search, limit=MOST_OPENED)
    while blocks:
        part = chosen.where(WORDS.c.first.in_(blocks))
        entries += entries_of(cx, part, search=search, limit=MOST_FOUND + 1 - len(entries))
        if len(entries) > MOST_FOUND:
            return entries, True
        full, after = len(blocks) == MOST_OPENED, blocks[-1]
        blocks = words.holding(cx, root, search, after=after, limit=MOST_OPENED) if full else []
        if blocks and len(entries) > enough:
            return entries, True
    return entries, False


def entries_of(
    cx: Connection, chosen: Chosen, *, search: str = "", limit: int = MOST_ROWS
) -> list[int]:
    """Return the entries of the chosen outcomes, in order."""
    rows = cx.execute(_in_order(chosen, search).limit(limit))
    return [row.entry for row in rows]


def count_entries(cx: Connection, chosen: Chosen, *, search: str = "") -> int:
    """Count the chosen outcomes in the database."""
    rows = _in_order(chosen, search).limit(MOST_ROWS).subquery()
    return cx.scalar(select(func.count()).select_from(rows)) or 0


def within(chosen: Chosen, entries: Ranges) -> Iterator[Chosen]:
    """Cut the chosen outcomes down to these entries, in parts that fit into a statement."""
    for first in range(0, len(entries.pairs), MOST_PAIRS):
        pairs = entries.pairs[first : first + MOST_PAIRS]
        yield chosen.where(or_(*(OUTCOME.c.entry.between(low, high) for low, high in pairs)))


def _in_order(chosen: Chosen, search: str) -> Chosen:
    """Order entries by their blocks when there are any: that makes SQLite start from the blocks."""
    blocks = (WORDS.c.first,) if search else ()
    return chosen.with_only_columns(OUTCOME.c.entry).order_by(*blocks, OUTCOME.c.entry)


def _is_first(cx: Connection, run: str) -> bool:
    """Whether a run retries nothing."""
    return cx.scalar(select(RUN.c.root).where(RUN.c.id == run)) == run


def _from_the_near_end(chosen: Chosen, *, total: int, offset: int, limit: int) -> Chosen:
    """Order and cut, skipping at most half of the rows."""
    if offset <= total // 2:
        return chosen.order_by(OUTCOME.c.entry).offset(offset).limit(limit)
    left = max(0, total - offset)
    skipped = max(0, left - limit)
    return chosen.order_by(OUTCOME.c.entry.desc()).offset(skipped).limit(left - skipped)


def _view(row: "Row[tuple[object, ...]]") -> OutcomeRow:
    return OutcomeRow(
        entry=row.entry,
        type=row.type,
        title=row.title,
        url=row.url,
        url_count=row.url_count,
        outcome=BY_RANK[row.rank],
        cause=row.cause,
        message=row.message,
        item_uuid=row.item_uuid,
        job_id=row.job_id,
        subtask_uuid=row.subtask_uuid,
    )
