"""The guided tour without a browser: its stops by what is there, and leaving and resuming it."""

import io
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from components import tour
from components.tour_stops import STOPS, Progress, stop, words
from services.bootstrap import Runtime
from services.domain.runs import FolderChoice, Submission
from services.sandbox.demo import demo_manifest_csv
from tests.apptest.conftest import HERE, Open
from tests.apptest.conftest import words as said_by
from tests.contract.memory import BUCKET
from tests.unit.engine.world import OPTIONS, World

CHECKED = Progress(page="manifest", has_manifest=True, ready=195, held=5)
RUNNING = replace(CHECKED, page="run", has_run=True, working=True)
FAILED = replace(RUNNING, working=False, failed=3, arrived=192)
RETRYING = replace(FAILED, mended=True, working=True)
ARRIVED = replace(FAILED, mended=True, failed=0, arrived=195)
LINKING = replace(ARRIVED, has_dataset=True, working=True)


@pytest.mark.parametrize(
    ("progress", "step"),
    [
        (Progress(page="overview"), 1),
        (Progress(page="submit"), 1),
        (replace(CHECKED, page="connect"), 1),
        (CHECKED, 2),
        (replace(CHECKED, page="reference"), 2),
        (replace(CHECKED, page="submit"), 3),
        (RUNNING, 4),
        (FAILED, 4),
        (replace(FAILED, mended=True), 5),
        (RETRYING, 5),
        (ARRIVED, 6),
        (replace(ARRIVED, mended=False), 6),
        (LINKING, 6),
        (replace(LINKING, working=False, proven=True), 7),
        (replace(LINKING, working=False), 7),
    ],
)
def test_a_stop_is_told_by_what_is_there(progress: Progress, step: int) -> None:
    assert stop(progress) + 1 == step


def test_the_banner_names_the_button_that_the_page_has() -> None:
    assert "Click *Submit 195 entries*." in words(2, CHECKED)
    assert "Tick *Submit it again*." in words(2, replace(CHECKED, submitted_before=True))
    assert "Click *Retry all 3 entries*" in words(4, FAILED)
    assert "Click *Link 195 entries*" in words(5, ARRIVED)
    assert "on their way again" in words(4, RETRYING)


def banner(app: AppTest) -> str:
    """Return the step that the banner names; empty without one."""
    return next((line for line in said_by(app).splitlines() if "**Step " in line), "")


def tour_run(world: World) -> str:
    """Submit the tour's manifest; two of its files are not there."""
    manifest = world.manifests.add(tour.MANIFEST, io.BytesIO(demo_manifest_csv()))
    world.manifests.check(manifest, OPTIONS)
    world.encord.broken["gs://encord-demo-bucket/images/street/0001.jpg"] = "404: no such object"
    run = world.onboarding.submit(
        Submission(
            name="First onboarding",
            connection=HERE.id,
            account=HERE.account,
            manifest=manifest,
            check=OPTIONS.to_json(),
            folder=FolderChoice(name="First onboarding"),
            integration=BUCKET.id,
            integration_title=BUCKET.title,
            nonce="tour",
            created_by="tester",
        ),
        actor="tester",
    )
    world.settle()
    return run


def test_the_tour_starts_at_the_connection(open_page: Open) -> None:
    app = open_page("overview")
    app.button(key="welcome_start").click().run()
    assert app.title[0].value == "Connect"
    assert banner(app) == f"**Step 1 of {len(STOPS)}: meet the sandbox**"


def test_an_address_goes_on_with_the_tour_in_a_new_session(open_page: Open, world: World) -> None:
    run = tour_run(world)
    assert "Step 4 of 7" in banner(open_page("run", run=run, tour="on"))
    assert "Step 5 of 7" in banner(open_page("run", run=run, tour="mended"))
    assert banner(open_page("run", run=run)) == ""
    assert banner(open_page("run", run=run, tour="<b>")) == ""


def test_a_tour_that_was_left_is_resumed_where_it_was(open_page: Open, world: World) -> None:
    run = tour_run(world)
    app = open_page("run", run=run, tour="on")
    app.button(key="tour_leave").click().run()
    assert banner(app) == ""
    app = open_page("overview")
    assert "The tour is at step 4 of 7." in said_by(app)
    app.button(key="tour_left_resume").click().run()
    assert app.title[0].value == "Run"
    assert "Step 4 of 7" in banner(app)


def test_somebody_elses_page_does_not_block_the_tour(open_page: Open, world: World) -> None:
    other = world.submit(world.images(3))
    world.settle()
    app = open_page("run", run=other, tour="on")
    assert "Step 1 of 7" in banner(app)
    app.button(key="tour_next_0").click().run()
    assert app.title[0].value == "Connect"


def test_there_is_no_tour_without_a_sandbox(open_page: Open, runtime: Runtime) -> None:
    runtime.connections.forget(HERE.id)
    app = open_page("overview", tour="on")
    assert banner(app) == ""
    assert not [button for button in app.button if button.label == "Start the tour"]
