"""The sandbox is started once; every suite runs over each implementation."""

from collections.abc import Iterator

import pytest

from tests.contract.sandbox_process import SandboxProcess, sandbox_process
from tests.contract.worlds import MemoryWorld, SandboxWorld, World


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture(params=["memory", "sandbox"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    return SandboxWorld(request.getfixturevalue("sandbox"))
