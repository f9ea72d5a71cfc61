"""Links whose ids nobody here knows: the page says so, and keeps what this session worked on."""

import time
from dataclasses import replace

import pytest

from components import navigation, run_picker
from components.navigation import IDS, TRIES
from components.session import Destination
from tests.apptest.conftest import Open, words
from tests.apptest.test_pages import broken_run
from tests.unit.engine.stories import registered
from tests.unit.engine.world import World

PATIENCE = 60.0


@pytest.mark.parametrize(
    ("page", "named", "word"),
    [
        ("manifest", {"manifest": "0" * 64}, "manifest"),
        ("submit", {"manifest": "../x"}, "manifest"),
        ("datasets", {"run": "0" * 32}, "run"),
        ("verify", {"run": "0" * 32}, "run"),
        ("verify", {"receipt": "0" * 32}, "receipt"),
        ("verify", {"task": "0" * 32}, "task"),
        ("schema", {"manifest": "0" * 64, "schema_view": "Propose"}, "manifest"),
        ("bucket", {"bucket": "../x"}, "bucket"),
    ],
)
def test_a_link_to_what_is_not_here_says_so(
    open_page: Open, page: str, named: dict[str, str], word: str
) -> None:
    assert f"There is no such {word}" in words(open_page(page, **named))


def test_a_link_to_what_is_here_says_nothing_of_it(world: World, open_page: Open) -> None:
    run = world.submit(world.images(3))
    assert "There is no such" not in words(open_page("datasets", run=run))


def test_a_run_is_found_behind_its_many_retries(
    world: World, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_picker, "OFFERED", 1)
    run = broken_run(world)
    world.onboarding.retry(run, nonce="again", actor="me")
    world.settle()
    (picked,) = [each for each in open_page("datasets").selectbox if each.label == "Run"]
    assert picked.value == run


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
    ("page", "key", "text", "value"),
    [
        ("datasets", "link_folder_find", "jpg", "jpg"),
        ("datasets", "link_folder_type", "Videos", "Videos"),
        ("datasets", "link_folder_unused", "true", True),
        ("bucket", "encord_pages", "US", "US"),
        ("manifest", "source", "A bucket", "A bucket"),
        ("connect", "key_by", "Paste the key", "Paste the key"),
        ("run", "report_after", "false", False),
    ],
)
def test_a_link_carries_what_was_chosen(
    world: World, open_page: Open, page: str, key: str, text: str, value: object
) -> None:
    run = broken_run(world)
    world.onboarding.retry(run, nonce="again", actor="me")
    world.settle()
    views = {"datasets_view": "From a folder", "run_view": "Report", "place": "Encord US"}
    app = open_page(page, run=run, **views, **{key: text})
    assert getattr(app.get_by_key(key), "value", None) == value
    assert app.query_params[key] == text


def test_the_tab_and_the_filter_stay_in_the_address_of_another_run(
    world: World, open_page: Open
) -> None:
    first, second = (world.submit(world.images(n), nonce=str(n)) for n in (2, 3))
    world.settle()
    app = open_page("datasets", run=first, datasets_view="All folders", folder_find="yard")
    app.session_state["onboarding_session"].destination = Destination("datasets", {"run": second})
    app.run()
    assert app.query_params == {
        "run": second,
        "datasets_view": "All folders",
        "folder_find": "yard",
    }


SIGNED = "https://storage.googleapis.com/b/k.jpg?x=1&X-Goog-Signature=canary"


def test_no_signature_stays_in_a_search_or_its_address(world: World, open_page: Open) -> None:
    run = registered(world)
    app = open_page("run", run=run)
    app.text_input(key="run_find").set_value(SIGNED).run()
    assert app.text_input(key="run_find").value == "https://storage.googleapis.com/b/k.jpg"
    assert app.query_params["run_find"] == "https://storage.googleapis.com/b/k.jpg"
    followed = open_page("run", run=run, run_find=SIGNED)
    followed.run()
    assert "canary" not in str(followed.query_params)


def test_no_signature_stays_in_the_address_of_a_passport(open_page: Open) -> None:
    app = open_page("passport", object=SIGNED)
    assert app.query_params["object"] == app.text_input(key="passport_box").value == "gs://b/k.jpg"
    app.query_params["object"] = "gs://b/before.jpg"
    assert app.run().text_input(key="passport_box").value == "gs://b/before.jpg"


LEFT, WANTED, ELSEWHERE = "the page that was left", "the page that is wanted", "another page"


@pytest.mark.parametrize(
    ("page", "named", "tries", "late", "follows"),
    [
        pytest.param("manifest", LEFT, 0, False, True, id="first"),
        pytest.param("manifest", LEFT, 1, False, True, id="what was left comes back"),
        pytest.param("submit", WANTED, 1, False, True, id="with the new address already"),
        pytest.param("manifest", LEFT, TRIES, False, False, id="too often"),
        pytest.param("manifest", LEFT, 1, True, False, id="later"),
        pytest.param("manifest", ELSEWHERE, 1, False, False, id="somebody chose another page"),
    ],
)
def test_a_way_that_something_came_between_is_set_out_for_again(
    world: World,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
    *,
    page: str,
    named: str,
    tries: int,
    late: bool,
    follows: bool,
) -> None:
    """What the browser asks for meanwhile draws the page that is left."""
    monkeypatch.setattr(navigation, "MOMENT", PATIENCE)
    ids = {LEFT: world.images(3), WANTED: world.images(4), ELSEWHERE: world.images(5)}
    app = open_page(page, manifest=ids[named])
    app.session_state["onboarding_session"].destination = Destination(
        "manifest",
        {"manifest": ids[WANTED]},
        tries,
        left=(page, *(ids[LEFT] if each == "manifest" else "" for each in IDS)),
        since=time.monotonic() - late * 2 * PATIENCE,
    )
    app.run()
    assert app.query_params["manifest"] == (ids[WANTED] if follows else ids[named])
    assert (app.title[0].value == "Manifest") == (follows or page == "manifest")
    kept = app.session_state["onboarding_session"].destination
    assert (kept is not None) == follows
    if kept:
        app.session_state["onboarding_session"].destination = replace(kept, since=-PATIENCE)
        app.run()
        assert app.query_params["manifest"] == ids[WANTED]
        assert app.session_state["onboarding_session"].destination is None


def test_a_way_to_where_one_is_already_is_gone_once(world: World, open_page: Open) -> None:
    here = world.images(3)
    app = open_page("manifest", manifest=here)
    wanted = Destination("manifest", {"manifest": here, "manifest_view": "Entries"})
    app.session_state["onboarding_session"].destination = wanted
    app.run()
    kept = app.session_state["onboarding_session"].destination
    assert kept is None or kept.tries == 1
