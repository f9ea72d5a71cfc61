"""The Demo studio's page over a real sandbox: setting up, ending, and setting up again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.runtime import get_background
from services.bootstrap import Runtime, open_demo_studio
from services.demo_studio.sandbox_demo import SandboxDemo
from services.demo_studio.studio import DemoStudio
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
        known.future.result(60)


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
