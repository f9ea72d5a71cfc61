"""The states of the pages: one primary action in each, and a way out of those that are empty."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from components import watching
from components.navigation import PAGES
from services.domain.runs import DatasetChoice
from services.encord_api.errors import NotAuthorised
from tests.apptest.conftest import Open, words
from tests.contract.memory import Fault
from tests.unit.engine.stories import registered, told_once
from tests.unit.engine.world import World

MISSING = "404: no such object"


def primary(app: AppTest) -> list[str]:
    """Return the labels of the primary buttons a page draws; none of them is in a dialog."""
    return [button.label for button in app.button if button.proto.type == "primary"]


def manifest(world: World) -> dict[str, str]:
    return {"manifest": world.images(3)}


def waiting(world: World) -> dict[str, str]:
    return {"run": world.submit(world.images(3))}


@told_once
def failed(world: World) -> dict[str, str]:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    return ended(world)


@told_once
def ended(world: World) -> dict[str, str]:
    return {"run": registered(world)}


@told_once
def linked(world: World) -> dict[str, str]:
    made = ended(world)
    world.onboarding.link(made["run"], DatasetChoice(title="Streets"), nonce="n", actor="me")
    world.settle()
    return made


@told_once
def keyless(world: World) -> dict[str, str]:
    run = world.submit(world.images(3))
    world.connected = False
    world.settle()
    return {"run": run}


@pytest.mark.parametrize(
    ("page", "state", "action"),
    [
        ("manifest", manifest, "Continue to submit"),
        ("submit", manifest, "Submit 3 entries"),
        ("run", failed, "Link to a dataset"),
        ("run", linked, "See the verification"),
        ("run", keyless, "Resume"),
        ("datasets", ended, "Link 3 entries"),
        ("datasets", linked, "See the verification"),
        ("verify", ended, "Link to a dataset"),
        ("verify", linked, "Verify again"),
        ("runs", ended, "New run"),
        ("overview", ended, "Open Datasets"),
        ("overview", linked, "New manifest"),
    ],
)
def test_a_state_has_one_primary_action(
    open_page: Open,
    world: World,
    page: str,
    state: Callable[[World], dict[str, str]],
    action: str,
) -> None:
    assert primary(open_page(page, **state(world))) == [action]


@pytest.mark.parametrize("page", [spec.name for spec in PAGES])
def test_an_empty_page_has_at_most_one_primary_action(open_page: Open, page: str) -> None:
    assert len(primary(open_page(page))) <= 1


def test_a_running_run_asks_for_nothing(open_page: Open, world: World) -> None:
    assert primary(open_page("run", **waiting(world))) == []


def test_outcomes_that_come_while_a_run_is_watched_are_drawn(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Callable[[], bool]] = []

    def until(is_over: Callable[[], bool], draw: Callable[[], object], *, key: str) -> None:
        asked.append(is_over)
        draw()

    monkeypatch.setattr(watching, "until", until)
    run = world.submit(world.images(3), dataset="Street")
    assert "Outcomes appear here" in words(open_page("run", run=run))
    is_one = asked[-1]
    assert not is_one()
    for _ in range(100):  # up to its first outcome, while its dataset is still to come
        if world.ledger.outcomes(run, limit=1).total:
            break
        if world.step() is None:
            world.clock.seconds += 60
            world.encord.advance()
    assert is_one()
    world.settle()
    assert not is_one(), "the end is told by what shows the progress, which draws the page anew"


def test_every_head_says_where_things_stand(open_page: Open, world: World) -> None:
    run = linked(world)
    assert "3 of 3 matched, compared " in words(open_page("verify", **run))
    assert "3 of 3 entries arrived; the run is linked" in words(open_page("datasets", **run))
    assert "3 of 3 entries ready to submit" in words(open_page("submit", **manifest(world)))
    assert "No manifest to submit yet" in words(open_page("submit"))


@pytest.mark.parametrize(
    ("page", "query", "widget"),
    [
        ("run", {"run_find": "no such entry"}, "run_find"),
        ("verify", {"verify_find": "no such entry"}, "verify_find"),
        ("reference", {"reference_find": "no such word"}, "reference_find"),
    ],
)
def test_a_filter_that_leaves_nothing_is_cleared_by_a_click(
    open_page: Open, world: World, page: str, query: dict[str, str], widget: str
) -> None:
    app = open_page(page, **linked(world), **query)
    assert "Nothing matches" in words(app)
    (clear,) = [button for button in app.button if button.label == "Clear the filter"]
    clear.click().run()
    assert "Nothing matches" not in words(app)
    assert app.text_input(key=widget).value == ""


@pytest.mark.parametrize(
    ("view", "asked", "again"),
    [
        ("All datasets", "list_datasets", "datasets_again"),
        ("All folders", "find_folders", "folders_again"),
    ],
)
def test_a_refusal_is_told_with_its_reference_until_asked_again(
    open_page: Open, world: World, view: str, asked: str, again: str
) -> None:
    world.encord.script(asked, Fault(NotAuthorised("listing", trace_id="trace-4711")))
    app = open_page("datasets", datasets_view=view)
    assert app.error[0].proto.title == "This account is not allowed to do that"
    assert "Reference for Encord's support" in words(app)
    assert "trace-4711" in words(app)
    app.run()
    assert "trace-4711" in words(app)
    app.button(key=again).click().run()
    assert "trace-4711" not in words(app)
    assert "There is none yet." in words(app)
