"""Runs are found by what they are shown as, which their state alone does not always say."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from components import status
from services.domain.runs import RunState
from services.ledger.store import Ledger
from services.ledger.tables import RUN
from tests.unit.ledger.test_ledger import create


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="microseconds")


#: What is written down of a run, by what it is shown as.
WRITTEN: dict[str, list[dict[str, object]]] = {
    "Complete": [{"state": RunState.COMPLETE}, {"state": RunState.COMPLETE, "failed": 3}],
    "Complete with failures": [{"state": RunState.COMPLETE, "failed": 3, "still_failed": 1}],
    "Stalled": [
        {"state": RunState.PROCESSING, "progress_at": ago(3)},
        {"state": RunState.PROCESSING, "created_at": ago(3)},
    ],
    "Processing": [
        {"state": RunState.PROCESSING},
        {"state": RunState.PROCESSING, "created_at": ago(3), "progress_at": ago(1)},
        {"state": RunState.PROCESSING, "progress_at": ago(3), "paused": True},
    ],
    "Failed": [{"state": RunState.FAILED, "still_failed": 5}],
    "Submitting": [{"state": RunState.SUBMITTING, "created_at": ago(3)}],
}


@pytest.fixture
def expected(ledger: Ledger) -> dict[str, set[str]]:
    """Write runs of every kind; return their ids by what each is shown as."""
    made: dict[str, set[str]] = {}
    with ledger.transaction() as cx:
        for word, kinds in WRITTEN.items():
            for place, kind in enumerate(kinds):
                run = create(cx, f"{word} {place}")
                cx.execute(update(RUN).where(RUN.c.id == run).values(kind))
                made.setdefault(word, set()).add(run)
    return made


def test_a_filter_finds_the_runs_that_are_shown_so(
    ledger: Ledger, expected: dict[str, set[str]]
) -> None:
    shown: dict[str, set[str]] = {}
    for run in ledger.runs().rows:
        shown.setdefault(status.of_run(run).word, set()).add(run.id)
    assert shown == expected
    for word, only in status.RUN_FILTERS.items():
        page = ledger.runs(only=only)
        assert {run.id for run in page.rows} == expected.get(word, set()), word
        assert page.total == len(page.rows)
