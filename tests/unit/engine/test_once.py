"""A folder and a dataset are created at most once, however late an answer or an effect is."""

from collections.abc import Iterator

import pytest

from services.domain.runs import RunState
from services.encord_api.errors import Unclear
from services.encord_api.interface import Folder
from tests.contract.memory import Fault, MemoryGateway
from tests.unit.engine.test_protocol import KilledError
from tests.unit.engine.world import KINDS, World

CREATED = pytest.mark.parametrize("operation", ["create_folder", "create_dataset"])
LOST = Fault(Unclear("creating it"))
KILLED = Fault(KilledError())  # type: ignore[arg-type]


def submit(world: World) -> str:
    return world.submit(world.images(3), dataset="Street")


def work_until_asked(world: World, operation: str) -> None:
    """Work until Encord was asked for this once, however that ended."""
    while world.asked(operation) == 0:
        try:
            if world.step() is None:
                wait_until_due(world)
        except KilledError:
            return


def wait_until_due(world: World) -> None:
    pause = world.ledger.seconds_to_next(KINDS)
    assert pause is not None
    world.clock.seconds += pause + 0.001
    world.encord.advance()


def work_for(world: World, seconds: float) -> None:
    """Work on whatever is due, until so much time has passed."""
    end = world.clock.seconds + seconds
    while world.clock.seconds < end:
        if world.step() is None:
            world.clock.seconds = min(end, world.clock.seconds + 60)


def take_effect(world: World, operation: str) -> None:
    """Let what was asked for first be created now, as a slow Encord does."""
    asked = next(call for call in world.encord.calls if call.operation == operation)
    getattr(world.encord, operation)(*asked.arguments)


def made(world: World) -> tuple[int, int]:
    """Count the folders and datasets in Encord."""
    folders = list(world.encord.find_folders("Folder"))
    return len(folders), len(list(world.encord.list_datasets("Street")))


def assert_complete(world: World, run: str) -> None:
    world.settle()
    assert world.view(run).state is RunState.COMPLETE
    assert world.ledger.receipts(run=run)[0].proven
    assert made(world) == (1, 1)


@CREATED
def test_what_takes_longer_than_a_lease_is_not_created_beside_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    original = getattr(MemoryGateway, operation)

    def create(self: MemoryGateway, name: str, description: str) -> object:
        monkeypatch.setattr(MemoryGateway, operation, original)
        world.clock.seconds += 2 * world.pace.lease
        world.step()  # another worker looks for work meanwhile
        return original(self, name, description)

    monkeypatch.setattr(MemoryGateway, operation, create)
    run = submit(world)
    assert_complete(world, run)
    assert world.asked(operation) == 1


@CREATED
@pytest.mark.parametrize("fault", [LOST, KILLED], ids=["answer lost", "worker killed"])
def test_an_effect_that_comes_late_is_adopted(world: World, operation: str, fault: Fault) -> None:
    world.encord.script(operation, fault)
    run = submit(world)
    work_until_asked(world, operation)
    world.ledger.release_dead(lambda _owner: fault is KILLED)  # as the next worker does
    work_for(world, 1.5 * world.pace.settle)
    take_effect(world, operation)
    assert_complete(world, run)
    assert world.asked(operation) == 2, "the first of a run, and its late effect"


@CREATED
def test_what_is_there_is_adopted_without_waiting(world: World, operation: str) -> None:
    world.encord.script(operation, Fault(LOST.error, after=True))
    run = submit(world)
    work_until_asked(world, operation)
    asked = world.clock.seconds
    while not any("adopted" in event.what for event in world.ledger.events(run).rows):
        if world.step() is None:
            wait_until_due(world)
    assert world.clock.seconds - asked < world.pace.settle
    assert_complete(world, run)


@CREATED
def test_what_never_came_is_created_again_after_two_looks(world: World, operation: str) -> None:
    world.encord.script(operation, LOST)
    run = submit(world)
    work_until_asked(world, operation)
    asked = world.clock.seconds
    while world.asked(operation) < 2:
        if world.step() is None:
            wait_until_due(world)
    assert world.clock.seconds - asked >= 2 * world.pace.settle
    assert_complete(world, run)
    assert "abandoned" in [event.what for event in world.ledger.events(run).rows]


def test_looks_that_somebody_hurries_do_not_count(world: World) -> None:
    world.encord.script("create_folder", LOST)
    run = submit(world)
    work_until_asked(world, "create_folder")
    for _ in range(5):
        world.onboarding.cancel(run, actor="tester")
        world.step()
    assert world.asked("create_folder") == 1
    take_effect(world, "create_folder")
    world.settle()
    assert made(world)[0] == 1


def test_a_cancelled_run_creates_no_folder_after_a_lost_answer(world: World) -> None:
    world.encord.script("create_folder", LOST)
    run = submit(world)
    work_until_asked(world, "create_folder")
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    assert world.view(run).state is RunState.CANCELLED
    assert world.view(run).counts.cancelled == 3
    assert world.asked("create_folder") == 1
    assert made(world) == (0, 0)


def test_a_run_cancelled_while_its_folder_is_looked_for_creates_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = MemoryGateway.find_folders

    def find(self: MemoryGateway, search: str) -> Iterator[Folder]:
        world.onboarding.cancel(run, actor="tester")
        return original(self, search)

    monkeypatch.setattr(MemoryGateway, "find_folders", find)
    run = submit(world)
    world.settle()
    assert world.view(run).state is RunState.CANCELLED
    assert world.asked("create_folder") == 0


@CREATED
def test_a_paused_run_creates_nothing_until_it_is_resumed(world: World, operation: str) -> None:
    world.encord.script(operation, LOST)
    run = submit(world)
    work_until_asked(world, operation)
    world.onboarding.pause(run, actor="tester")
    work_for(world, 5 * world.pace.settle)
    assert world.view(run).state is RunState.PAUSED
    assert world.asked(operation) == 1
    world.onboarding.resume(run, actor="tester")
    assert_complete(world, run)
    assert world.asked(operation) == 2
