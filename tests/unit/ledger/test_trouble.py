"""What the ledger does when the machine below it is in trouble."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.domain.runs import WorkKind
from services.ledger import runs
from services.ledger.errors import SchemaChangedError
from services.ledger.filesystem import NetworkFolderError, refuse_network_folder
from services.ledger.store import Ledger
from tests.unit.engine.world import World
from tests.unit.ledger.test_ledger import create

KINDS = tuple(WorkKind)


def test_a_full_disk_stops_the_sending_and_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path)
    run = world.submit(world.images(3))
    while world.asked("create_folder") == 0:
        world.step()
    with world.ledger.engine.connect() as cx:
        pages = cx.exec_driver_sql("PRAGMA page_count").scalar_one()

    def fill(limit: int) -> None:
        with world.ledger.engine.connect() as cx:
            cx.exec_driver_sql(f"PRAGMA max_page_count={limit}")

    world.ledger.engine.dispose()
    fill(pages)
    with world.ledger.transaction() as cx:
        room = "x" * 4000
        with pytest.raises(OperationalError, match="full"):  # noqa: PT012 - until it is full
            for n in range(1000):
                cx.execute(
                    text("INSERT INTO meta VALUES (:key, :value)"), {"key": str(n), "value": room}
                )
    assert world.asked("start_upload") == 0, "it was sent without an intent on disk"
    assert world.view(run).id == run, "a full ledger can still be read"
    fill(10**9)
    world.settle()
    assert world.view(run).counts.registered == 3


def test_a_locked_ledger_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    ledger = Ledger(f"sqlite:///{file}")
    blocker = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(1.0, lambda: blocker.execute("COMMIT"))
    release.start()
    with ledger.transaction() as cx:
        create(cx)
    release.join()
    blocker.close()
    assert ledger.runs().total == 1


def test_newer_tables_stop_an_older_process(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        create(cx)
        cx.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
    with pytest.raises(SchemaChangedError):
        ledger.claim("worker", 30, KINDS)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_share_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mounts"
    share = tmp_path / "share"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/data {share} {kind} rw 0 0\n")
    refuse_network_folder(tmp_path, mounts)
    with pytest.raises(NetworkFolderError, match="network share"):
        refuse_network_folder(share / "deep", mounts)


def test_a_dead_owner_of_this_machine_is_told_from_a_living_one(ledger: Ledger) -> None:
    import os

    from services.engine.worker import HOST, died_here, owner_name

    assert not died_here(owner_name())
    assert not died_here(f"another-machine/{os.getpid()}/x")
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    dead = f"{HOST}/{child}/x"
    assert died_here(dead)
    with ledger.transaction() as cx:
        run = create(cx)
    assert ledger.claim(dead, 300, KINDS)
    assert ledger.claim("other", 30, KINDS) is None
    assert ledger.release_dead(died_here) == 1
    taken = ledger.claim("other", 30, KINDS)
    assert taken is not None
    assert taken.run == run
    with ledger.fenced(taken) as cx:
        runs.finish(cx, taken.work)
