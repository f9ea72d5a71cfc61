"""Damage to a ledger is found wherever it is; a backup is whole and comes back."""

import os
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text, update

from services.domain.chunks import Chunk, Ranges
from services.domain.runs import AttemptState, FolderChoice, Submission, WorkKind, WorkState
from services.ledger import attempts, outcomes, runs, seal
from services.ledger.care import examine, examine_connection, opened
from services.ledger.command import main
from services.ledger.copies import CopyError, backup, restore
from services.ledger.errors import LedgerAwayError
from services.ledger.store import Claim, Ledger
from services.ledger.tables import ATTEMPT, EVENT, META, METADATA, OUTCOME, RUN, WORK
from tests.postgres import Cluster

SEED = 20261122
KINDS = tuple(WorkKind)
ENTRIES = 400


def url_of(ledger: Ledger) -> str:
    return ledger.engine.url.render_as_string(hide_password=False)


def file_of(ledger: Ledger) -> Path:
    return Path(ledger.engine.url.database or "")


@dataclass(frozen=True)
class Pristine:
    path: Path
    data: bytes
    reading: object


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Pristine:
    """The file of a filled ledger, for others to be copies of."""
    path = tmp_path_factory.mktemp("pristine") / "ledger.sqlite3"
    fill_new(f"sqlite:///{path}")
    assert not path.with_name("ledger.sqlite3-wal").exists()
    return Pristine(path, path.read_bytes(), dump(path))


@pytest.fixture(scope="module")
def full(postgres: Cluster) -> str:
    """A database with a filled ledger, for others to be copies of."""
    url = postgres.new_database()
    fill_new(url)
    return url


@pytest.fixture
def filled(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if kind == "sqlite":
        path = tmp_path / "ledger.sqlite3"
        path.write_bytes(request.getfixturevalue("pristine").data)
        url = f"sqlite:///{path}"
    else:
        cluster = request.getfixturevalue("postgres")
        url = cluster.new_database(like=request.getfixturevalue("full"))
    ledger = Ledger(url)
    seal.attach(ledger.engine)
    yield ledger
    ledger.engine.dispose()


def fill_new(url: str) -> None:
    ledger = Ledger(url)
    seal.attach(ledger.engine)
    fill(ledger)
    ledger.engine.dispose()


def fill(ledger: Ledger) -> None:
    """Take one run to its end, leave one half way and one untouched."""
    with ledger.transaction() as cx:
        done, half, _ = (create(cx, nonce) for nonce in ("done", "half", "untouched"))
    advance(ledger, done, sent=True)
    advance(ledger, half, sent=False)
    with ledger.transaction() as cx:
        cx.execute(insert(OUTCOME), list(decided(done)))
        match = cx.scalars(select(WORK.c.id).where(WORK.c.run == done, WORK.c.kind == "match"))
        runs.finish(cx, match.one())


def create(cx: Connection, nonce: str, parent: str | None = None) -> str:
    asked = Submission(
        name=f"Run {nonce}",
        connection="connection",
        account="SHA256:test",
        manifest="f" * 64,
        check="{}",
        folder=FolderChoice(name="Folder"),
        integration="integration",
        integration_title="Demo bucket",
        nonce=nonce,
        created_by="tester",
        parent=parent,
    )
    return runs.create(
        cx, asked, connection_label="Test", manifest_name="m", entries=ENTRIES, held=1
    )


def advance(ledger: Ledger, run: str, *, sent: bool) -> None:
    """Plan a run and make its folder; send its one chunk, or only mean to."""
    while claim := next_of(ledger, run):
        with ledger.fenced(claim) as cx:
            if claim.kind is WorkKind.PLAN:
                chosen = Ranges(((0, ENTRIES - 1),))
                runs.add_chunks(
                    cx, run, [Chunk(seq=0, entries=chosen, urls=ENTRIES, digest="d" * 64)]
                )
            if claim.kind is WorkKind.CHUNK:
                made = attempts.intend(
                    cx, claim.work, fence=claim.fence, entries=f"0-{ENTRIES - 1}"
                )
                if not sent:
                    return
                attempts.move(cx, made.token, AttemptState.FINISHED, result=f"job of {run}")
                attempts.keep_answer(cx, made.token, {"state": "done", "items": ["x"] * 50})
            if claim.kind is WorkKind.MATCH:
                return
            runs.finish(cx, claim.work)


def next_of(ledger: Ledger, run: str) -> Claim | None:
    """Claim the next open work of one run."""
    with ledger.reading() as cx:
        open_work = select(WORK.c.id).where(WORK.c.run == run, WORK.c.state == WorkState.OPEN)
        work = cx.scalar(open_work.order_by(WORK.c.id).limit(1))
    return ledger.claim("worker", 30, KINDS, work=work) if work else None


def decided(run: str) -> Iterator[dict[str, object]]:
    for entry in range(ENTRIES):
        failed = entry % 7 == 0
        yield {
            "run": run,
            "entry": entry,
            "root": run,
            "generation": 0,
            "rank": 4 if failed else 0,
            "cause": "object-missing" if failed else None,
            "message": f"No such object: b/{entry}.jpg" if failed else "",
            "type": "image",
            "url": f"gs://bucket/a prefix of some length/{entry:06}.jpg",
            "url_count": 1,
            "item_uuid": f"{entry:036}",
        }


def content(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    with ledger.reading() as cx:
        return {
            table.name: [
                tuple(row)
                for row in cx.execute(
                    select(table).where(seal.is_content(table)).order_by(*table.primary_key.columns)
                )
            ]
            for table in METADATA.sorted_tables
        }


# Verify


def test_a_filled_ledger_is_whole(filled: Ledger) -> None:
    found = examine(url_of(filled))
    assert found.findings == ()
    assert found.runs == 3
    assert found.events >= 7


def test_a_seal_follows_every_write(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    seal.attach(ledger.engine)
    for step in (
        lambda cx: create(cx, "one"),
        lambda cx: cx.execute(update(RUN).values(name="é\x00'", registered=5)),
        lambda cx: cx.execute(update(WORK).values(lease_until=1.5, next_at=3)),
        lambda cx: outcomes.save(cx, list(decided(cx.scalar(select(RUN.c.id))))),
        lambda cx: outcomes.save(cx, list(decided(cx.scalar(select(RUN.c.id))))),
        lambda cx: cx.execute(OUTCOME.delete().where(OUTCOME.c.entry > 100)),
        lambda cx: cx.execute(META.delete().where(META.c.key == "clock-epoch")),
    ):
        with ledger.transaction() as cx:
            step(cx)
        with ledger.reading() as cx:
            assert list(seal.broken(cx)) == []


def test_a_write_that_is_undone_leaves_the_seal(filled: Ledger) -> None:
    with filled.engine.connect() as cx:
        cx.execute(update(RUN).values(name="other"))
        cx.rollback()
    assert examine(url_of(filled)).is_whole


CHANGES: list[tuple[str, str]] = [
    ("UPDATE outcome SET url = 'gs://bucket/other.jpg' WHERE entry = 3", "outcome"),
    ("DELETE FROM outcome WHERE entry = 3", "outcome"),
    ("UPDATE attempt SET result = 'another job' WHERE result IS NOT NULL", "attempt"),
    ("UPDATE answer SET body = x'00'", "answer"),
    ("UPDATE work SET digest = ''", "work"),
    ("UPDATE run SET account = 'SHA256:other'", "run"),
    ("UPDATE event SET actor = 'nobody' WHERE seq = 2", "event 2"),
    ("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)", "event"),
    ("DELETE FROM meta WHERE key = 'clock-epoch'", "meta"),
    ("DELETE FROM meta WHERE key = 'seal run'", "run"),
    ("DROP TRIGGER seal_work_update", "sqlite_master"),
    ("CREATE TABLE extra (x)", "sqlite_master"),
    ("UPDATE alembic_version SET version_num = '9999'", "version"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_what_another_program_changes_is_found(
    pristine: Pristine, tmp_path: Path, change: str, named: str
) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(pristine.data)
    other = sqlite3.connect(path)
    triggers = [
        row[0] for row in other.execute("SELECT sql FROM sqlite_master WHERE type='trigger'")
    ]
    names = [row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]
    for name in names:  # as somebody who knows of the triggers would
        other.execute(f"DROP TRIGGER {name}")
    if change.startswith("DROP TRIGGER"):
        triggers = triggers[1:]
    else:
        other.execute(change)
    for trigger in triggers:
        other.execute(trigger)
    other.commit()
    other.close()
    found = examine(f"sqlite:///{path}")
    assert any(named in sentence for sentence in found.findings), found


def test_a_program_without_the_functions_cannot_write(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    seal.attach(ledger.engine)
    ledger.engine.dispose()
    other = sqlite3.connect(file_of(ledger))
    with pytest.raises(sqlite3.OperationalError, match="no such function"):
        other.execute("INSERT INTO meta VALUES ('a', 'b')")
    other.close()


def test_a_seal_that_vanished_is_not_renewed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger = Ledger(url)
    seal.attach(ledger.engine)
    with ledger.transaction() as cx:
        cx.execute(META.delete().where(META.c.key.startswith("seal")))
    ledger.engine.dispose()
    again = Ledger(url)
    seal.attach(again.engine)
    again.engine.dispose()
    assert not examine(url).is_whole


CONTRADICTIONS: list[tuple[Callable[[Connection], object], str]] = [
    (lambda cx: cx.execute(update(RUN).values(registered=1)), "counts of run"),
    (lambda cx: cx.execute(update(WORK).values(state="done")), "open attempt"),
    (lambda cx: cx.execute(update(RUN).values(state="complete")), "ended"),
    (lambda cx: cx.execute(update(RUN).values(state="odd")), "States"),
    (lambda cx: cx.execute(update(WORK).values(entry_count=7)), "as many entries"),
    (lambda cx: cx.execute(update(OUTCOME).values(root="x")), "another family"),
    (lambda cx: cx.execute(update(RUN).values(receipt="x")), "receipt"),
]


def test_rows_that_contradict_each_other_are_named(filled: Ledger) -> None:
    with filled.engine.connect() as cx:
        for change, sentence in CONTRADICTIONS:
            change(cx)
            findings = examine_connection(cx).findings
            assert any(sentence in finding for finding in findings), (sentence, findings)
            cx.rollback()
        assert examine_connection(cx).is_whole


def test_two_open_attempts_are_named(filled: Ledger) -> None:
    with filled.transaction() as cx:
        cx.execute(text("DROP INDEX one_open_attempt"))
        work = cx.scalar(select(ATTEMPT.c.work).where(ATTEMPT.c.state == "intent"))
        cx.execute(insert(ATTEMPT).values(token="t", work=work, n=9, state="unknown", fence=1))
    assert any("More than one" in finding for finding in examine(url_of(filled)).findings)


def test_a_ledger_put_back_is_told_by_its_head(filled: Ledger) -> None:
    url = url_of(filled)
    noted = examine(url).head
    assert examine(url, head=noted).is_whole
    assert not examine(url, head="0" * 63 + "1").is_whole


# Damage


def damages(data: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged copies: flipped bits, random stretches, lost pages, lost ends."""
    chance = random.Random(SEED)
    for number in range(count):
        at = chance.randrange(len(data))
        kind = ("bit", "64 bytes", "4 KB", "truncate")[number % 4]
        if kind == "bit":
            new = bytearray(data)
            new[at] ^= 1 << chance.randrange(8)
            yield f"{kind} at {at}", bytes(new)
        elif kind == "truncate":
            yield f"{kind} at {at}", data[:at]
        else:
            size = 64 if kind == "64 bytes" else 4096
            yield f"{kind} at {at}", data[:at] + chance.randbytes(size) + data[at + size :]


def dump(path: Path) -> object:
    """Read everything a SQLite file says, by its tables; damage may end that."""
    other = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        schema = other.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        names = [row[1] for row in schema if row[0] == "table" and not row[1].startswith("sqlite_")]
        return sorted(map(repr, schema)), {
            name: sorted(map(repr, other.execute(f'SELECT * FROM "{name}" NOT INDEXED')))
            for name in sorted(names)
        }
    except (sqlite3.Error, ValueError) as error:
        return f"unreadable: {error}"
    finally:
        other.close()


def test_every_damage_that_changes_content_is_found(pristine: Pristine, tmp_path: Path) -> None:
    changed, missed, victim = 0, [], tmp_path / "victim.sqlite3"
    for name, data in damages(pristine.data, 120):
        victim.write_bytes(data)
        differs = dump(victim) != pristine.reading
        found = examine(f"sqlite:///{victim}")
        changed += differs
        if differs and found.is_whole:
            missed.append(name)
    assert missed == []
    assert changed > 50


# Backup and restore


def test_a_backup_is_whole_private_and_the_same(filled: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "ledger.backup"
    target.parent.mkdir()
    made = backup(url_of(filled), target)
    assert made.is_whole
    assert examine(f"sqlite:///{target}").is_whole
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["ledger.backup"]
    with pytest.raises(CopyError, match="exists"):
        backup(url_of(filled), target)


def test_a_backup_is_taken_while_the_ledger_is_written(filled: Ledger, tmp_path: Path) -> None:
    with filled.transaction() as cx:
        create(cx, "while it is copied")
        made = backup(url_of(filled), tmp_path / "copy")
    assert (made.runs, made.is_whole) == (3, True)


def test_a_damaged_ledger_is_not_backed_up(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    seal.attach(ledger.engine)
    fill(ledger)
    with ledger.transaction() as cx:
        cx.execute(update(META).where(META.c.key == "seal run").values(value="0" * 32))
    with pytest.raises(CopyError, match="not whole"):
        backup(url_of(ledger), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    ledger.engine.dispose()


def test_what_is_restored_is_what_was_backed_up(filled: Ledger, tmp_path: Path) -> None:
    before = content(filled)
    backup(url_of(filled), tmp_path / "copy")
    with filled.transaction() as cx:
        create(cx, "after the backup")
        cx.execute(update(OUTCOME).values(message="changed"))
    filled.engine.dispose()
    with pytest.raises(CopyError, match="not empty"):
        restore(tmp_path / "copy", url_of(filled))
    kept = restore(tmp_path / "copy", url_of(filled), replace=True)
    assert kept is not None
    assert examine(f"sqlite:///{kept}").runs == 4
    assert examine(url_of(filled)).is_whole
    after = content(filled)
    for table in ("run", "outcome", "answer", "receipt", "progress"):
        assert after[table] == before[table]
    assert set(before["event"]) <= set(after["event"])


def test_what_was_not_sent_is_looked_for_after_a_restore(filled: Ledger, tmp_path: Path) -> None:
    backup(url_of(filled), tmp_path / "copy")
    filled.engine.dispose()
    restore(tmp_path / "copy", url_of(filled), replace=True)
    with filled.reading() as cx:
        states = cx.execute(select(ATTEMPT.c.state, ATTEMPT.c.note)).all()
        told = cx.scalars(select(EVENT.c.what).order_by(EVENT.c.seq.desc()).limit(4)).all()
    # The chunk of one run; the plan and the folder of another.
    assert sorted(row.state for row in states) == ["finished", "unknown", "unknown", "unknown"]
    assert "restored" in told


def test_a_ledger_is_put_in_place_with_its_doubts_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger = Ledger(url)
    seal.attach(ledger.engine)
    fill(ledger)
    ledger.engine.dispose()
    backup(url, tmp_path / "copy")

    class KilledError(BaseException):
        """Stands for kill -9 at the next thing that happens after the ledger is in place."""

    original = Path.replace

    def replace(self: Path, target: Path) -> Path:
        original(self, target)
        raise KilledError

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KilledError):
        restore(tmp_path / "copy", url, replace=True)
    monkeypatch.undo()
    assert examine(url).is_whole
    with Ledger(url).reading() as cx:
        states = cx.scalars(select(ATTEMPT.c.state)).all()
    assert "intent" not in states
    assert "unknown" in states


def test_a_log_that_lost_its_ledger_is_not_read_into_a_restored_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    url = f"sqlite:///{path}"
    ledger = Ledger(url)
    seal.attach(ledger.engine)
    fill(ledger)
    backup(url, tmp_path / "copy")
    with ledger.transaction() as cx:
        create(cx, "after the backup")
    log = path.with_name("ledger.sqlite3-wal").read_bytes()
    ledger.engine.dispose()
    path.unlink()
    path.with_name("ledger.sqlite3-wal").write_bytes(log)
    assert restore(tmp_path / "copy", url) is None
    assert examine(url).is_whole
    assert examine(url).runs == 3
    assert [file.name for file in tmp_path.glob("ledger.sqlite3-*")] == []
    assert len(list(tmp_path.glob("*.replaced-*-wal"))) == 1, "it was not thrown away"


def test_a_ledger_moves_to_a_machine_that_has_none(filled: Ledger, tmp_path: Path) -> None:
    backup(url_of(filled), tmp_path / "copy")
    url = f"sqlite:///{tmp_path / 'new' / 'data' / 'ledger.sqlite3'}"
    assert restore(tmp_path / "copy", url) is None
    assert examine(url).is_whole


def test_a_ledger_moves_to_another_database(
    filled: Ledger, tmp_path: Path, postgres: Cluster
) -> None:
    backup(url_of(filled), tmp_path / "copy")
    elsewhere = postgres.new_database()
    assert restore(tmp_path / "copy", elsewhere) is None
    moved = Ledger(elsewhere)
    assert content(moved)["outcome"] == content(filled)["outcome"]
    with moved.transaction() as cx:
        create(cx, "the first one there")
    assert examine(elsewhere).is_whole
    moved.engine.dispose()


def test_a_database_that_goes_away_while_it_is_examined_is_not_called_damaged(
    postgres: Cluster, empty: str
) -> None:
    url = postgres.new_database(like=empty)
    with opened(url) as looking, opened(url) as other:
        session = looking.scalar(select(func.pg_backend_pid()))
        other.execute(select(func.pg_terminate_backend(session)))
        with pytest.raises(LedgerAwayError):
            examine_connection(looking)


def test_moving_to_another_database_writes_nothing_beside_the_backup(
    filled: Ledger, tmp_path: Path, postgres: Cluster
) -> None:
    copy = tmp_path / "mounted" / "copy"
    backup(url_of(filled), copy)
    os.utime(copy.parent, (0, 0))
    assert restore(copy, postgres.new_database()) is None
    assert copy.parent.stat().st_mtime == 0


def test_retries_are_copied_whatever_their_ids(
    filled: Ledger, tmp_path: Path, postgres: Cluster
) -> None:
    with filled.transaction() as cx:
        first = create(cx, "first")
        for number in range(20):  # by chance, hardly all of them come after the first
            create(cx, f"retry {number}", first)
    copy, elsewhere = tmp_path / "copy", postgres.new_database()
    backup(url_of(filled), copy)
    filled.engine.dispose()
    assert restore(copy, url_of(filled), replace=True) is not None
    assert restore(copy, elsewhere) is None
    for url in (url_of(filled), elsewhere):
        assert (examine(url).findings, examine(url).runs) == ((), 24)


def test_a_ledger_in_use_is_not_replaced(filled: Ledger, tmp_path: Path) -> None:
    backup(url_of(filled), tmp_path / "copy")
    with filled.reading() as cx:
        cx.execute(select(RUN.c.id)).all()
        with pytest.raises(CopyError, match="in use"):
            restore(tmp_path / "copy", url_of(filled), replace=True)
    assert filled.runs().total == 3


def test_a_damaged_backup_is_not_restored(filled: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup(url_of(filled), copy)
    copy.write_bytes(copy.read_bytes()[:-4096])
    with pytest.raises(CopyError, match="not a whole backup"):
        restore(copy, url_of(filled), replace=True)
    assert examine(url_of(filled)).runs == 3


def test_a_damaged_ledger_is_replaced_and_kept(pristine: Pristine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    shutil.copy(pristine.path, tmp_path / "copy")
    broken = b"\x00" * 4096 + pristine.data[4096:]
    (tmp_path / "ledger.sqlite3").write_bytes(broken)
    kept = restore(tmp_path / "copy", url, replace=True)
    assert kept is not None
    assert kept.read_bytes() == broken
    assert examine(url).is_whole


# The command line


def test_the_commands_say_what_they_did(
    filled: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, copy = url_of(filled), str(tmp_path / "copy")
    assert main(["verify"], url) == 0
    assert "whole: 3 runs" in capsys.readouterr().out
    assert main(["backup", copy], url) == 0
    assert main(["verify", copy], url) == 0
    assert main(["restore", copy], url) == 1
    assert "not empty" in capsys.readouterr().err
    filled.engine.dispose()
    assert main(["restore", copy, "--replace"], url) == 0
    assert "kept as" in capsys.readouterr().out


def test_the_commands_exit_with_their_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = f"sqlite:///{tmp_path / 'none.sqlite3'}"
    assert main(["verify"], nothing) == 1
    assert main(["verify", str(tmp_path)], nothing) == 1
    assert main([], nothing) == 2
    assert main(["backup"], nothing) == 2
    assert main(["--help"], nothing) == 0
    assert main(["backup", str(tmp_path / "copy")], nothing) == 1
    assert "damaged" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
