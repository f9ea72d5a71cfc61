"""Links whose ids nobody here knows: the page says so, and keeps what this session worked on."""

import time
from dataclasses import replace

import pytest

from components.navigation import IDS, MOMENT, TRIES
from components.session import Destination
from tests.apptest.conftest import Open, words
from tests.unit.engine.world import World


@pytest.mark.parametrize(
    ("page", "named", "word"),
    [
        ("manifest", {"manifest": "0" * 64}, "manifest"),
        ("submit", {"manifest": "../x"}, "manifest"),
        ("datasets", {"run": "0" * 32}, "run"),
        ("verify", {"run": "0" * 32}, "run"),
        ("verify", {"receipt": "0" * 32}, "receipt"),
        ("verify", {"task": "0" * 32}, "task"),
    ],
)
def test_a_link_to_what_is_not_here_says_so(
    open_page: Open, page: str, named: dict[str, str], word: str
) -> None:
    assert f"There is no such {word}" in words(open_page(page, **named))


def test_a_link_to_what_is_here_says_nothing_of_it(world: World, open_page: Open) -> None:
    run = world.submit(world.images(3))
    assert "There is no such" not in words(open_page("datasets", run=run))


def test_a_wrong_link_does_not_replace_the_manifest_one_works_on(
    world: World, open_page: Open
) -> None:
    known = world.images(3)
    app = open_page("manifest", manifest=known)
    app.query_params["manifest"] = "0" * 64
    app.run()
    assert "There is no such manifest" in words(app)
    del app.query_params["manifest"]
    app.run()
    assert "Continue to submit" in {button.label for button in app.button}


@pytest.mark.parametrize(
    ("tries", "ago", "elsewhere", "follows"),
    [
        pytest.param(0, 0.0, False, True, id="first"),
        pytest.param(1, 0.0, False, True, id="what was left comes back"),
        pytest.param(TRIES, 0.0, False, False, id="too often"),
        pytest.param(1, 2 * MOMENT, False, False, id="later"),
        pytest.param(1, 0.0, True, False, id="somebody chose another page"),
    ],
)
def test_a_way_that_something_came_between_is_set_out_for_again(
    world: World, open_page: Open, *, tries: int, ago: float, elsewhere: bool, follows: bool
) -> None:
    """What the browser asks for meanwhile carries the address of the page that is left."""
    left, wanted = world.images(3), world.images(4)
    app = open_page("manifest", manifest=left)
    ids = {"manifest": "" if elsewhere else left}
    app.session_state["onboarding_session"].destination = Destination(
        "manifest",
        {"manifest": wanted},
        tries,
        left=("manifest", *(ids.get(each, "") for each in IDS)),
        since=time.monotonic() - ago,
    )
    app.run()
    assert app.query_params["manifest"] == (wanted if follows else left)
    kept = app.session_state["onboarding_session"].destination
    assert (kept is not None) == follows
    if kept:
        app.session_state["onboarding_session"].destination = replace(kept, since=-MOMENT)
        app.run()
        assert app.query_params["manifest"] == wanted
        assert app.session_state["onboarding_session"].destination is None
