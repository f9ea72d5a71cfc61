"""The Demo studio's page over a real sandbox: setting up, ending, and setting up again."""

"""The demo studio on a real sandbox: what is set up, ended and set up again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.runtime import get_background
from services.bootstrap import Runtime, open_demo_studio
from services.demo_studio.studio import DemoStudio
from services.engine.sandbox_demo import SandboxDemo
from tests.apptest.conftest import Open
from tests.contract.sandbox_process import sandbox_process

SCENARIO = "forbidden-cors"


@pytest.fixture
def studio(runtime: Runtime, tmp_path: Path) -> Iterator[DemoStudio]:
    data = tmp_path / "sandbox"
    data.mkdir()
    with sandbox_process(data) as process:
        runtime.connections._held.clear()
        runtime.connections.add_sandbox(process.url, process.key_file)
        controls = SandboxDemo(process.key_file.parent / "endpoint.json")
        runtime.sandbox_demo = controls
        runtime.demo_studio = open_demo_studio(runtime, controls)
        yield runtime.demo_studio


def set_up(app: AppTest) -> None:
    app.button(key=f"set_up_{SCENARIO}").click().run()
    for known in list(get_background()._known.values()):
        known.result(60)


def test_a_scenario_is_set_up_again_after_its_demo_was_ended(
    open_page: Open, studio: DemoStudio
) -> None:
    runs = []
    for _ in range(2):
        set_up(open_page("demo"))
        showing = studio.showing()
        assert showing is not None
        assert showing.scenario == SCENARIO
        runs.append(showing.run)
        studio.stop()
        assert studio.showing() is None
    assert len(set(runs)) == 2


from services.engine.sandbox_demo import SandboxDemo
from tests.apptest.conftest import Open, words
from tests.contract.sandbox_process import sandbox_process

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def studio(runtime: Runtime, tmp_path: Path) -> Iterator[None]:
    """Give the runtime a sandbox of its own, and the studio that works on it."""
    with sandbox_process(tmp_path / "sandbox"):
        controls = SandboxDemo(tmp_path / "sandbox" / "endpoint.json")
        runtime.sandbox_demo = controls
        runtime.demo_studio = open_demo_studio(runtime, controls)
        yield


def set_up(app: AppTest) -> None:
    """Set the first scenario up and wait for it, as the page does."""
    app.button(key="set_up_first-onboarding").click().run()
    for name in list(get_background()._known):
        get_background().phase(name, patience=PATIENCE)
    app.run()
    assert not app.exception
    assert "beat 1 of" in words(app)


def test_a_scenario_is_set_up_again_after_its_demo_was_ended(open_page: Open) -> None:
    app = open_page("demo")
    set_up(app)
    (end,) = [button for button in app.button if button.label == "End the demo"]
    end.click().run()
    assert "No scenario is set up" in words(app)
    set_up(app)
