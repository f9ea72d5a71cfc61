"""Datasets, the v2 half: create and list."""

import sqlite3

from services.sandbox import access, folders
from services.sandbox.access import Role
from services.sandbox.state import Sandbox
from services.sandbox.wire import Account, Call, Object, as_text, from_iso, iso, new_uuid

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


def find(connection: sqlite3.Connection, uuid: str, account: Account) -> sqlite3.Row | None:
    """Return a dataset's row, or None when there is none that one may see."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM datasets WHERE uuid = ?", (uuid.lower(),)
    ).fetchone()
    return row if row and access.dataset(connection, account, row) else None


def create(sandbox: Sandbox, call: Call) -> Object:
    """`POST datasets`; by default with a backing folder of the same name, as the SDK asks."""
    body = call.document()
    title = as_text(body.get("title"), "title")
    uuid, now = new_uuid(), sandbox.now()
    with sandbox.store.write() as connection:
        folder = None
        if body.get("createBackingFolder", True):
            folder = folders.insert(connection, title, call.account, now=now, dataset=uuid)["uuid"]
        description = as_text(body.get("description") or "", "description")
        connection.execute(
            "INSERT INTO datasets (uuid, title, description, folder, created, edited,"
            " organization, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(uuid, title, description, folder, now, now),
                *(call.account.organization, call.account.email),
            ),
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
        (
            "SELECT * FROM datasets WHERE",
            " AND ".join([access.SEEN_DATASET, *wheres]),
            "ORDER BY created, id",
        )
    )
    values.update(access.values(call.account, everything=call.flag("includeOrgAccess")))
    with sandbox.store.read() as connection:
        rows = connection.execute(query, values).fetchall()
        return {"result": [_view(connection, row, call.account) for row in rows]}


def _view(connection: sqlite3.Connection, row: sqlite3.Row, account: Account) -> Object:
    """Return a dataset as listed; without a role of one's own, the role is null [assumed]."""
    role = access.direct_dataset(connection, account, row)
    return {
        "datasetUuid": row["uuid"],
        "title": row["title"],
        "description": row["description"],
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["edited"]),
        "userRole": None if role is Role.NONE else role.name.lower(),
        "storageLocation": 0,
        "backingFolderUuid": row["folder"],
    }
