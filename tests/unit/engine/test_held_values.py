"""What items hold is read from the folders of the connection's own runs, and said exactly."""

from collections.abc import Sequence

import pytest

from services.domain.metadata import OrganisationSchema
from services.domain.schema.plan import Plan, between
from services.encord_api.errors import NotSent
from services.engine import held_values
from services.engine.held_values import HeldValues, Sample, impacts
from tests.contract.memory import Fault
from tests.unit.engine.world import World

PATIENCE = 30.0
SCHEMA = {
    "km": {"ty": "variant", "hint": "varchar"},
    "site": {"ty": "enum", "values": ["depot", "harbor"]},
    "note": {"ty": "variant", "hint": "text"},
}


def register(world: World, values: Sequence[object], *, nonce: str, name: str = "yard") -> str:
    """Run a manifest to its end and return the run."""
    entries = [
        {"objectUrl": f"gs://{name}/{nonce}-{n}.jpg", "clientMetadata": each}
        for n, each in enumerate(values)
    ]
    run = world.submit(world.manifest({"images": entries}), nonce=nonce, chunk=1_000)
    world.settle()
    return run


def sampled(world: World, connection: str = "connection") -> Sample:
    held = HeldValues(world.ledger, world.tools.gateway)
    held.refresh(connection, patience=PATIENCE)
    found = held.last(connection)
    assert found is not None
    return found


def retyping(target: dict[str, object]) -> Plan:
    return between(OrganisationSchema.of(SCHEMA), {**SCHEMA, **target})


def test_a_plan_is_told_what_sampled_items_hold(world: World) -> None:
    register(world, [{"km": "7"}, {"km": "far", "site": "depot"}, {"km": None}, {}], nonce="one")
    plan = retyping(
        {
            "km": {"ty": "variant", "hint": "number"},
            "site": {"ty": "enum", "values": ["harbor"]},
            "note": {"ty": "tombstone", "deleted_ty": SCHEMA["note"]},
        }
    )
    found = {each.step.key: each for each in impacts(sampled(world), plan.destructive)}
    assert (found["km"].holding, found["km"].misfits) == (2, 2)
    assert found["km"].examples == ("far", "7")
    assert (found["site"].holding, found["site"].misfits) == (1, 1)
    assert (found["note"].holding, found["note"].misfits) == (0, None)


def test_the_sample_says_what_was_read_of_which_folder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_values, "ITEMS", 6)
    register(world, [{"km": 1}] * 5, nonce="old")
    register(world, [{"km": 2}] * 2, nonce="new")
    found = sampled(world)
    assert [(each.items, each.whole) for each in found.folders] == [(2, True), (3, False)]
    assert (found.items, found.others, found.filled) == (5, 0, {"km": 5})


def test_no_more_is_sampled_than_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_values, "ITEMS", 5)
    for name in ("one", "other"):
        register(world, [{"km": 1}] * 4, nonce=name)
    assert sampled(world).items <= 5


def test_what_would_weigh_too_much_is_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_values, "WEIGHT", 30)
    register(world, [{"km": "x" * 10}] * 5, nonce="one")
    assert [(each.items, each.whole) for each in sampled(world).folders] == [(1, False)]


def test_folders_that_are_gone_or_too_many_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_values, "FOLDERS", 2)
    runs = [register(world, [{"km": 1}], nonce=str(n)) for n in range(3)]
    gone = world.view(runs[2]).folder_uuid
    assert gone is not None
    world.encord.delete_folder(gone)
    found = sampled(world)
    assert ([each.items for each in found.folders], found.others) == ([1], 2)


def test_another_connection_sees_nothing_of_it(world: World) -> None:
    register(world, [{"km": 1}], nonce="one")
    found = sampled(world, "another")
    assert (found.folders, found.others, found.items) == ((), 0, 0)


def test_a_refusal_is_told_and_the_last_sample_stays(world: World) -> None:
    register(world, [{"km": 1}], nonce="one")
    held = HeldValues(world.ledger, world.tools.gateway)
    held.refresh("connection", patience=PATIENCE)
    world.encord.script("list_items", Fault(NotSent("listing items")))
    held.refresh("connection", patience=PATIENCE, fresh=0.0)
    problem, last = held.problem("connection"), held.last("connection")
    assert problem is not None
    assert problem.title == "Encord could not be reached"
    assert last is not None
    assert last.items == 1
