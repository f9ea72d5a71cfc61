"""A job is claimed once, lives as long as its process does, and never fails in silence."""

import os
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services import jobs
from services.jobs import (
    FAILURE,
    HEARTBEAT,
    ORDER,
    RESULT,
    Jobs,
    JobState,
    Progress,
)
from services.whole_files import write_whole

MODULE = "services.manifests.work_process"


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """The folder of a job that failed some time ago."""
    folder = tmp_path / "check.job"
    folder.mkdir()
    (folder / FAILURE).write_text("The work failed.")
    return folder


def mark(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.taken")


def answer(_order: str, _progress: Progress) -> bytes:
    return b"answer"


class Slow(Jobs):
    """Somebody whose first look at a job is followed by somebody else's start."""

    def __init__(self, other: threading.Thread, started: threading.Event) -> None:
        super().__init__(MODULE)
        self.other, self.started = other, started

    def state(self, folder: Path) -> JobState:
        found = super().state(folder)
        if not self.started.is_set():
            self.other.start()
            assert self.started.wait(30)
        return found


def test_a_job_lets_pages_go_first(tmp_path: Path) -> None:
    started, folder = Jobs("tests.unit.patient_job"), tmp_path / "long.job"
    started.start(folder, "order")
    child = started._children[folder]
    try:
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == min(ours + jobs.NICER, 19)
    finally:
        started.cancel(folder)
        assert child.wait(60) == 1


@pytest.mark.parametrize("is_new", [False, True])
def test_a_job_that_two_start_at_once_is_done_once(ended: Path, *, is_new: bool) -> None:
    folder = ended.with_name("new.job") if is_new else ended
    started, finish, done = threading.Event(), threading.Event(), []

    def work(order: str, _progress: Progress) -> bytes:
        done.append(order)
        started.set()
        if order == "first":
            assert finish.wait(30)
        return order.encode()

    def start(by: Jobs, order: str) -> None:
        by.do(folder, order, work, expected=ValueError)

    first = threading.Thread(target=start, args=(Jobs(MODULE), "first"))
    start(Slow(first, started), "second")
    finish.set()
    first.join(30)
    assert done == ["first"]
    assert (folder / RESULT).read_bytes() == b"first"
    assert not mark(folder).exists()


def test_a_start_that_was_killed_half_way_does_not_bar_the_job(
    ended: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark(ended).touch()
    monkeypatch.setattr(jobs, "SILENCE", -1.0)
    for _ in range(2):
        Jobs(MODULE).do(ended, "", answer, expected=ValueError)
    assert (ended / RESULT).read_bytes() == b"answer"


def test_a_job_that_somebody_is_about_to_make_is_theirs(tmp_path: Path) -> None:
    folder = tmp_path / "check.job"
    mark(folder).touch()
    Jobs(MODULE).do(folder, "", answer, expected=ValueError)
    assert [path.name for path in tmp_path.iterdir()] == ["check.job.taken"]


@pytest.mark.parametrize("held", [(ORDER,), ()], ids=["before its first beat", "before its order"])
def test_a_job_that_died_early_is_started_again(tmp_path: Path, held: tuple[str, ...]) -> None:
    folder = tmp_path / "check.job"
    folder.mkdir()
    for name in held:
        (folder / name).touch()
    os.utime(folder, (0, 0))
    assert Jobs(MODULE).state(folder).message == "The work stopped without an answer."
    Jobs(MODULE).do(folder, "", answer, expected=ValueError)
    assert (folder / RESULT).read_bytes() == b"answer"


def test_a_claim_that_failed_bars_nobody(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(jobs, "write_whole", write)
        with pytest.raises(OSError, match="No space"):
            Jobs(MODULE).do(ended, "", answer, expected=ValueError)
    os.utime(ended, (0, 0))
    Jobs(MODULE).do(ended, "", answer, expected=ValueError)
    assert (ended / RESULT).read_bytes() == b"answer"


def test_a_beat_that_cannot_be_written_is_followed_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats, beaten = 0, threading.Event()

    def write(path: Path, content: bytes) -> None:
        nonlocal beats
        if path.name == HEARTBEAT:
            beats += 1
            if beats == 1:
                raise OSError(28, "No space left on device")
            beaten.set()
        write_whole(path, content)

    def work(_order: str, _progress: Progress) -> bytes:
        return b"alive" if beaten.wait(10) else b"dead"

    monkeypatch.setattr(jobs, "write_whole", write)
    Jobs(MODULE).do(tmp_path / "job", "", work, expected=ValueError)
    assert (tmp_path / "job" / RESULT).read_bytes() == b"alive"


def test_what_nobody_expected_is_logged_by_its_type(tmp_path: Path) -> None:
    def work(_order: str, _progress: Progress) -> bytes:
        raise KeyError("a secret")

    with capture_logs() as logged:
        Jobs(MODULE).do(tmp_path / "here", "", work, expected=ValueError)
        Jobs(MODULE, "1000").start(tmp_path / "child", "no order")
        watching = [each for each in threading.enumerate() if each.name == "job child"]
        for each in watching:
            each.join(60)
    assert len(logged) == 2
    assert logged[0]["said"] == "The work failed unexpectedly (KeyError)."
    assert "unexpectedly" in logged[1]["said"]
    assert "secret" not in str(logged)
