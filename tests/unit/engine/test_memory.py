"""A worker that runs out of memory loses nothing: somebody goes on where it was."""

import multiprocessing
import sys
from pathlib import Path

import pytest

from services.domain.runs import RunState
from tests.unit.engine.world import World

ENTRIES = 20_000
#: What the starved worker may have on top of what it starts with; one chunk needs more.
SPARE_BYTES = 8 << 20
STEPS = 12


def work_starved(folder: Path) -> None:
    """Take steps with hardly any memory left, until they are done or the process dies of it."""
    import resource

    world = World(folder)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for _ in range(STEPS):
        if not world.step():
            world.clock.seconds += 60


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory work differently elsewhere")
def test_memory_that_runs_out_costs_a_worker_and_no_entry(tmp_path: Path) -> None:
    world = World(tmp_path)
    run = world.submit(world.images(ENTRIES), chunk=ENTRIES)
    process = multiprocessing.get_context("spawn").Process(target=work_starved, args=(tmp_path,))
    process.start()
    process.join(120)
    said = " ".join(event.detail for event in world.ledger.events(run).rows)
    assert process.exitcode != 0 or "Something failed on our side" in said, "it had enough memory"
    assert not world.view(run).state.is_final
    world.clock.seconds += 10_000
    world.onboarding.resume(run, actor="tester")
    world.settle()
    view = world.view(run)
    assert (view.state, view.counts.registered) == (RunState.COMPLETE, ENTRIES)
    assert world.asked("start_upload") == 1
