"""Plans carried out: on exactly what they were made from, or not at all."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import DraftKey, draft_of
from services.domain.schema.plan import Plan, plan, restoring
from services.encord_api.errors import NotSent, Unclear
from services.engine.connections import Connection
from services.engine.schema_studio import NotConfirmedError, SchemaDriftError, SchemaStudio
from tests.contract.memory import Fault
from tests.unit.engine.world import World

HERE = Connection(
    id="here", kind="session", label="Encord", domain="https://api.encord.com", account="aa"
)
START: dict[str, Any] = {
    "site": {"ty": "variant", "hint": "text"},
    "odd": {"ty": "hologram"},
}


@pytest.fixture
def studio(world: World) -> SchemaStudio:
    world.encord.schema = dict(START)
    return SchemaStudio(world.ledger, lambda _: world.encord)


def adding(studio: SchemaStudio, *keys: str) -> Plan:
    base = studio.read(HERE)
    return plan(base, (*draft_of(base), *(DraftKey(key=key, type="number") for key in keys)))


def apply(studio: SchemaStudio, made: Plan, *confirmed: str, actor: str = "anna") -> Any:
    return studio.apply(HERE, made, confirmed=frozenset(confirmed), actor=actor)


def saves(world: World) -> int:
    return sum(call.operation == "save_metadata_schema" for call in world.encord.calls)


def test_a_plan_is_saved_read_back_and_kept(world: World, studio: SchemaStudio) -> None:
    done = apply(studio, adding(studio, "speed"))
    assert (done.was_there, done.differing) == (False, ())
    assert world.encord.schema == {**START, "speed": {"ty": "variant", "hint": "number"}}
    newest, oldest = studio.history(HERE).rows
    assert (oldest.answer, oldest.reason) == (START, "before a change")
    assert (newest.answer, newest.actor) == (world.encord.schema, "anna")


def test_a_second_click_sends_nothing(world: World, studio: SchemaStudio) -> None:
    made = adding(studio, "speed")
    apply(studio, made)
    assert apply(studio, made).was_there
    assert saves(world) == 1


def test_the_second_of_two_people_is_refused_and_nothing_is_lost(
    world: World, studio: SchemaStudio
) -> None:
    mine, theirs = adding(studio, "mine"), adding(studio, "theirs")
    apply(studio, theirs, actor="bo")
    with pytest.raises(SchemaDriftError) as refused:
        apply(studio, mine)
    assert [(each.key, each.base, each.theirs) for each in refused.value.found] == [
        ("theirs", None, {"ty": "variant", "hint": "number"})
    ]
    assert set(world.encord.schema) == {*START, "theirs"}
    apply(studio, adding(studio, "mine"))
    assert set(world.encord.schema) == {*START, "mine", "theirs"}


def test_two_people_at_the_same_moment_lose_nothing(world: World, studio: SchemaStudio) -> None:
    plans = [adding(studio, f"key {n}") for n in range(8)]
    done: list[str] = []

    def click(made: Plan) -> None:
        try:
            apply(studio, made)
            done.append(made.steps[0].key)
        except SchemaDriftError:
            pass

    threads = [threading.Thread(target=click, args=(made,)) for made in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert set(world.encord.schema) == {*START, *done}


def test_what_destroys_must_be_named(world: World, studio: SchemaStudio) -> None:
    made = plan(studio.read(HERE), (DraftKey(key="site", type="number"),))
    with pytest.raises(NotConfirmedError) as refused:
        apply(studio, made, "site")
    assert refused.value.keys == ("odd",)
    assert saves(world) == 0
    apply(studio, made, "site", "odd")
    assert world.encord.schema["site"] == {"ty": "variant", "hint": "number"}


def test_a_lost_answer_is_looked_after(world: World, studio: SchemaStudio) -> None:
    made = adding(studio, "speed")
    world.encord.script("save_metadata_schema", Fault(Unclear("saving"), after=True))
    assert apply(studio, made).differing == ()
    world.encord.script("save_metadata_schema", Fault(Unclear("saving")))
    with pytest.raises(Unclear):
        apply(studio, adding(studio, "other"))
    assert "other" not in world.encord.schema


@pytest.mark.parametrize("answer", [None, Fault(Unclear("saving"), after=True)])
def test_what_was_sent_is_never_told_as_not_sent(
    answer: Fault | None, world: World, studio: SchemaStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, save = adding(studio, "speed"), world.encord.save_metadata_schema

    def then_nobody_answers(target: Mapping[str, object]) -> None:
        world.encord.script("metadata_schema", Fault(NotSent("asking")))
        save(target)

    monkeypatch.setattr(world.encord, "save_metadata_schema", then_nobody_answers)
    if answer:
        world.encord.script("save_metadata_schema", answer)
    with pytest.raises(Unclear):
        apply(studio, made)
    assert world.encord.schema == made.target
    monkeypatch.undo()
    assert apply(studio, made).was_there
    newest = studio.history(HERE).rows[0]
    assert (newest.reason, newest.answer) == ("after a change", made.target)


def test_what_encord_made_of_it_is_told(world: World, studio: SchemaStudio) -> None:
    made = adding(studio, "speed")
    world.encord.schema_kept = {**made.target, "speed": {"ty": "variant", "hint": "text"}}
    assert apply(studio, made).differing == ("speed",)


def test_the_way_back_is_exact(world: World, studio: SchemaStudio) -> None:
    apply(studio, adding(studio, "speed"))
    snapshot = studio.history(HERE).rows[-1]
    back = restoring(studio.read(HERE), snapshot.answer)
    apply(studio, back, *(step.key for step in back.destructive))
    assert world.encord.schema == START


def test_nobody_sees_the_snapshots_of_another_connection(studio: SchemaStudio) -> None:
    apply(studio, adding(studio, "speed"))
    other = Connection(
        id="there", kind="session", label="Encord", domain="https://api.encord.com", account="bb"
    )
    assert studio.history(other).total == 0
    assert OrganisationSchema.of(START).declared
