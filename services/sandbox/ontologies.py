"""Ontologies: create, read, list, save. Shape: the SDK's `ontology.py` [RUN]."""

import sqlite3

import orjson

from services.sandbox import access
from services.sandbox.paging import single
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
    Call,
    Object,
    RefusalError,
    as_object,
    as_text,
    iso,
    new_uuid,
)

#: The roles of the SDK's `OntologyUserRole` are numbers; 0 is an admin.
_ADMIN = 0


def find(connection: sqlite3.Connection, uuid: str, account: Account) -> sqlite3.Row:
    """Return an ontology's row, or refuse; its maker and the organization's admins see it."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM ontologies WHERE uuid = ?", (uuid.lower(),)
    ).fetchone()
    if row is None or not access.owns(account, row):
        raise RefusalError(404, "There is no such ontology.")
    return row


def _view(row: sqlite3.Row) -> Object:
    return {
        "ontologyUuid": row["uuid"],
        "title": row["title"],
        "description": row["description"],
        "editor": orjson.loads(row["editor"]),
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["edited"]),
        "userRole": _ADMIN,
    }


def create(sandbox: Sandbox, call: Call) -> Object:
    """`POST ontologies` with `{"title", "description", "editor"}`."""
    uuid, now, asked = new_uuid(), sandbox.now(), _asked(call)
    with sandbox.store.write() as connection:
        row = (uuid, *asked, now, now, call.account.organization, call.account.email)
        connection.execute("INSERT INTO ontologies VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return _view(find(connection, uuid, call.account))


def _asked(call: Call) -> tuple[str, str, str]:
    body = call.document()
    return (
        as_text(body.get("title"), "title"),
        as_text(body.get("description") or "", "description"),
        orjson.dumps(as_object(body.get("editor"), "editor")).decode(),
    )


def save(sandbox: Sandbox, call: Call) -> Object:
    """`PUT ontologies/O`: the whole ontology."""
    asked = _asked(call)
    with sandbox.store.write() as connection:
        uuid = find(connection, call.path["ontology"], call.account)["uuid"]
        connection.execute(
            "UPDATE ontologies SET title = ?, description = ?, editor = ?, edited = ?"
            " WHERE uuid = ?",
            (*asked, sandbox.now(), uuid),
        )
        return _view(find(connection, uuid, call.account))


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET ontologies/O`."""
    with sandbox.store.read() as connection:
        return _view(find(connection, call.path["ontology"], call.account))


def list_all(sandbox: Sandbox, call: Call) -> Object:
    """`GET ontologies`: one page, as the SDK reads no second [RUN]."""
    like = call.one("titleLike") or "%"
    everything = call.account.admin and call.flag("includeOrgAccess")
    with sandbox.store.read() as connection:
        rows = connection.execute(
            "SELECT * FROM ontologies WHERE title LIKE ? AND organization = ?"
            " AND (? OR owner = ?) ORDER BY created",
            (like, call.account.organization, everything, call.account.email),
        ).fetchall()
        return single([_view(row) for row in rows])
