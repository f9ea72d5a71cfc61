"""Datasets, the v2 half: create and list."""

import sqlite3

from services.sandbox import folders
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, as_text, from_iso, iso, new_uuid

#: Parameter of the list call -> condition.
_FILTERS = {
    "titleEq": "title = :titleEq",
    "titleLike": "title LIKE :titleLike",
    "descriptionEq": "description = :descriptionEq",
    "descriptionLike": "description LIKE :descriptionLike",
}
_DATE_FILTERS = {
    "createdBefore": "created < :createdBefore",
    "createdAfter": "created >= :createdAfter",
    "editedBefore": "edited < :editedBefore",
    "editedAfter": "edited >= :editedAfter",
}


def find(connection: sqlite3.Connection, uuid: str) -> sqlite3.Row | None:
    """Return a dataset's row, or None."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM datasets WHERE uuid = ?", (uuid.lower(),)
    ).fetchone()
    return row


def create(sandbox: Sandbox, call: Call) -> Object:
    """`POST datasets`; by default with a backing folder of the same name, as the SDK asks."""
    body = call.document()
    title = as_text(body.get("title"), "title")
    uuid, now = new_uuid(), sandbox.now()
    with sandbox.store.write() as connection:
        folder = None
        if body.get("createBackingFolder", True):
            folder = folders.insert(connection, title, now=now, dataset=uuid)["uuid"]
        connection.execute(
            "INSERT INTO datasets (uuid, title, description, folder, created, edited)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (uuid, title, as_text(body.get("description") or "", "description"), folder, now, now),
        )
    return {"datasetUuid": uuid, "backingFolderUuid": folder}


def list_all(sandbox: Sandbox, call: Call) -> Object:
    """`GET datasets/list`: one answer without pages, under `result` [RUN]."""
    values: Object = {name: call.one(name) for name in _FILTERS if call.one(name) is not None}
    for name in _DATE_FILTERS:
        text = call.one(name)
        if text is not None:
            values[name] = from_iso(text, name)
    wheres = [where for name, where in {**_FILTERS, **_DATE_FILTERS}.items() if name in values]
    query = " ".join(
        ("SELECT * FROM datasets WHERE", " AND ".join(wheres or ["1"]), "ORDER BY created, id")
    )
    with sandbox.store.read() as connection:
        return {"result": [_view(row) for row in connection.execute(query, values)]}


def _view(row: sqlite3.Row) -> Object:
    return {
        "datasetUuid": row["uuid"],
        "title": row["title"],
        "description": row["description"],
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["edited"]),
        "userRole": "admin",
        "storageLocation": 0,
        "backingFolderUuid": row["folder"],
    }
