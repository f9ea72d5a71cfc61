"""Workers on one PostgreSQL ledger: one takes over from another, and none needs every key."""

import os
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from services.domain.runs import Problem, RunState
from services.ledger.holders import GRACE_SECONDS, KEYS_SECONDS
from services.ledger.tables import WORK
from services.ledger.views import RunView
from tests.chaos.scale import LEASE, Fleet, fleet
from tests.postgres import Cluster

pytestmark = pytest.mark.usefixtures("forked")

ENTRIES = 60
#: Seconds until a worker that nobody relieves has said that it lacks a key, and some more.
PATIENCE = GRACE_SECONDS + 10 * KEYS_SECONDS


def held_by(crew: Fleet, pid: int) -> list[int]:
    """Return the work a process holds a lease on."""
    with crew.runtime.ledger.reading() as cx:
        owner = WORK.c.owner.like(f"%/{pid}/%")
        return list(cx.execute(select(WORK.c.id).where(owner)).scalars())


def account_of(crew: Fleet) -> str:
    connection = crew.runtime.connections.sandbox()
    assert connection is not None
    return connection.account


def view_of(crew: Fleet, run: str) -> RunView:
    view = crew.runtime.ledger.run(run)
    assert view is not None
    return view


@pytest.mark.timeout(300)
@pytest.mark.chaos
def test_a_worker_killed_in_the_middle_is_taken_over(tmp_path: Path, postgres: Cluster) -> None:
    with fleet(tmp_path, postgres.new_database()) as crew:
        crew.employ(2)
        run = crew.submit("Taken over", first=0, entries=ENTRIES, chunk=10)
        victim = crew.workers[0]
        while not held_by(crew, victim.pid):
            assert victim.poll() is None
        os.kill(victim.pid, 9)
        victim.wait()
        orphaned, killed = held_by(crew, victim.pid), time.monotonic()
        while held_by(crew, victim.pid):
            threading.Event().wait(0.05)
            assert time.monotonic() - killed < crew.deadline + LEASE + 5, orphaned
        crew.wait(run, 120)
        view = view_of(crew, run)
        assert (view.state, view.counts.registered) == (RunState.COMPLETE, ENTRIES)


@pytest.mark.timeout(300)
@pytest.mark.chaos
def test_a_run_whose_key_no_worker_holds_asks_for_it_and_goes_on(
    tmp_path: Path, postgres: Cluster
) -> None:
    with fleet(tmp_path, postgres.new_database()) as crew:
        crew.employ(1, with_key=False)
        run = crew.submit("Nobody's key", first=0, entries=ENTRIES, chunk=40)
        deadline = time.monotonic() + PATIENCE
        while (view := view_of(crew, run)).state is not RunState.NEEDS_ATTENTION:
            threading.Event().wait(0.1)
            assert time.monotonic() < deadline, view
        assert view.problem is Problem.RECONNECT
        assert f"No worker holds the key {account_of(crew)}" in view.problem_detail
        crew.employ(1)
        crew.wait(run, 120)
        view = view_of(crew, run)
        assert (view.state, view.counts.registered) == (RunState.COMPLETE, ENTRIES)
