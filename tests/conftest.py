"""What holds for every test: no network but this machine's, no settings but the test's own."""

import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import structlog
from hypothesis import settings

from tests.forked import Nursery, popen_of
from tests.postgres import Cluster, cluster

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SCRUBBED = ("ENCORD_", "GOOGLE_", "STORAGE_EMULATOR_HOST", "STREAMLIT_")
MEMORY = Path("/dev/shm")
#: Several times what the tests hold at once, in bytes.
ROOM = 4 * 2**30


# Tests are never timed: on a busy machine any example may take long.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")
#: Guards the processes that tests start in the same way.
os.environ["PYTHONPATH"] = str(Path(__file__).with_name("inside"))
#: A traceback with every frame's source in colours costs seconds each.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)


def _write_to_memory() -> None:
    """Put the tests' files into memory where there is room: a commit waits 4 ms for a disk.

    They are written, synced and torn by kills there as on a disk; only what becomes of files
    without power differs, and no test takes that away.
    """
    asked = {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & os.environ.keys()
    if asked or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return
    if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return
    os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)
    tempfile.tempdir = None


_write_to_memory()


class OutsideError(RuntimeError):
    """A test tried to reach another machine."""


def _is_inside(address: Any) -> bool:
    return not isinstance(address, tuple) or str(address[0]) in LOOPBACK


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests: at the end, the other worker would have nothing to do."""
    items.sort(key=lambda item: "chaos" not in item.keywords)


def pytest_collection_finish() -> None:
    """Spare the collector what stays to the end: modules and thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    """Refuse every connection to another machine, before a packet leaves."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, real: Any = real) -> Any:
            if not _is_inside(address):
                raise OutsideError(f"a test tried to reach {address}")
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One PostgreSQL for whoever does not stop or crash it; each test has databases of its own."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def everything_imported() -> Iterator[Nursery]:
    """One process for all tests of this one to fork from."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch, everything_imported: Nursery) -> None:
    """Fork our programs instead of starting them, whoever starts them, where that is possible."""
    if sys.platform == "linux":
        monkeypatch.setattr(subprocess, "Popen", popen_of(everything_imported))


@pytest.fixture
def main_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no process run the page again that a test before this one drew as the main module."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's keys and settings."""
    for name in list(os.environ):
        if name.startswith(SCRUBBED):
            monkeypatch.delenv(name)
