"""The worker process: it ends itself rather than hang, and waits as long as it is told."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from services.domain.runs import Problem, RunState, WorkKind
from services.encord_api.credentials import load_private_key
from services.encord_api.errors import RateLimited
from services.engine import advance as advancing
from services.engine import worker as working
from services.engine.connections import Connection, Connections
from services.engine.context import Pace, Step, Tools
from services.engine.errors import NotConnectedError
from services.engine.supervisor import forget_line, hold_line
from services.engine.worker import EXIT_STUCK, Worker
from services.engine.worker_process import _hear, _listen
from services.ledger import holders
from services.ledger.store import Claim, Ledger
from services.ledger.tables import HOLDER
from tests.contract.memory import Fault, MemoryGateway
from tests.nursery import NURSERY
from tests.unit.engine.world import KINDS, World

pytestmark = pytest.mark.usefixtures("main_of_nobody")

CONNECTION = Connection(
    id="", kind="session", label="Test", domain="https://api.encord.com", account=""
)


def key_text() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def in_real_time(folder: Path) -> tuple[World, Tools]:
    """Return a world, and tools for workers that wait by a clock that moves by itself."""
    world = World(folder, pace=Pace(poll_first=0.01, poll_last=0.05, lag=0.01))
    return world, replace(world.tools, ledger=Ledger(str(world.ledger.engine.url)))


def hang(_step: Step) -> None:
    threading.Event().wait()


def work_for_ever(folder: Path) -> None:
    world = World(folder, pace=Pace(send_deadline=0.5))
    world.submit(world.images(1))
    advancing.STEPS = {**advancing.STEPS, WorkKind.PLAN: hang}  # type: ignore[misc, assignment]
    Worker(world.tools, slots=1, connections=world.held).run()


def test_a_step_that_never_ends_ends_the_process(tmp_path: Path) -> None:
    process = NURSERY.Process(target=work_for_ever, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == EXIT_STUCK


def listen_with_a_broken_ledger(folder: Path) -> None:
    world, connections = World(folder), Connections()
    with world.ledger.transaction() as cx:
        cx.execute(text("ALTER TABLE work RENAME TO away"))

    def lines() -> Iterator[str]:
        for name in ("first", "second"):
            key = load_private_key(key_text())
            yield hold_line(replace(CONNECTION, domain=f"https://{name}.example.com"), key)
        (folder / "held").write_text(str(len(connections.held())))

    _listen(Worker(world.tools, slots=1, connections=world.held), connections, lines())  # type: ignore[arg-type]


def test_a_ledger_in_trouble_keeps_no_key_out_and_the_process_ends_with_its_parent(
    tmp_path: Path,
) -> None:
    process = NURSERY.Process(target=listen_with_a_broken_ledger, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert (tmp_path / "held").read_text() == "2"


def test_a_command_ends_although_asking_failed_once(tmp_path: Path) -> None:
    world = World(tmp_path, pace=Pace(poll_first=0.01, poll_last=0.05, lag=0.01))
    asked = 0

    def done() -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return True

    worker = Worker(world.tools, slots=1, connections=world.held)
    thread = threading.Thread(target=worker.run_until, args=(done,), daemon=True)
    thread.start()
    thread.join(30)
    worker.stop()
    assert not thread.is_alive()


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
    world, tools = in_real_time(tmp_path)
    run = world.submit(world.images(40), chunk=2)
    workers = [Worker(tools, slots=2, connections=world.held) for _ in range(2)]

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


@contextmanager
def at_work(worker: Worker) -> Iterator[None]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(60)
        assert not thread.is_alive()


def looks(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Queue[str]:
    """Note which slot looks for work, as often as one does."""
    queue, claim = Queue[str](), tools.ledger.claim

    def noted(*given: Any, **how: Any) -> Claim | None:
        queue.put(threading.current_thread().name)
        return claim(*given, **how)

    monkeypatch.setattr(tools.ledger, "claim", noted)
    return queue


def test_one_slot_looks_for_work_and_every_slot_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, tools = in_real_time(tmp_path)
    queue, together = looks(tools, monkeypatch), threading.Barrier(4)
    monkeypatch.setattr(advancing, "STEPS", dict.fromkeys(WorkKind, lambda _: together.wait(60)))
    with at_work(Worker(tools, slots=3, connections=world.held)):
        looked = {queue.get(timeout=60) for _ in range(4)}
        assert len(looked) == 1, "slots look for the same work beside each other"
        for nonce in "abc":
            world.submit(world.images(1), nonce=nonce)
        together.wait(60)


def test_what_a_step_leads_to_waits_for_no_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "IDLE_SECONDS", 600)
    world, tools = in_real_time(tmp_path)
    tools = replace(tools, pace=replace(tools.pace, lease=600))
    run = world.submit(world.images(4), chunk=2)
    queue = looks(tools, monkeypatch)
    with at_work(Worker(tools, slots=3, connections=world.held)):
        while not world.view(run).state.is_final:
            queue.get(timeout=60)
    assert world.view(run).counts.registered == 4


def staff(tools: Tools, encord: MemoryGateway, held: Sequence[str]) -> Worker:
    """Return a worker that has these keys and no other."""

    def gateway(connection: str) -> MemoryGateway:
        if connection not in held:
            raise NotConnectedError(connection)
        return encord

    return Worker(replace(tools, gateway=gateway), slots=2, connections=lambda: held)


def test_a_worker_leaves_work_whose_key_another_one_holds(tmp_path: Path) -> None:
    world, tools = in_real_time(tmp_path)
    dashboard = staff(tools, world.encord, ["browser"])
    command = staff(tools, world.encord, ["server"])
    dashboard.ring()
    of_browser = world.submit(world.images(4), nonce="b", connection="browser")
    of_server = world.submit(world.images(4), nonce="s", connection="server")
    command.run_until(lambda: world.view(of_server).state.is_final)
    assert world.view(of_server).counts.registered == 4
    view = world.view(of_browser)
    assert (view.state, view.problem) == (RunState.QUEUED, None)
    dashboard.run_until(lambda: world.view(of_browser).state.is_final)
    assert world.view(of_browser).counts.registered == 4


def test_a_worker_stops_what_nobody_has_the_key_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "KEYS_SECONDS", 0.05)
    world, tools = in_real_time(tmp_path)
    run = world.submit(world.images(4), connection="browser")
    worker = staff(tools, world.encord, ["server"])
    worker.run_until(lambda: world.view(run).state is RunState.NEEDS_ATTENTION)
    view = world.view(run)
    assert view.problem is Problem.RECONNECT
    assert "No worker holds the key SHA256:test" in view.problem_detail


def test_a_stopped_run_goes_on_with_a_worker_that_has_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "KEYS_SECONDS", 0.05)
    world, tools = in_real_time(tmp_path)
    run = world.submit(world.images(4), connection="server")
    worker = staff(tools, world.encord, ["browser"])
    worker.run_until(lambda: world.view(run).problem is Problem.RECONNECT)
    staff(tools, world.encord, ["server"]).run_until(lambda: world.view(run).state.is_final)
    assert world.view(run).counts.registered == 4


def test_a_key_that_is_forgotten_is_noted_no_longer(tmp_path: Path) -> None:
    world, connections = World(tmp_path), Connections()
    worker = Worker(world.tools, slots=1, connections=connections.held)
    _hear(worker, connections, hold_line(CONNECTION, load_private_key(key_text())))
    (held,) = [connection for connection, _ in connections.everything()]
    assert noted(world) == [held.id]
    _hear(worker, connections, forget_line(held))
    assert noted(world) == []


def noted(world: World) -> list[str]:
    with world.ledger.reading() as cx:
        return list(cx.scalars(select(HOLDER.c.connection)))
