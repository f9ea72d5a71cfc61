"""Storage folders: create, list, search, update, move, delete.

Shapes: the SDK's `orm/storage.py`, `StorageFolder` and `StorageFolderSummary` [RUN].
"""

import sqlite3

import orjson

from services.sandbox import access, switches
from services.sandbox.access import Role
from services.sandbox.outcomes import integration
from services.sandbox.paging import page, single, window
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
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


def find(
    connection: sqlite3.Connection, uuid: str, account: Account, role: Role = Role.USER
) -> sqlite3.Row:
    """Return a folder's row; a missing one is forbidden, as the SDK's docstring says.

    Args:
        connection: The state.
        uuid: The folder's UUID.
        account: Who asks.
        role: The least role it takes; changes take an admin [documented].
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM folders WHERE uuid = ?", (uuid.lower(),)
    ).fetchone()
    held = Role.NONE if row is None else access.folder(connection, account, row)
    if row is None or held is Role.NONE:
        raise RefusalError(403, "The folder does not exist, or you may not see it.")
    if held < role:
        raise RefusalError(403, "Only an admin of the folder may do this.")
    return row


def view(connection: sqlite3.Connection, row: sqlite3.Row, account: Account) -> Object:
    """Return a folder as v2 sends it; `clientMetadata` is JSON text, or null."""
    path = _path_to_root(connection, row, account)
    return {
        "uuid": row["uuid"],
        "parent": path[-1]["uuid"] if path else None,
        "name": row["name"],
        "description": row["description"],
        "clientMetadata": row["client_metadata"],
        "owner": row["owner"],
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["edited"]),
        "userRole": access.folder(connection, account, row).name.lower(),
        "syncedDatasetHash": row["dataset"],
        "pathToRoot": path,
        "folderType": "cloudLinked" if row["remote_url"] else "generic",
        "integrationHash": row["integration"],
        "remoteUrl": row["remote_url"],
    }


def _path_to_root(
    connection: sqlite3.Connection, row: sqlite3.Row, account: Account
) -> list[Object]:
    """Return the ancestors one may see, the topmost first [assumed]."""
    path: list[Object] = []
    parent = row["parent"]
    while parent is not None:
        row = connection.execute("SELECT * FROM folders WHERE id = ?", (parent,)).fetchone()
        if access.folder(connection, account, row) is Role.NONE:
            break
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
    account: Account,
    *,
    now: int,
    parent: int | None = None,
    about: tuple[str, str | None] = ("", None),
    dataset: str | None = None,
    remote: tuple[str | None, str | None] = (None, None),
) -> sqlite3.Row:
    """Make a folder; names need not be unique [assumed].

    `about` is its description and its metadata as JSON text.
    """
    uuid = new_uuid()
    connection.execute(
        "INSERT INTO folders (uuid, parent, name, description, client_metadata, dataset,"
        " created, edited, integration, remote_url, organization, owner)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(uuid, parent, name, *about, dataset, now, now, *remote),
            *(account.organization, account.email),
        ),
    )
    return find(connection, uuid, account)


def _remote(
    connection: sqlite3.Connection, body: Object, account: Account
) -> tuple[str | None, str | None]:
    """Return integration and address of a folder that is to be synced, or twice None."""
    if body.get("cloudSyncedFolderParams") is None:
        return None, None
    asked = as_object(body["cloudSyncedFolderParams"], "cloudSyncedFolderParams")
    uuid = as_uuid(asked.get("integrationUuid"), "integrationUuid")
    access.check_may_register(connection, account, uuid)
    used = integration(connection, uuid)
    url = as_text(asked.get("remoteUrl"), "remoteUrl")
    if used is None or not url.startswith(f"gs://{used.bucket}/"):
        raise RefusalError(400, "remoteUrl is not in the integration's bucket.")
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
            call.account,
            now=sandbox.now(),
            parent=_parent(connection, parent, call.account)["id"] if parent else None,
            about=(
                as_text(body.get("description") or "", "description"),
                None if metadata is None else str(metadata),
            ),
            remote=_remote(connection, body, call.account),
        )
        return view(connection, row, call.account)


def _parent(connection: sqlite3.Connection, uuid: object, account: Account) -> sqlite3.Row:
    return find(connection, as_uuid(uuid, "parent"), account, Role.ADMIN)


def _decoded(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RefusalError(400, "clientMetadata is not JSON.") from error


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F`."""
    with sandbox.store.read() as connection:
        return view(connection, find(connection, call.path["folder"], call.account), call.account)


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
        below = "folder" in call.path
        parent = find(connection, call.path["folder"], call.account)["id"] if below else None
        wheres = ["folders.id IN (SELECT id FROM tree)" if recursive else "parent IS :parent"]
        if not below:
            wheres.append(f"folders.id IN ({access.SEEN} SELECT id FROM seen)")  # noqa: S608 - no value in it
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
                **access.values(call.account, everything=call.flag("includeOrgAccess")),
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
            lambda row: view(connection, row, call.account),
        )


def patch(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH storage/folders/F`: only the fields that were sent change."""
    with sandbox.store.write() as connection:
        row = find(connection, call.path["folder"], call.account, Role.ADMIN)
        _apply(connection, row, call.document(), now=sandbox.now())
        return view(connection, find(connection, row["uuid"], call.account), call.account)


def patch_bulk(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH storage/folders/patch-bulk` with `{"folderPatches": {F: {...}}}`."""
    patches = as_object(call.document().get("folderPatches"), "folderPatches")
    with sandbox.store.write() as connection:
        for uuid, changes in patches.items():
            row = find(connection, uuid, call.account, Role.ADMIN)
            _apply(connection, row, as_object(changes, "The patch"), now=sandbox.now())
        rows = [find(connection, uuid, call.account) for uuid in patches]
        return single([view(connection, row, call.account) for row in rows])


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
        parent = _parent(connection, target, call.account) if target else None
        for uuid in as_list(body.get("folderUuids"), "folderUuids"):
            row = find(connection, as_uuid(uuid, "folderUuids"), call.account, Role.ADMIN)
            if parent and row["id"] in _line(connection, parent["id"]):
                raise RefusalError(400, "A folder cannot be moved into itself.")
            connection.execute(
                "UPDATE folders SET parent = ? WHERE id = ?",
                (parent["id"] if parent else None, row["id"]),
            )


def _line(connection: sqlite3.Connection, number: int) -> set[int]:
    """Return a folder and all above it."""
    query = (
        "WITH RECURSIVE up (id) AS (VALUES (?) UNION ALL"
        " SELECT parent FROM folders JOIN up ON folders.id = up.id WHERE parent IS NOT NULL)"
        " SELECT id FROM up"
    )
    return {row["id"] for row in connection.execute(query, (number,))}


def delete(sandbox: Sandbox, call: Call) -> None:
    """`DELETE storage/folders/F`: only an empty folder can go, unless its switch says otherwise."""
    with sandbox.store.write() as connection:
        row = find(connection, call.path["folder"], call.account, Role.ADMIN)
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
