"""Where SQLite and PostgreSQL differ: the words for "insert or leave be", and texts they hold."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

#: SQLite's reader of JSON ends a text where this stands.
_NUL: Final = b"\\u0000"


def storable(text: str) -> str:
    """Return a text with U+FFFD for NUL, for which PostgreSQL would refuse the whole statement."""
    return text.replace("\0", "\ufffd")


def any_contains(columns: Iterable[Column[Any]], search: str) -> ColumnElement[bool]:
    """Return whether a text is in one of some columns; with NUL it is in none.

    SQLite's LIKE would end the text there, and find more.
    """
    wanted = storable(search)
    return or_(*(column.icontains(wanted, autoescape=True) for column in columns))


def insert_into(cx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return this database's INSERT, which knows ON CONFLICT."""
    if cx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def put_rows(
    cx: Connection, table: Table, rows: Sequence[dict[str, Any]], *, keys: Sequence[str]
) -> None:
    """Insert rows, all with the same columns in any order, or replace what is under their keys.

    SQLite gets all of them in one statement: it keeps what each statement may have to take back,
    which for a sealed table costs more than the row.
    """
    names = list(rows[0])
    statement = insert_into(cx, table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    given: Any = rows
    if cx.dialect.name == "sqlite" and (document := _document(rows, names)) is not None:
        statement = statement.from_select(names, _cells(len(names)), include_defaults=False)
        given = {"rows": document}
    cx.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), given)


def _document(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str | None:
    """Return columns of rows as a JSON array of arrays; None when that would lose something."""
    try:
        found = orjson.dumps([[row[name] for name in names] for row in rows])
    except orjson.JSONEncodeError:
        return None
    return None if _NUL in found else found.decode()


def _cells(count: int) -> Select[Any]:
    row = func.json_each(bindparam("rows", type_=Text)).table_valued("value").c.value
    cells = (func.json_extract(row, f"$[{number}]") for number in range(count))
    # Without a condition SQLite would take ON CONFLICT for one of a join.
    return select(*cells).where(text("true"))
