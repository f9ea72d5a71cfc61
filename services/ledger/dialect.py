"""The one thing SQLite and PostgreSQL spell differently in SQLAlchemy: insert or leave be."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(cx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return this database's INSERT, which knows ON CONFLICT."""
    if cx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
