"""A seal on every table of a SQLite ledger: a digest that follows each change, kept by triggers.

SQLite has no page checksums, and `integrity_check` overlooks most damage inside a value. The chain
of events shows damage to events only. So each table has a digest in `meta`: the sum, modulo 2^128,
of the hashes of its rows. A trigger takes a row's old hash away and adds its new one in the same
transaction, so the seal costs two hashes a row and holds at every commit; whoever recomputes the
sum finds a row that was altered, removed or put in by anything but SQL on this ledger.

Sums, because rows change in any order; hashes in Python, because SQLite has none: a program
without these functions cannot write to a sealed ledger at all. That a ledger was sealed, and with
which triggers, is an event in the chain, so that a seal that vanished is noticed and not renewed.

PostgreSQL has checksums of its own (`initdb --data-checksums`) and is not sealed: one row a table
would make its writers wait for each other.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Table, event, select, text, true
from sqlalchemy.pool import ConnectionPoolEntry

from services.ledger.events import record
from services.ledger.tables import ANSWER, EVENT, META, METADATA, OUTCOME, PROGRESS, WORDS

SEALED: Final = "sealed"
_KEY: Final = "seal "
_SCHEMA: Final = "seal schema"
_SIZE: Final = 16
#: Half a million outcomes take half a minute to hash.
_BULK: Final = (OUTCOME, WORDS, ANSWER, PROGRESS)
_MODULUS: Final = 1 << (8 * _SIZE)


def prepare(dbapi: sqlite3.Connection) -> None:
    """Teach a connection the functions that the triggers call."""
    dbapi.create_function("row_hash", -1, row_hash, deterministic=True)
    dbapi.create_function("seal_move", 3, _move, deterministic=True)


def attach(engine: Engine) -> None:
    """Seal a SQLite ledger, and keep it sealed whenever this engine writes."""
    if engine.dialect.name != "sqlite":
        return
    if not event.contains(engine, "connect", _on_connect):
        engine.dispose()  # connections that are open already do not know the functions
        event.listen(engine, "connect", _on_connect)
    with engine.begin() as cx:
        apply(cx)


def apply(cx: Connection) -> None:
    """Make triggers and digests, unless that was done before for these very tables."""
    wanted = _digest_of_triggers()
    sealed = select(EVENT.c.detail).where(EVENT.c.what == SEALED).order_by(EVENT.c.seq.desc())
    if cx.scalar(sealed.limit(1)) == wanted:
        return
    for name in list(cx.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))):
        cx.exec_driver_sql(f'DROP TRIGGER "{name}"')
    record(cx, SEALED, actor="ledger", detail=wanted)
    cx.execute(META.delete().where(META.c.key.startswith(_KEY)))
    seals = {_KEY + table.name: _written(total(cx, table)) for table in _tables()}
    for statement in _triggers():
        cx.exec_driver_sql(statement)
    seals[_SCHEMA] = schema_digest(cx)
    cx.execute(META.insert(), [{"key": key, "value": value} for key, value in seals.items()])


def broken(cx: Connection, *, quick: bool = False) -> Iterator[str]:
    """Yield the names of tables whose rows are not those that were sealed.

    Quick leaves out the tables that grow with the entries of runs.
    """
    rows = cx.execute(select(META.c.key, META.c.value).where(META.c.key.startswith(_KEY)))
    seals = {row.key: row.value for row in rows}
    for table in _tables():
        if quick and table in _BULK:
            continue
        if seals.get(_KEY + table.name) != _written(total(cx, table)):
            yield table.name
    if seals.get(_SCHEMA) != schema_digest(cx):
        yield "sqlite_master"


def is_content(table: Table) -> ColumnElement[bool]:
    """Tell a table's own rows from the seals, which belong to one database."""
    return ~META.c.key.startswith(_KEY) if table is META else true()


def total(cx: Connection, table: Table) -> int:
    """Sum the hashes of a table's rows."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    query = f'SELECT row_hash({columns}) FROM "{table.name}"{_condition(table)}'  # noqa: S608 - names
    return sum(int(found, 16) for found in cx.exec_driver_sql(query).scalars()) % _MODULUS


def schema_digest(cx: Connection) -> str:
    """Hash the definitions of tables, indexes and triggers."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    rows = cx.exec_driver_sql(query).all()
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def row_hash(*values: Any) -> str:  # noqa: ANN401 - whatever SQLite stores
    """Hash a row; what Python writes for its values tells every two rows apart."""
    return hashlib.blake2b(repr(values).encode(), digest_size=_SIZE).hexdigest()


def _move(seal: str, old: str | None, new: str | None) -> str:
    return _written((int(seal, 16) - int(old or "0", 16) + int(new or "0", 16)) % _MODULUS)


def _written(number: int) -> str:
    return f"{number:0{2 * _SIZE}x}"


def _on_connect(dbapi: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    del entry
    prepare(dbapi)


def _tables() -> list[Table]:
    return sorted(METADATA.tables.values(), key=lambda table: table.name)


def _condition(table: Table, row: str = "") -> str:
    """Leave the seals themselves out."""
    if table is not META:
        return ""
    return f" {'WHEN' if row else 'WHERE'} {row}\"key\" NOT LIKE '{_KEY}%'"


def _triggers() -> Iterator[str]:
    for table in _tables():
        old, new = (_hash_of(table, row) for row in ("OLD", "NEW"))
        yield _trigger(table, "INSERT", "NEW", "NULL", new)
        yield _trigger(table, "UPDATE", "NEW", old, new)
        yield _trigger(table, "DELETE", "OLD", old, "NULL")


def _hash_of(table: Table, row: str) -> str:
    names = ", ".join(f'{row}."{column.name}"' for column in table.columns)
    return f"row_hash({names})"


def _trigger(table: Table, verb: str, row: str, old: str, new: str) -> str:
    name, when = f"seal_{table.name}_{verb.lower()}", _condition(table, f"{row}.")
    head = f'CREATE TRIGGER "{name}" AFTER {verb} ON "{table.name}"{when}'
    moved = f"seal_move(value, {old}, {new})"
    key = f"'{_KEY}{table.name}'"
    return f"{head} BEGIN UPDATE meta SET value = {moved} WHERE key = {key}; END"  # noqa: S608


def _digest_of_triggers() -> str:
    return hashlib.sha256("\n".join(_triggers()).encode()).hexdigest()
