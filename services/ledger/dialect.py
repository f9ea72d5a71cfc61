"""Where SQLite and PostgreSQL differ: the words for "insert or leave be", and texts they hold."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def storable(text: str) -> str:
    """Return a text with U+FFFD for NUL, for which PostgreSQL would refuse the whole statement."""
    return text.replace("\0", "\ufffd")


def insert_into(cx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return this database's INSERT, which knows ON CONFLICT."""
    if cx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
