"""The demo studio over a real sandbox: what a presenter finds after setting up again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bootstrap import Runtime, build_runtime, open_demo_studio
from services.demo_studio.sandbox_demo import SandboxDemo
from services.demo_studio.studio import DemoStudio
from services.settings import Settings
from tests.contract.sandbox_process import SandboxProcess


@pytest.fixture
def runtime(tmp_path: Path, sandbox: SandboxProcess) -> Iterator[Runtime]:
    made = build_runtime(Settings(data_dir=tmp_path / "data"))
    made.connections.add_sandbox(sandbox.url, sandbox.key_file)
    yield made
    made.ledger.engine.dispose()
    sandbox.control("reset")


@pytest.fixture
def studio(runtime: Runtime, sandbox: SandboxProcess) -> DemoStudio:
    return open_demo_studio(runtime, SandboxDemo(sandbox.key_file.parent / "endpoint.json"))


def set_up(studio: DemoStudio) -> str:
    showing = studio.set_up("outage", seed=1, size=200, actor="me")
    run = studio.run(showing)
    assert run is not None
    return run.id


def test_a_demo_set_up_after_a_stop_begins_with_a_run_of_its_own(studio: DemoStudio) -> None:
    first = set_up(studio)
    again = set_up(studio)
    studio.stop()
    later = set_up(studio)
    assert len({first, again, later}) == 3
