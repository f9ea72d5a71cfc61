"""A disk that is really full: nothing is sent that is not written down, and it passes by itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from services.domain.runs import AttemptState, RunState
from services.ledger.care import examine
from services.ledger.tables import ATTEMPT
from tests.unit.engine.world import World

SIZE = "2m"
ENTRIES = 6
#: Steps taken while the disk is full: more than any back-off leads to a person in.
TRIES = 12
NEEDED = f"a file system of {SIZE} can only be mounted by root on Linux"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not _mounted(folder):
        if os.environ.get("CI") == "true":
            pytest.fail(NEEDED)
        pytest.skip(NEEDED)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def _mounted(folder: Path) -> bool:
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def fill(disk: Path) -> Path:
    """Take every byte that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    return ballast


def sent_and_written(world: World) -> tuple[int, int]:
    """Count what Encord was asked to start, and what the ledger says was about to be sent."""
    before = (AttemptState.INTENT, AttemptState.NOT_SENT)
    chosen = select(func.count()).where(ATTEMPT.c.state.not_in(before))
    with world.ledger.reading() as cx:
        written = cx.scalar(chosen) or 0
    return world.asked("start_upload") + world.asked("create_folder"), written


def struggle(world: World) -> int:
    """Try to go on with the full disk; return how often that failed."""
    failed = 0
    for _ in range(TRIES):
        try:
            world.step()
        except OperationalError:
            failed += 1
        world.clock.seconds += 400
        sent, written = sent_and_written(world)
        assert sent <= written, "it was sent without being written down"
    return failed


@pytest.mark.parametrize("steps", range(7))
def test_a_full_disk_delays_a_run_and_costs_nothing(disk: Path, steps: int) -> None:
    world = World(disk)
    run = world.submit(world.images(ENTRIES), chunk=3)
    for _ in range(steps):
        world.step()
    ballast = fill(disk)
    failed = struggle(world)
    assert failed, "the disk was not full"
    assert world.view(run).id == run, "a full ledger can still be read"
    ballast.unlink()
    world.clock.seconds += 1000
    world.settle()
    view = world.view(run)
    assert (view.state, view.counts.registered) == (RunState.COMPLETE, ENTRIES)
    urls = [item.url for page in world.encord.list_items(view.folder_uuid or "") for item in page]
    assert len(urls) == len(set(urls)) == ENTRIES
    assert examine(f"sqlite:///{disk / 'ledger.sqlite3'}").is_whole
    world.ledger.engine.dispose()
