"""Copies of a ledger: a backup is one SQLite file, whatever the ledger runs on, and is verified.

A restored ledger does not know what was sent after its backup. So nothing it calls unsent is sent
before Encord was looked at: restoring turns it into attempts whose answer is unknown. That is done
to a copy, so that a ledger is put in place with its doubts or not at all.
"""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from services.domain.runs import FINAL, OPEN_ATTEMPTS, AttemptState, WorkKind
from services.ledger import attempts, runs, seal
from services.ledger.care import Examination, examine, opened, refuse_away, sqlite_path
from services.ledger.errors import LedgerError
from services.ledger.events import record
from services.ledger.state import CLOSED
from services.ledger.store import Ledger
from services.ledger.tables import ATTEMPT, EVENT, METADATA, RUN, WORK

BATCH: Final = 5_000
#: Ends the name of a copy that is being written; nobody else writes to it.
PART: Final = ".part"
_PATIENCE: Final = 20
_PRIVATE: Final = 0o600
_IN_USE: Final = "The ledger is in use. Stop the dashboard and every worker first."
_NOT_EMPTY: Final = "The ledger is not empty. Say --replace to keep it aside and go on."
_DAMAGED: Final = "The ledger is not whole and was not copied."


class CopyError(LedgerError):
    """A copy was not made, or not put in place; everything is as it was."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))


def backup(url: str, target: Path) -> Examination:
    """Copy a ledger that may be in use into one file, readable by its owner only.

    Raises:
        CopyError: The file exists, or the copy is not whole.
    """
    if target.exists():
        raise CopyError(str(target), "exists; choose another name.")
    with _aside(target) as part:
        if sqlite_path(url) is None:
            _copy_rows(url, f"sqlite:///{part}")
        else:
            with opened(url) as cx:
                cx.exec_driver_sql("COMMIT")  # VACUUM brings its own transaction
                cx.exec_driver_sql("VACUUM INTO ?", (str(part),))
        found = _verified(part)
        _sync(part)
        part.replace(target)
    return found


def restore(source: Path, url: str, *, replace: bool = False) -> Path | None:
    """Put a backup in a ledger's place; return where the replaced ledger is kept.

    Raises:
        CopyError: The backup is not whole, or the ledger is in use, or not empty and `replace`
            was not said.
    """
    found = examine(f"sqlite:///{source}")
    if found.findings:
        raise CopyError(str(source), "is not a whole backup.", found.findings[0])
    if not replace and not is_empty(url):
        raise CopyError(_NOT_EMPTY)
    path = sqlite_path(url)
    with _becoming(path) as target, _aside(target) as part:
        shutil.copyfile(source, part)
        _doubt_the_unsent(part, found.head)
        _sync(part)
        return _restore_rows(part, url, beside=source) if path is None else _put(part, path)


def is_empty(url: str) -> bool:
    """Whether a ledger has no history; one that cannot be read is not empty.

    Raises:
        LedgerAwayError: Its database cannot be reached.
    """
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return True
    try:
        with opened(url) as cx:
            seen = cx.scalar(select(func.count()).where(EVENT.c.what != seal.SEALED)) or 0
    except DatabaseError as error:
        if "does not exist" in str(error.orig):  # a PostgreSQL database without tables
            return True
        refuse_away(error)
        return False
    return seen == 0


@contextmanager
def _becoming(path: Path | None) -> Iterator[Path]:
    """Give the path that a copy is made for: a ledger's, which it becomes by being renamed.

    Nothing is renamed into PostgreSQL, and where the backup is nobody may be allowed to write.
    """
    if path is not None:
        yield path
        return
    with TemporaryDirectory() as folder:
        yield Path(folder) / "ledger"


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Give a private, empty file beside the target, gone afterwards unless it was renamed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex}{PART}")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))
    try:
        yield part
    finally:
        for path in _files(part):
            path.unlink(missing_ok=True)


def _verified(part: Path) -> Examination:
    found = examine(f"sqlite:///{part}")
    if found.findings:
        raise CopyError(_DAMAGED, found.findings[0])
    return found


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _files(path: Path) -> list[Path]:
    """Return a SQLite database's file and those SQLite puts beside it."""
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))]


def _copy_rows(source: str, target: str) -> None:
    """Copy a ledger row by row: from one kind of database to another."""
    ledger = Ledger(target)
    seal.attach(ledger.engine)
    with opened(source) as reading, ledger.transaction() as writing:
        _clear(writing)
        for table in METADATA.sorted_tables:
            _copy_table(reading, writing, table)
        _restart_numbers(writing)
        if writing.dialect.name == "sqlite":
            seal.apply(writing)
    if ledger.engine.dialect.name == "sqlite":
        _make_one_file(ledger)
    ledger.engine.dispose()


def _make_one_file(ledger: Ledger) -> None:
    """Leave nothing beside a SQLite ledger's file."""
    with ledger.engine.connect() as cx:
        dbapi = cx.connection.driver_connection
        assert dbapi is not None
        dbapi.execute("PRAGMA journal_mode=DELETE")


def _clear(cx: Connection) -> None:
    for table in reversed(METADATA.sorted_tables):
        cx.execute(table.delete().where(seal.is_content(table)))


def _copy_table(reading: Connection, writing: Connection, table: Table) -> None:
    # A retry refers to the first of its family, whatever their ids.
    order = (*([RUN.c.generation] if table is RUN else []), *table.primary_key.columns)
    ordered = select(table).where(seal.is_content(table)).order_by(*order)
    found = reading.execute(ordered.execution_options(yield_per=BATCH))
    for rows in found.partitions():
        writing.execute(insert(table), [_values(row) for row in rows])


def _values(row: "Row[tuple[object, ...]]") -> dict[str, object]:
    return dict(row._mapping)  # noqa: SLF001 - the documented way to a dict


def _restart_numbers(cx: Connection) -> None:
    """Let PostgreSQL count on from the rows that were put in."""
    if cx.dialect.name != "postgresql":
        return
    for table, column in ((WORK, "id"), (EVENT, "seq")):
        highest = f'(SELECT coalesce(max("{column}"), 0) + 1 FROM "{table.name}")'  # noqa: S608
        serial = f"pg_get_serial_sequence('{table.name}', '{column}')"
        cx.execute(text(f"SELECT setval({serial}, {highest}, false)"))


def _restore_rows(part: Path, url: str, *, beside: Path) -> Path | None:
    """Restore into PostgreSQL; what was there is kept as a backup beside the restored one."""
    _require_alone(url)
    kept = None
    if not is_empty(url):
        kept = beside.with_name(_kept_name(beside.name))
        with _aside(kept) as keeping:
            _copy_rows(url, f"sqlite:///{keeping}")
            keeping.replace(kept)
    _copy_rows(f"sqlite:///{part}", url)
    return kept


def _require_alone(url: str) -> None:
    """Refuse while others are connected; a connection that is closing has a moment to go."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with opened(url) as cx:
        for _ in range(_PATIENCE):
            if not cx.scalar(others):
                return
            cx.execute(text("SELECT pg_sleep(0.1), pg_stat_clear_snapshot()"))
    raise CopyError(_IN_USE)


def _put(part: Path, path: Path) -> Path | None:
    """Put a SQLite file in a ledger's place; what was there is renamed."""
    if path.exists():
        _close_writers(path)
    kept = path.with_name(_kept_name(path.name))
    # A write-ahead log that lost its ledger would be read into the next one.
    for old, new in zip(_files(path), _files(kept), strict=True):
        with suppress(FileNotFoundError):
            old.rename(new)
    part.replace(path)
    return kept if kept.exists() else None


def _close_writers(path: Path) -> None:
    """Make the ledger one file, which works only while nobody else has it open."""
    dbapi = sqlite3.connect(path, timeout=1)
    try:
        dbapi.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise CopyError(_IN_USE) from None
    except sqlite3.DatabaseError:
        return  # damaged: it is kept as it is
    finally:
        dbapi.close()


def _kept_name(name: str) -> str:
    return f"{name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"


def _doubt_the_unsent(part: Path, head: str) -> None:
    """Have Encord looked at before anything of a restored run is sent or created."""
    ledger = Ledger(f"sqlite:///{part}")
    seal.attach(ledger.engine)
    with ledger.transaction() as cx:
        record(cx, "restored", actor="ledger", detail=f"from a backup with the head {head}")
        unsent = (
            select(WORK.c.id, WORK.c.run, WORK.c.fence, WORK.c.entries)
            .join(RUN, RUN.c.id == WORK.c.run)
            .outerjoin(ATTEMPT, (ATTEMPT.c.work == WORK.c.id) & ATTEMPT.c.state.in_(OPEN_ATTEMPTS))
            .where(
                RUN.c.state.not_in(FINAL),
                _may_send(),
                WORK.c.state.not_in(CLOSED),
                ATTEMPT.c.state.is_(None) | (ATTEMPT.c.state == AttemptState.INTENT),
            )
        )
        for work in cx.execute(unsent).all():
            attempts.doubt(cx, work.id, fence=work.fence, entries=work.entries, note=runs.RESTORED)
            record(cx, "unknown", actor="ledger", run=work.run, work=work.id, detail=runs.RESTORED)
    _make_one_file(ledger)
    ledger.engine.dispose()


def _may_send() -> ColumnElement[bool]:
    """Choose work that sends or creates; a plan stands for the chunks it will make."""
    return or_(
        WORK.c.kind.in_((WorkKind.PLAN, WorkKind.CHUNK)),
        and_(WORK.c.kind == WorkKind.FOLDER, RUN.c.folder_uuid.is_(None)),
        and_(WORK.c.kind == WorkKind.DATASET, RUN.c.dataset_uuid.is_(None)),
    )
