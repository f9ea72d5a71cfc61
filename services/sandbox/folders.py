"""Storage folders: create, list, search, update, move, delete.

Shapes: the SDK's `orm/storage.py`, `StorageFolder` and `StorageFolderSummary` [RUN].
"""

import sqlite3

import orjson

from services.sandbox import switches
from services.sandbox.outcomes import integration
from services.sandbox.paging import page, single, window
from services.sandbox.state import OWNER, Sandbox
from services.sandbox.wire import (
    Call,
    Object,
    RefusalError,
    as_list,
    as_object,
    as_text,
    as_uuid,
    iso,
    new_uuid,
)

_TREE = (
    "WITH RECURSIVE tree (id) AS (SELECT id FROM folders WHERE parent IS :parent"
    " UNION ALL SELECT folders.id FROM folders JOIN tree ON folders.parent = tree.id)"
)
_WITHIN = f"{_TREE} SELECT id FROM tree UNION VALUES (:parent)"  # noqa: S608 - no value in it
_ORDERS = {"name": "folders.name", "createdAt": "folders.created"}


def find(connection: sqlite3.Connection, uuid: str) -> sqlite3.Row:
    """Return a folder's row; a missing one is forbidden, as the SDK's docstring says."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM folders WHERE uuid = ?", (uuid.lower(),)
    ).fetchone()
    if row is None:
        raise RefusalError(403, "The folder does not exist, or you may not see it.")
    return row


def view(connection: sqlite3.Connection, row: sqlite3.Row) -> Object:
    """Return a folder as v2 sends it; `clientMetadata` is JSON text, or null."""
    path = _path_to_root(connection, row)
    return {
        "uuid": row["uuid"],
        "parent": path[-1]["uuid"] if path else None,
        "name": row["name"],
        "description": row["description"],
        "clientMetadata": row["client_metadata"],
        "owner": OWNER,
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["edited"]),
        "userRole": "admin",
        "syncedDatasetHash": row["dataset"],
        "pathToRoot": path,
        "folderType": "cloudLinked" if row["remote_url"] else "generic",
        "integrationHash": row["integration"],
        "remoteUrl": row["remote_url"],
    }


def _path_to_root(connection: sqlite3.Connection, row: sqlite3.Row) -> list[Object]:
    """Return the ancestors, the topmost first [assumed]."""
    path: list[Object] = []
    parent = row["parent"]
    while parent is not None:
        row = connection.execute("SELECT * FROM folders WHERE id = ?", (parent,)).fetchone()
        parent = row["parent"]
        path.insert(
            0,
            {
                "uuid": row["uuid"],
                "parentUuid": _uuid(connection, parent),
                "name": row["name"],
                "syncedDatasetHash": row["dataset"],
            },
        )
    return path


def _uuid(connection: sqlite3.Connection, number: int | None) -> str | None:
    row = connection.execute("SELECT uuid FROM folders WHERE id = ?", (number,)).fetchone()
    return None if row is None else str(row["uuid"])


def insert(
    connection: sqlite3.Connection,
    name: str,
    *,
    now: int,
    parent: int | None = None,
    description: str = "",
    client_metadata: str | None = None,
    dataset: str | None = None,
    remote: tuple[str | None, str | None] = (None, None),
) -> sqlite3.Row:
    """Make a folder; names need not be unique [assumed]."""
    uuid = new_uuid()
    connection.execute(
        "INSERT INTO folders (uuid, parent, name, description, client_metadata, dataset,"
        " created, edited, integration, remote_url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (uuid, parent, name, description, client_metadata, dataset, now, now, *remote),
    )
    return find(connection, uuid)


def _remote(connection: sqlite3.Connection, body: Object) -> tuple[str | None, str | None]:
    """Return integration and address of a folder that is to be synced, or twice None."""
    if body.get("cloudSyncedFolderParams") is None:
        return None, None
    asked = as_object(body["cloudSyncedFolderParams"], "cloudSyncedFolderParams")
    uuid = as_uuid(asked.get("integrationUuid"), "integrationUuid")
    access = integration(connection, uuid)
    url = as_text(asked.get("remoteUrl"), "remoteUrl")
    if access is None:
        raise RefusalError(403, "The integration does not exist, or you may not use it.")
    if not url.startswith(f"gs://{access.bucket}/"):
        raise RefusalError(400, f"remoteUrl must begin with gs://{access.bucket}/.")
    return uuid, url


def create(sandbox: Sandbox, call: Call) -> Object:
    """`POST storage/folders`: metadata arrives as JSON text here, as an object in updates."""
    body = call.document()
    metadata = body.get("clientMetadata")
    if metadata is not None:
        as_object(_decoded(as_text(metadata, "clientMetadata")), "clientMetadata")
    name = as_text(body.get("name"), "name")
    if not name.strip():
        raise RefusalError(400, "name must not be empty.")
    with sandbox.store.write() as connection:
        parent = body.get("parent")
        row = insert(
            connection,
            name,
            now=sandbox.now(),
            parent=find(connection, as_uuid(parent, "parent"))["id"] if parent else None,
            description=as_text(body.get("description") or "", "description"),
            client_metadata=None if metadata is None else str(metadata),
            remote=_remote(connection, body),
        )
        return view(connection, row)


def _decoded(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RefusalError(400, "clientMetadata is not JSON.") from error


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F`."""
    with sandbox.store.read() as connection:
        return view(connection, find(connection, call.path["folder"]))


def list_top(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders`: the folders without a parent."""
    return _listing(sandbox, call, recursive=False)


def search(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/search/folders`: folders at any depth."""
    return _listing(sandbox, call, recursive=True)


def list_sub(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F/folders`: children, or with `isRecursive` all descendants."""
    return _listing(sandbox, call, recursive=call.flag("isRecursive"))


def _listing(sandbox: Sandbox, call: Call, *, recursive: bool) -> Object:
    view_of = window(call)
    order = _ORDERS.get(call.one("order") or "name")
    if order is None:
        raise RefusalError(400, "order must be name or createdAt.")
    column = order.removeprefix("folders.")
    with sandbox.store.read() as connection:
        parent = find(connection, call.path["folder"])["id"] if "folder" in call.path else None
        wheres = ["folders.id IN (SELECT id FROM tree)" if recursive else "parent IS :parent"]
        if call.one("search"):
            wheres.append("instr(lower(folders.name), lower(:search)) > 0")
        synced = call.maybe_flag("datasetSynced")
        if synced is not None:
            wheres.append("dataset IS NOT NULL" if synced else "dataset IS NULL")
        if view_of.after is not None:
            sign = "<" if view_of.desc else ">"
            wheres.append(f"({order}, folders.id) {sign} (:key, :id)")
        way = "DESC" if view_of.desc else "ASC"
        key, number = view_of.after or (None, None)
        rows = connection.execute(
            " ".join(
                (
                    _TREE if recursive else "",
                    "SELECT * FROM folders WHERE",
                    " AND ".join(wheres),
                    f"ORDER BY {order} {way}, folders.id {way} LIMIT :limit",
                )
            ),
            {
                "parent": parent,
                "search": call.one("search"),
                "key": key,
                "id": number,
                "limit": view_of.limit + 1,
            },
        ).fetchall()
        return page(
            rows,
            view_of,
            lambda row: (row[column], row["id"]),
            lambda row: view(connection, row),
        )


def patch(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH storage/folders/F`: only the fields that were sent change."""
    with sandbox.store.write() as connection:
        row = find(connection, call.path["folder"])
        _apply(connection, row, call.document(), now=sandbox.now())
        return view(connection, find(connection, row["uuid"]))


def patch_bulk(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH storage/folders/patch-bulk` with `{"folderPatches": {F: {...}}}`."""
    patches = as_object(call.document().get("folderPatches"), "folderPatches")
    with sandbox.store.write() as connection:
        for uuid, changes in patches.items():
            row = find(connection, uuid)
            _apply(connection, row, as_object(changes, "The patch"), now=sandbox.now())
        return single([view(connection, find(connection, uuid)) for uuid in patches])


def _apply(connection: sqlite3.Connection, row: sqlite3.Row, changes: Object, *, now: int) -> None:
    metadata = changes.get("clientMetadata")
    if metadata is not None:
        metadata = orjson.dumps(as_object(metadata, "clientMetadata")).decode()
    connection.execute(
        "UPDATE folders SET name = coalesce(?, name), description = coalesce(?, description),"
        " client_metadata = coalesce(?, client_metadata), edited = ? WHERE id = ?",
        (changes.get("name"), changes.get("description"), metadata, now, row["id"]),
    )


def move(sandbox: Sandbox, call: Call) -> None:
    """`POST storage/folders/move`: a missing `newParentUuid` means the top level."""
    body = call.document()
    with sandbox.store.write() as connection:
        target = body.get("newParentUuid")
        parent = find(connection, as_uuid(target, "newParentUuid")) if target else None
        for uuid in as_list(body.get("folderUuids"), "folderUuids"):
            row = find(connection, as_uuid(uuid, "folderUuids"))
            above = [step["uuid"] for step in _path_to_root(connection, parent)] if parent else []
            if parent and row["uuid"] in (*above, parent["uuid"]):
                raise RefusalError(400, "A folder cannot be moved into itself.")
            connection.execute(
                "UPDATE folders SET parent = ? WHERE id = ?",
                (parent["id"] if parent else None, row["id"]),
            )


def delete(sandbox: Sandbox, call: Call) -> None:
    """`DELETE storage/folders/F`: only an empty folder can go, unless its switch says otherwise."""
    with sandbox.store.write() as connection:
        row = find(connection, call.path["folder"])
        if switches.state(connection, switches.DELETE):
            _delete_filled(connection, row["id"])
            return
        used = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM items WHERE folder = :id)"
            " OR EXISTS (SELECT 1 FROM folders WHERE parent = :id) AS used",
            {"id": row["id"]},
        ).fetchone()
        if used["used"]:
            raise RefusalError(400, "The folder is not empty.")
        connection.execute("DELETE FROM folders WHERE id = ?", (row["id"],))


def _delete_filled(connection: sqlite3.Connection, number: int) -> None:
    """Delete a folder with its subfolders, their items and the data rows of those."""
    ids = [row[0] for row in connection.execute(_WITHIN, {"parent": number})]
    connection.executemany(
        "DELETE FROM data_rows WHERE item IN (SELECT id FROM items WHERE folder = ?)",
        [(each,) for each in ids],
    )
    connection.executemany("DELETE FROM items WHERE folder = ?", [(each,) for each in ids])
    connection.executemany("DELETE FROM folders WHERE id = ?", [(each,) for each in ids])
