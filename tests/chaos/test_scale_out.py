"""Two workers on one PostgreSQL ledger: when one is killed, the other takes its work over."""

import os
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from services.domain.runs import RunState
from services.ledger.tables import WORK
from tests.chaos.scale import LEASE, Fleet, fleet
from tests.postgres import cluster

ENTRIES = 160


def held_by(crew: Fleet, pid: int) -> list[int]:
    """Return the work a process holds a lease on."""
    with crew.runtime.ledger.reading() as cx:
        owner = WORK.c.owner.like(f"%/{pid}/%")
        return list(cx.execute(select(WORK.c.id).where(owner)).scalars())


@pytest.mark.timeout(300)
@pytest.mark.chaos
def test_a_worker_killed_in_the_middle_is_taken_over(tmp_path: Path) -> None:
    with cluster() as postgres, fleet(tmp_path, postgres.new_database()) as crew:
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
        view = crew.runtime.ledger.run(run)
        assert view is not None
        assert (view.state, view.counts.registered) == (RunState.COMPLETE, ENTRIES)
