"""A worker among many on PostgreSQL: it ends itself rather than hang, and is never crowded out."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, select, text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from services.domain.runs import Problem, WorkKind
from services.engine import advance as advancing
from services.engine.context import Pace, Step
from services.engine.procrastinate_worker import ProcrastinateWorker
from services.engine.worker import EXIT_OUTDATED, EXIT_STUCK
from services.ledger import holders, runs
from services.ledger.store import Ledger
from services.ledger.tables import HOLDER, WORK
from tests.nursery import NURSERY
from tests.postgres import Cluster
from tests.unit.engine.world import World

pytestmark = pytest.mark.usefixtures("main_of_nobody")

SLOTS = 16


@pytest.fixture
def world(tmp_path: Path, postgres: Cluster) -> Iterator[World]:
    made = World(tmp_path, database_url=postgres.new_database())
    yield made
    made.ledger.engine.dispose()


def hang(_step: Step) -> None:
    threading.Event().wait()


def work(folder: Path, url: str, deadline: float) -> None:
    """Take work whose steps never end, on a ledger with a clock that goes by itself."""
    world = World(folder, database_url=url, pace=Pace(send_deadline=deadline))
    advancing.STEPS = {**advancing.STEPS, WorkKind.PLAN: hang}  # type: ignore[misc, assignment]
    holders.KEYS_SECONDS = 0.1  # type: ignore[misc]
    tools = replace(world.tools, ledger=Ledger(url))
    ProcrastinateWorker(tools, url, slots=SLOTS, connections=lambda: ["connection"]).run()


def working_on(world: World, *, deadline: float = 200.0) -> BaseProcess:
    process = NURSERY.Process(
        target=work, args=(world.folder, world.database_url, deadline), daemon=True
    )
    process.start()
    return process


def wait_for(happened: Callable[[], bool], process: BaseProcess) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert process.is_alive()
        assert time.monotonic() < end
        threading.Event().wait(0.05)


def test_a_step_that_never_ends_ends_the_process(world: World) -> None:
    world.submit(world.images(1))
    process = working_on(world, deadline=0.5)
    process.join(60)
    assert process.exitcode == EXIT_STUCK


def test_newer_tables_end_the_process(world: World) -> None:
    process = working_on(world)
    noted = select(func.count()).select_from(HOLDER)
    wait_for(lambda: bool(scalar(world, noted)), process)
    with world.ledger.transaction() as cx:
        cx.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
    world.submit(world.images(1))
    process.join(60)
    assert process.exitcode == EXIT_OUTDATED


def test_a_notice_is_delivered_although_nobody_holds_the_key_of_its_run(world: World) -> None:
    run = world.submit(world.images(1), connection="in a browser that is gone")
    with world.ledger.transaction() as cx:
        runs.block(cx, first_work(cx, run), Problem.RECONNECT, "Connect again.")
    process = working_on(world)
    closed = select(func.count()).select_from(WORK).where(WORK.c.kind == WorkKind.NOTIFY)
    try:  # without a webhook it is closed
        wait_for(lambda: bool(scalar(world, closed.where(WORK.c.state != "open"))), process)
    finally:
        process.kill()
        process.join()


def test_steps_in_every_slot_leave_room_to_tell_the_keys(world: World) -> None:
    for number in range(SLOTS):
        world.submit(world.images(1), nonce=str(number))
    process = working_on(world)
    leased = select(func.count()).select_from(WORK).where(WORK.c.owner != "")
    until = select(func.max(HOLDER.c.until))
    try:
        wait_for(lambda: scalar(world, leased) == SLOTS, process)
        before = scalar(world, until)
        wait_for(lambda: scalar(world, until) > before + 0.5, process)
    finally:
        process.kill()
        process.join()


def first_work(cx: Connection, run: str) -> int:
    return int(cx.execute(select(func.min(WORK.c.id)).where(WORK.c.run == run)).scalar_one())


def scalar(world: World, chosen: Select[Any]) -> float:
    with world.ledger.reading() as cx:
        return float(cx.scalar(chosen) or 0)


def test_a_listener_that_fails_is_told(world: World) -> None:
    worker = ProcrastinateWorker(
        world.tools, "postgresql://", slots=1, connections=lambda: ["connection"]
    )
    with capture_logs() as told:
        asyncio.run(worker._listen_until_new_key())
    assert "AppNotOpen" in repr([line["exc_info"] for line in told if "exc_info" in line])


def test_a_new_key_is_listened_for_although_the_ledger_is_away(tmp_path: Path) -> None:
    world = World(tmp_path)
    worker = ProcrastinateWorker(world.tools, "postgresql://", slots=1, connections=world.held)
    with world.ledger.transaction() as cx:
        cx.execute(text("ALTER TABLE holder RENAME TO away"))

    async def ring() -> None:
        worker._loop = asyncio.get_running_loop()
        with pytest.raises(OperationalError):
            worker.ring()
        await asyncio.wait_for(worker._new_key.wait(), 10)

    asyncio.run(ring())


def test_work_of_a_key_that_is_gone_is_left_to_others(tmp_path: Path) -> None:
    world = World(tmp_path)
    worker = ProcrastinateWorker(world.tools, "postgresql://", slots=1, connections=world.held)
    run = world.submit(world.images(1))
    (due,) = world.ledger.due(["connection"], limit=1)
    world.connected = False
    asyncio.run(worker._advance(due.id))
    assert world.view(run).problem is None
    world.connected = True
    assert worker._claim(due.id)
