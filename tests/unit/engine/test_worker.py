"""The worker process: it ends itself rather than hang, and waits as long as it is told."""

import multiprocessing
import threading
from pathlib import Path

import pytest

from services.domain.runs import WorkKind
from services.encord_api.errors import RateLimited
from services.engine import advance as advancing
from services.engine.context import Pace, Step
from services.engine.worker import EXIT_STUCK, Worker
from tests.contract.memory import Fault
from tests.unit.engine.world import KINDS, World


def hang(_step: Step) -> None:
    threading.Event().wait()


def work_for_ever(folder: Path) -> None:
    world = World(folder, pace=Pace(send_deadline=0.5))
    world.submit(world.images(1))
    advancing.STEPS = {**advancing.STEPS, WorkKind.PLAN: hang}  # type: ignore[misc, assignment]
    Worker(world.tools, slots=1).run()


def test_a_step_that_never_ends_ends_the_process(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work_for_ever, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == EXIT_STUCK


@pytest.mark.parametrize(
    ("hint", "least", "most"),
    [(2, 2, 2), (3600, 900, 900), (0, 0.5, 6), (-1, 0.5, 6), (None, 0.5, 6)],
)
def test_a_rate_limit_is_a_time_in_a_row_and_never_a_sleep(
    world: World, hint: float | None, least: float, most: float
) -> None:
    world.encord.script("start_upload", Fault(RateLimited("starting", retry_after=hint)))
    run = world.submit(world.images(3), chunk=3)
    while world.asked("start_upload") == 0:
        world.step()
    pause = world.ledger.seconds_to_next(KINDS)
    assert pause is not None
    assert least - 0.01 <= pause <= most
    assert "Next try in" in " ".join(event.detail for event in world.ledger.events(run).rows)
    other = world.submit(world.images(4), nonce="other", chunk=4)
    while not world.view(other).state.is_final and world.step():
        pass
    assert world.asked("create_folder") == 2, "another run waited behind the limited one"


def test_two_workers_share_the_work_and_stop_when_told(tmp_path: Path) -> None:
    world = World(tmp_path, pace=Pace(poll_first=0.01, poll_last=0.05, lag=0.01))
    ledger = type(world.ledger)(str(world.ledger.engine.url))
    from dataclasses import replace

    tools = replace(world.tools, ledger=ledger)
    run = world.submit(world.images(40), chunk=2)
    workers = [Worker(tools, slots=2) for _ in range(2)]

    def done() -> bool:
        return world.view(run).state.is_final

    threads = [threading.Thread(target=worker.run_until, args=(done,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert world.view(run).counts.registered == 40
    assert world.asked("start_upload") == 20
