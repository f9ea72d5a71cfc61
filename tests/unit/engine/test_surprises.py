"""What goes wrong on our side: tried three times, then a person is told; waits do not count."""

import pytest

from services.domain.runs import Problem, RunState
from services.encord_api.errors import NotSent
from services.ledger.runs import SURPRISE
from tests.contract.memory import Fault
from tests.unit.engine.world import World

MISTAKE = Fault(ValueError("a mistake of ours"))
WAIT = Fault(NotSent("creating the folder"))


def surprises(world: World, run: str) -> int:
    return [event.what for event in world.ledger.events(run).rows].count(SURPRISE)


def test_a_mistake_of_ours_is_tried_three_times_and_again_when_a_person_asks(world: World) -> None:
    world.encord.script("create_folder", *[MISTAKE] * 3)
    run = world.submit(world.images(3))
    world.settle()
    view = world.view(run)
    assert (view.state, view.problem) == (RunState.NEEDS_ATTENTION, Problem.UNEXPECTED)
    assert world.asked("create_folder") == 3
    assert surprises(world, run) == 2, "the third is what a person is told"
    world.encord.script("create_folder", MISTAKE, MISTAKE)
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.view(run).state is RunState.COMPLETE
    assert surprises(world, run) == 4


@pytest.mark.parametrize("mistakes", [1, 2])
def test_waits_for_encord_are_no_mistakes_of_ours(world: World, mistakes: int) -> None:
    world.encord.script("create_folder", *[WAIT] * 5, *[MISTAKE] * mistakes, *[WAIT] * 5)
    run = world.submit(world.images(3))
    world.settle()
    assert world.view(run).state is RunState.COMPLETE
    assert surprises(world, run) == mistakes
