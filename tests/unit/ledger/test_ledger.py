"""The ledger's promises: one submission, one owner, a fence, and a history that shows damage."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from services.domain.chunks import Chunk, Ranges
from services.domain.runs import FolderChoice, RunState, Submission, WorkKind
from services.ledger import attempts, holders, migrate, runs
from services.ledger.errors import LeaseLostError
from services.ledger.events import broken_links, record
from services.ledger.store import Claim, Ledger

KINDS = tuple(WorkKind)


def submission(nonce: str = "one") -> Submission:
    return Submission(
        name="Run",
        connection="connection",
        account="SHA256:test",
        manifest="f" * 64,
        check="{}",
        folder=FolderChoice(name="Folder"),
        integration="integration",
        integration_title="Demo bucket",
        nonce=nonce,
        created_by="tester",
    )


def create(cx: Connection, nonce: str = "one") -> str:
    return runs.create(
        cx, submission(nonce), connection_label="Test", manifest_name="m", entries=5, held=1
    )


def claimed(ledger: Ledger, lease: float = 30) -> Claim:
    claim = ledger.claim("worker", lease, KINDS)
    assert claim is not None
    return claim


def test_nul_in_what_somebody_typed_ends_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        run = create(cx)
        record(cx, "asked", actor="a\0b", run=run, detail="called a\0b")
    assert ledger.runs(search="Run").total == 1
    assert ledger.runs(search="Run\0b").total == 0
    assert ledger.run("\0") is None
    with ledger.reading() as cx:
        assert list(broken_links(cx)) == []
    assert ledger.events(run).rows[0].detail == "called a\ufffdb"


def test_many_simultaneous_clicks_are_one_run(ledger: Ledger) -> None:
    answers: list[str] = []
    start = threading.Barrier(12)

    def click() -> None:
        start.wait()
        with ledger.transaction() as cx:
            answers.append(create(cx))

    threads = [threading.Thread(target=click) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert len(set(answers)) == 1
    assert ledger.runs().total == 1


def test_another_nonce_is_another_run(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        assert create(cx, "one") != create(cx, "two")
    assert ledger.runs().total == 2


def test_work_has_one_owner_until_its_lease_runs_out(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        create(cx)
    first = claimed(ledger, lease=0.0)
    second = claimed(ledger)
    assert second.work == first.work
    assert second.fence == first.fence + 1
    assert ledger.claim("third", 30, KINDS) is None


def test_work_that_somebody_is_at_is_due_when_its_lease_ends(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        create(cx)
    assert ledger.seconds_to_next(KINDS) == 0
    claim = claimed(ledger, lease=30)
    due = ledger.seconds_to_next(KINDS)
    assert due is not None
    assert 0 < due <= 30
    with ledger.fenced(claim) as cx:
        ledger.release(cx, claim)
    assert ledger.seconds_to_next(KINDS) == 0


def test_an_owner_that_lost_its_lease_writes_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        run = create(cx)
    zombie = claimed(ledger, lease=0.0)
    claimed(ledger)
    with pytest.raises(LeaseLostError), ledger.fenced(zombie) as cx:
        runs.finish(cx, zombie.work)
    view = ledger.run(run)
    assert view is not None
    assert view.state is RunState.QUEUED


def test_only_one_attempt_of_a_chunk_is_open(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        create(cx)
    claim = claimed(ledger)
    with ledger.fenced(claim) as cx:
        attempts.intend(cx, claim.work, fence=claim.fence)
    with pytest.raises(IntegrityError), ledger.fenced(claim) as cx:
        attempts.intend(cx, claim.work, fence=claim.fence)


def test_stages_open_one_after_the_other(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        run = create(cx)
    order = []
    while claim := ledger.claim("worker", 30, KINDS):
        order.append(claim.kind)
        with ledger.fenced(claim) as cx:
            if claim.kind is WorkKind.PLAN:
                chunk = Chunk(seq=0, entries=Ranges(((0, 4),)), urls=5, digest="d")
                runs.add_chunks(cx, run, [chunk])
            runs.finish(cx, claim.work)
    told = WorkKind.NOTIFY  # that the run has ended
    assert order == [WorkKind.PLAN, WorkKind.FOLDER, WorkKind.CHUNK, WorkKind.MATCH, told]


def test_an_altered_event_is_found(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        create(cx, "one")
        create(cx, "two")
        assert list(broken_links(cx)) == []
        cx.execute(text("UPDATE event SET actor = 'somebody else' WHERE seq = 1"))
    with ledger.reading() as cx:
        assert list(broken_links(cx)) == [1]


def test_a_removed_event_is_found(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        for nonce in ("one", "two", "three"):
            create(cx, nonce)
        cx.execute(text("DELETE FROM event WHERE seq = 2"))
    with ledger.reading() as cx:
        assert list(broken_links(cx)) == [3]


def test_a_reboot_voids_leases(tmp_path: Path) -> None:
    class Clock:
        def __init__(self, boot: str, seconds: float) -> None:
            self.boot, self.seconds = boot, seconds

        def now(self, cx: Connection) -> float:
            return self.seconds

        def epoch(self) -> str:
            return self.boot

    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    before = Ledger(url, clock=Clock("first boot", 1_000_000))
    with before.transaction() as cx:
        create(cx)
    claimed(before)
    with before.transaction() as cx:
        holders.note(cx, "worker", ["connection"], now=1_000_000, until=1_000_030)
    after = Ledger(url, clock=Clock("second boot", 5))
    with after.transaction() as cx:
        assert holders.block_unheld(cx, now=5, grace=0) == 1, "a key was held over a reboot"
    with after.transaction() as cx:
        runs.unblock(cx, connection="connection")
    assert claimed(after).fence == 2


def test_a_commit_is_on_disk(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    with ledger.reading() as cx:
        assert cx.execute(text("PRAGMA synchronous")).scalar() == 2
        assert cx.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_the_head_is_the_newest_migration() -> None:
    versions = Path(migrate.__file__).parent / "migrations" / "versions"
    newest = max(path.name for path in versions.glob("[0-9]*.py"))
    assert newest.startswith(migrate.HEAD)


def test_tables_and_migrations_agree(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from services.ledger.tables import METADATA

    with ledger.reading() as cx:
        differences = compare_metadata(MigrationContext.configure(cx), METADATA)
    assert [d for d in differences if "one_open_attempt" not in str(d)] == []
