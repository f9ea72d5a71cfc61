"""The SQLite file: one writer at a time, any number of readers, and a few named values."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

SCHEMA = Path(__file__).with_name("schema.sql")
#: Raised with every change of the tables.
SCHEMA_VERSION = 4
_EMPTY = "DELETE FROM ?"
_DROP = "DROP TABLE ?"
_VERSION = f"PRAGMA user_version = {SCHEMA_VERSION}"
#: Tables that `clear` keeps: secrets and keys belong to the directory; the fresh bucket is copied.
KEPT = frozenset({"meta", "accounts", "fresh_objects", "blobs"})


class Store:
    """Connections to the state file; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._writer = self._connect()
        # Random item UUIDs touch the whole index: at half a million it must fit in memory.
        self._writer.execute("PRAGMA cache_size = -98304")
        self._make_tables()

    def _make_tables(self) -> None:
        """Make what is missing; tables of another version go, as all they hold is demo data."""
        found = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if found != SCHEMA_VERSION:
            for name in tables(self._writer):
                self._writer.execute(_DROP.replace("?", name))
            self._writer.execute(_VERSION)
        self._writer.executescript(SCHEMA.read_text("utf-8"))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("PRAGMA cache_size = -8192")
        return connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one state of the file and changes nothing."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")
            self._idle.append(connection)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Lend the one writing connection; commit at the end, roll back on any error."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; nobody may be using the store any more."""
        with self._lock:
            for connection in (*self._idle, self._writer):
                connection.close()


def value(connection: sqlite3.Connection, key: str) -> str | None:
    """Return a named value, or None when it was never set."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def set_value(connection: sqlite3.Connection, key: str, text: str) -> None:
    """Set a named value."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, text))


def clear(connection: sqlite3.Connection) -> None:
    """Empty every table but those that are kept."""
    for name in tables(connection) - KEPT:
        connection.execute(_EMPTY.replace("?", name))


def tables(connection: sqlite3.Connection) -> set[str]:
    """Name every table."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {str(row["name"]) for row in rows}
