"""The mended script runner."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from components.script_runner import wait_for_what_was_said


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
