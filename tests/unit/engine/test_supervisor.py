"""Children live as long as their parent wants, and never longer than their parent."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from services.engine.supervisor import Child, worker_environment

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCORD_ONBOARDING_DATA_DIR", str(tmp_path / "data"))


def test_a_child_that_dies_is_started_and_greeted_again(tmp_path: Path) -> None:
    said: list[str] = []
    twice = threading.Event()

    def hear(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            twice.set()
        elif child.pid:
            os.kill(child.pid, signal.SIGKILL)

    arguments = ["sandbox", "--data", str(tmp_path / "sandbox"), "--exit-with-parent"]
    child = Child("sandbox", arguments, on_line=hear)
    child.start()
    try:
        assert twice.wait(30), "the child did not come back"
        assert said[0] == said[1], "it came back somewhere else"
    finally:
        child.stop()
    assert child.pid is None


def test_nothing_that_fails_on_our_side_leaves_a_child_unkept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, said, twice = 0, 0, threading.Event()
    start = subprocess.Popen

    def crowded(*arguments: Any, **options: Any) -> Any:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        return start(*arguments, **options)

    def hear(line: str) -> None:
        nonlocal said
        said += 1
        if said == 2:
            twice.set()
        elif child.pid:
            os.kill(child.pid, signal.SIGKILL)
        raise ValueError(line)

    monkeypatch.setattr("services.engine.supervisor.subprocess.Popen", crowded)
    arguments = ["sandbox", "--data", str(tmp_path / "sandbox"), "--exit-with-parent"]
    child = Child("sandbox", arguments, on_line=hear)
    child.start()
    try:
        assert twice.wait(60), "the child did not come back"
    finally:
        child.stop()


PARENT = """
import os, sys, time
from services.engine.supervisor import Child
worker = Child("worker", ["worker", "--fed"])
worker.start()
while worker.pid is None:
    time.sleep(0.01)
print(worker.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.usefixtures("environment")
def test_the_worker_ends_with_a_parent_that_was_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    # The worker inherited the parent's stderr: the pipe ends when the worker is gone too.
    parent.stderr.read()
    parent.communicate()
    gone = subprocess.run(
        ["ps", "-p", str(worker), "-o", "stat="], check=False, capture_output=True
    )
    assert gone.stdout.strip()[:1] in {b"", b"Z"}


def test_the_worker_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCORD_SSH_KEY", "secret")
    monkeypatch.setenv("ENCORD_SSH_KEY_FILE", "/somewhere")
    assert not {"ENCORD_SSH_KEY", "ENCORD_SSH_KEY_FILE"} & set(worker_environment())
