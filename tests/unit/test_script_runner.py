"""The mended script runner."""

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime import app_session
from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner

from components.script_runner import mend, wait_for_what_was_said


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_runner_ends_once_all_it_said_is_taken(loop: asyncio.AbstractEventLoop) -> None:
    may_go_on, waits, taken = threading.Event(), threading.Event(), list[int]()
    loop.call_soon_threadsafe(may_go_on.wait)
    for said in range(100):
        loop.call_soon_threadsafe(taken.append, said)

    def run() -> None:
        waits.set()
        wait_for_what_was_said(loop)
        taken.append(-1)

    runner = threading.Thread(target=run)
    runner.start()
    waits.wait()
    assert not taken
    may_go_on.set()
    runner.join()
    assert taken == [*range(100), -1]


def test_a_runner_does_not_wait_for_a_server_that_is_gone() -> None:
    gone = asyncio.new_event_loop()
    gone.close()
    wait_for_what_was_said(gone)


def test_runs_of_one_session_take_turns_and_wait_for_nobody_else(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, may_end, said = threading.Event(), threading.Event(), list[str]()

    def begin(self: Any, name: str, storage: MemoryFragmentStorage) -> None:
        self.name, self._fragment_storage = name, storage
        self._pages_manager = SimpleNamespace(current_page_script_hash="page")

    def run(self: Any, _data: RerunData) -> None:
        said.append(f"{self.name} begins")
        inside.set()
        if self.name == "first":
            may_end.wait()
        said.append(f"{self.name} ends")

    monkeypatch.setattr(ScriptRunner, "__init__", begin)
    monkeypatch.setattr(ScriptRunner, "_run_script", run)
    monkeypatch.setattr(app_session, "ScriptRunner", ScriptRunner)
    mend(loop)
    one, other = MemoryFragmentStorage(), MemoryFragmentStorage()

    def start(name: str, storage: MemoryFragmentStorage) -> threading.Thread:
        runner: Any = vars(app_session)["ScriptRunner"](name, storage)
        thread = threading.Thread(target=runner._run_script, args=(RerunData(),))
        thread.start()
        return thread

    first = start("first", one)
    inside.wait()
    second = start("second", one)
    start("somebody else", other).join()
    may_end.set()
    first.join()
    second.join()
    whole = [f"{name} {what}" for name in ("first", "second") for what in ("begins", "ends")]
    assert said == [whole[0], "somebody else begins", "somebody else ends", *whole[1:]]
