"""Open the ledger's database so that a commit is on disk and writers wait their turn."""

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from services.ledger import seal
from services.ledger.dialect import storable
from services.ledger.filesystem import refuse_network_folder

#: Execution option of transactions that only read: they never queue behind a writer.
READING: Final = "ledger_reading"
BUSY_MILLISECONDS: Final = 10_000
#: Held as pages are touched. With SQLite's 2 MB, half a million outcomes take a third longer.
CACHE_KILOBYTES: Final = 32_768
#: What SQLite says of a file that somebody else holds, or of a disk that is full or fails.
AWAY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)


def open_engine(url: str) -> Engine:
    """Make the engine for a SQLite file or a PostgreSQL database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        event.listen(engine, "before_cursor_execute", _make_storable, retval=True)
        return engine
    if parsed.database:
        folder = Path(parsed.database).parent
        folder.mkdir(parents=True, exist_ok=True)
        refuse_network_folder(folder)
    engine = create_engine(parsed)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_away(error: DBAPIError) -> bool:
    """Whether the database could not answer, which waiting mends; not whether it refused."""
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the plain code, without the kind of the failure.
        return error.orig.sqlite_errorcode & 0xFF in AWAY
    return error.connection_invalidated or isinstance(error, OperationalError)


def _make_storable(*about: Any) -> tuple[str, Any]:  # noqa: ANN401 - SQLAlchemy's six arguments
    """See to it that no statement is refused for what somebody searched for or called a run."""
    statement, given = about[2], about[3]
    return statement, list(map(_storable, given)) if isinstance(given, list) else _storable(given)


def _storable(parameters: Any) -> Any:  # noqa: ANN401 - whatever the driver takes
    if not isinstance(parameters, dict):
        return parameters
    given = parameters.items()
    changed = {key: storable(each) for key, each in given if isinstance(each, str) and "\0" in each}
    return {**parameters, **changed} if changed else parameters


def _prepare_sqlite(dbapi: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's
    """Set what the submit protocol rests on.

    With `synchronous=NORMAL` a request left the machine before its intent row was on disk in 5 of
    5 cases, with FULL in none, for 4 ms a commit.
    """
    del entry
    dbapi.isolation_level = None
    seal.prepare(dbapi)
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # What a statement may have to take back is copied page by page: not into a file.
        "temp_store=MEMORY",
        f"cache_size=-{CACHE_KILOBYTES}",
    ):
        dbapi.execute(f"PRAGMA {pragma}")


def _begin_sqlite(cx: Connection) -> None:
    """Take the write lock first: a deferred BEGIN fails with "locked" half way under load."""
    reading = cx.get_execution_options().get(READING, False)
    cx.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
