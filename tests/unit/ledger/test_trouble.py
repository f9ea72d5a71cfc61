"""What the ledger does when the machine below it is in trouble."""

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from services.domain.runs import RunState, WorkKind
from services.ledger import runs
from services.ledger.errors import LedgerError, SchemaChangedError
from services.ledger.filesystem import refuse_network_folder
from services.ledger.store import Ledger
from tests.postgres import Cluster
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


@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_database_that_cuts_its_connections_delays_a_run_and_blocks_nothing(
    tmp_path: Path, postgres: Cluster, every: int
) -> None:
    world = World(tmp_path, database_url=postgres.new_database())
    run = world.submit(world.images(12), chunk=3)
    cuts = commits = 0

    def cut(cx: Connection) -> None:
        nonlocal cuts, commits
        commits += 1
        if commits % every == 0 and cuts < 12:
            cuts += postgres.terminate_backends()

    event.listen(world.ledger.engine, "commit", cut)
    while cuts < 12:
        with suppress(OperationalError):  # one that is cut twice stays leased
            world.step()
        world.clock.seconds += 400
        world.encord.advance()
    world.settle()
    view = world.view(run)
    assert (view.state, view.counts.registered) == (RunState.COMPLETE, 12)
    assert world.asked("start_upload") == 4
    world.ledger.engine.dispose()


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
    with pytest.raises(LedgerError, match="network share"):
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
