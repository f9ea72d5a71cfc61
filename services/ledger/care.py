"""Examine a ledger without changing it: is it whole, and does it contradict itself?

Four looks, each for what the others miss: the database's own check of its structure, the chain of
events, the seal on every table (`seal`), and rows that contradict each other. The head of the
chain is part of the answer: who noted it down can tell a ledger that was put back to an earlier,
in itself consistent, state.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from services.ledger import seal
from services.ledger.contradictions import contradictions
from services.ledger.database import is_away, open_engine
from services.ledger.errors import LedgerAwayError
from services.ledger.events import GENESIS, broken_links
from services.ledger.migrate import HEAD, version
from services.ledger.tables import EVENT, RUN

#: Sentences kept of one look.
_SHOWN: Final = 10
#: What reading damaged pages raises.
_DAMAGE: Final = (SQLAlchemyError, sqlite3.Error, ValueError, TypeError, LookupError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What an examination found."""

    #: Sentences; empty when the ledger is whole.
    findings: tuple[str, ...]
    runs: int
    events: int
    #: Hash of the newest event.
    head: str

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def examine(url: str, *, head: str | None = None, quick: bool = False) -> Examination:
    """Examine the ledger at a SQLAlchemy URL; nothing is written, whatever state it is in.

    Args:
        url: Where the ledger is.
        head: Hash of an event that must be in the history, as somebody noted it down.
        quick: Look only at what moves runs, not at every outcome.

    Raises:
        LedgerAwayError: Its database cannot be reached.
    """
    path = sqlite_path(url)
    if path is not None and not path.is_file():
        return _nothing(f"There is no ledger at {path}.")
    try:
        with opened(url) as cx:
            return examine_connection(cx, head=head, quick=quick)
    except _DAMAGE as error:
        refuse_away(error)
        return _nothing(f"The ledger cannot be opened: {_said(error)}.")


def examine_connection(
    cx: Connection, *, head: str | None = None, quick: bool = False
) -> Examination:
    """Examine a ledger inside a transaction that reads."""
    findings = [
        sentence for look in (_QUICK_LOOKS if quick else _LOOKS) for sentence in _guarded(look, cx)
    ]
    try:
        if head and not cx.scalar(select(EVENT.c.seq).where(EVENT.c.hash == head)):
            findings.append(f"The history does not hold the event {head}.")
        runs = cx.scalar(select(func.count()).select_from(RUN)) or 0
        events = cx.scalar(select(func.count()).select_from(EVENT)) or 0
        newest = cx.scalar(select(EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1)) or GENESIS
    except _DAMAGE as error:
        refuse_away(error)
        return _nothing(*findings, f"The ledger cannot be counted: {_said(error)}.")
    return Examination(findings=tuple(findings), runs=runs, events=events, head=newest)


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite ledger; None for PostgreSQL."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Open one consistent view of a ledger that cannot be written through."""
    path = sqlite_path(url)
    engine = open_engine(url) if path is None else read_only(path)
    try:
        with engine.connect() as cx:
            if path is None:
                cx = cx.execution_options(  # noqa: PLW2901 - the same connection
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            else:
                cx.exec_driver_sql("BEGIN")
            yield cx
    finally:
        engine.dispose()


def read_only(path: Path) -> Engine:
    """Make an engine for a SQLite file that refuses to write."""

    def connect() -> sqlite3.Connection:
        dbapi = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        dbapi.isolation_level = None
        seal.prepare(dbapi)
        return dbapi

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _guarded(look: Callable[[Connection], Iterator[str]], cx: Connection) -> list[str]:
    """Take a look; that it cannot be finished is a finding."""
    found: list[str] = []
    try:
        found.extend(look(cx))
    except _DAMAGE as error:
        refuse_away(error)
        found.append(f"The {(look.__doc__ or '').partition('.')[0]} failed: {_said(error)}.")
    return found[:_SHOWN]


def refuse_away(error: Exception) -> None:
    """Raise for a server that cannot be reached: that is no damage, as an unreadable file is.

    Raises:
        LedgerAwayError: It is the error of such a server.
    """
    if not isinstance(error, DBAPIError) or isinstance(error.orig, sqlite3.Error):
        return
    if is_away(error):
        raise LedgerAwayError(_said(error)) from None


def _structure(cx: Connection) -> Iterator[str]:
    """Check of the database's structure."""
    if cx.dialect.name == "sqlite":
        yield from _sqlite_says(cx, "integrity_check")


def _quick_structure(cx: Connection) -> Iterator[str]:
    """Quick check of the database's structure."""
    if cx.dialect.name == "sqlite":
        yield from _sqlite_says(cx, "quick_check")


def _sqlite_says(cx: Connection, check: str) -> Iterator[str]:
    for (said,) in cx.execute(text(f"PRAGMA {check}({_SHOWN})")):
        if said != "ok":
            yield f"SQLite finds the file damaged: {said}."


def _tables(cx: Connection) -> Iterator[str]:
    """Check of the tables' version."""
    rows = cx.execute(text("SELECT version_num FROM alembic_version")).all()
    if len(rows) != 1 or version(cx) != HEAD:
        yield "The tables are not of the version that this program knows."


def _history(cx: Connection) -> Iterator[str]:
    """Check of the chain of events."""
    for seq in broken_links(cx):
        yield f"The history is broken at event {seq}: it, or what stood before it, was changed."


def _seal(cx: Connection) -> Iterator[str]:
    """Check of the tables' seals."""
    yield from _broken_seals(cx, quick=False)


def _quick_seal(cx: Connection) -> Iterator[str]:
    """Quick check of the tables' seals."""
    yield from _broken_seals(cx, quick=True)


def _broken_seals(cx: Connection, *, quick: bool) -> Iterator[str]:
    if cx.dialect.name == "sqlite":
        for table in seal.broken(cx, quick=quick):
            yield f"The table {table} was changed by something other than this program."


def _rows(cx: Connection) -> Iterator[str]:
    """Check for contradictions."""
    yield from contradictions(cx)


_LOOKS: Final = (_structure, _tables, _history, _seal, _rows)
_QUICK_LOOKS: Final = (_quick_structure, _tables, _history, _quick_seal)


def _nothing(*findings: str) -> Examination:
    return Examination(findings=findings, runs=0, events=0, head=GENESIS)


def _said(error: BaseException) -> str:
    words = str(getattr(error, "orig", None) or error) or type(error).__name__
    return words.partition("\n")[0].rstrip(".")
