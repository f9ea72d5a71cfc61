"""Storage items: listings with every filter, single and bulk reads, updates, delete, move.

Shape: the SDK's `orm/storage.py`, `StorageItem`; every nullable key is always present [RUN].
"""

import sqlite3
from dataclasses import replace

import orjson

from services.sandbox import access, folders, jobs, signed, switches
from services.sandbox.access import Role
from services.sandbox.paging import Window, page, single, window
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
    Call,
    Object,
    RefusalError,
    as_list,
    as_object,
    as_uuid,
    iso,
)

#: Documented for one bundle of updates.
MAX_BUNDLE = 1000
#: More frames than an item can have.
_ALL = 2**31
#: Keys an item always has, null when its media has no such fact.
_NULLS: Object = dict.fromkeys(
    (
        "mimeType",
        "duration",
        "fps",
        "height",
        "width",
        "dicomInstanceUid",
        "dicomStudyUid",
        "dicomSeriesUid",
        "frameCount",
        "audioSampleRate",
        "audioBitDepth",
        "audioCodec",
        "audioNumChannels",
    )
)
_SELECT = (
    "SELECT items.*, folders.uuid AS parent_uuid, folders.owner,"
    " (SELECT count(*) FROM data_rows WHERE data_rows.item = items.id) AS uses"
    " FROM items JOIN folders ON folders.id = items.folder"
)
_ORDERS = {"name": "name", "createdAt": "created"}
_TREE = (
    "items.folder IN (WITH RECURSIVE tree (id) AS (VALUES (:folder) UNION ALL"
    " SELECT folders.id FROM folders JOIN tree ON folders.parent = tree.id) SELECT id FROM tree)"
)
_IN_DATASET = "EXISTS (SELECT 1 FROM data_rows WHERE data_rows.item = items.id)"


def find(
    connection: sqlite3.Connection, uuid: str, account: Account, role: Role = Role.USER
) -> sqlite3.Row:
    """Return an item's row with its folder's UUID and use count, or refuse."""
    row: sqlite3.Row | None = connection.execute(
        f"{_SELECT} WHERE items.uuid = ?", (uuid.lower(),)
    ).fetchone()
    held = Role.NONE if row is None else access.item(connection, account, row["folder"])
    if row is None or held is Role.NONE:
        raise RefusalError(404, "There is no such item.")
    if held < role:
        raise RefusalError(403, "Only an admin of the item's folder may do this.")
    return row


def view(
    sandbox: Sandbox, call: Call, row: sqlite3.Row, *, sign: bool = False, metadata: bool = True
) -> Object:
    """Return an item as v2 sends it; `clientMetadata` is JSON text."""
    facts = orjson.loads(row["facts"])
    return {
        **_NULLS,
        **{name: found for name, found in facts.items() if name in _NULLS},
        "uuid": row["uuid"],
        "parent": row["parent_uuid"],
        "itemType": row["type"],
        "name": row["name"],
        "description": row["description"],
        "clientMetadata": row["client_metadata"] if metadata else "",
        "owner": row["owner"],
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["edited"]),
        "isTombstone": bool(row["tombstone"]),
        "isPlaceholder": False,
        "backedDataUnitsCount": row["uses"],
        "storageLocation": "gcp" if row["integration"] else "encord",
        "integrationHash": row["integration"],
        "url": row["url"],
        "signedUrl": signed.url(sandbox, call.base_url, row["url"]) if sign else None,
        "fileSize": row["file_size"],
    }


def list_in_folder(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F/items`, with `isRecursive` below it too."""
    jobs.settle_folder(sandbox, call.path["folder"])
    with sandbox.store.read() as connection:
        folder = folders.find(connection, call.path["folder"], call.account)
        scope = _TREE if call.flag("isRecursive") else "items.folder = :folder"
        return _listing(sandbox, call, connection, scope, folder["id"])


def search(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/search/items`: every folder one may see."""
    scope = f"items.folder IN ({access.SEEN} SELECT id FROM seen)"  # noqa: S608 - no value in it
    with sandbox.store.read() as connection:
        return _listing(sandbox, call, connection, scope, None)


def _listing(
    sandbox: Sandbox, call: Call, connection: sqlite3.Connection, scope: str, folder: int | None
) -> Object:
    column = _ORDERS.get(call.one("order") or "name")
    if column is None:
        raise RefusalError(400, "order must be name or createdAt.")
    stable = bool(switches.state(connection, switches.STABLE))
    asked = window(call, by_key=stable)
    query, values = _query(call, asked, column, scope)
    lag = switches.state(connection, switches.LAG)
    shown = sandbox.now() - int(lag * 1_000_000)
    values.update(access.values(call.account, everything=True))
    rows = connection.execute(query, {**values, "folder": folder, "shown": shown}).fetchall()
    sign = call.flag("signUrls")
    metadata = call.flag("includeClientMetadata", default=True)
    return page(
        rows,
        asked,
        lambda row: (row[column], row["id"]),
        lambda row: view(sandbox, call, row, sign=sign, metadata=metadata),
    )


def _query(call: Call, asked: Window, column: str, scope: str) -> tuple[str, Object]:
    values: Object = {"limit": asked.limit + 1, "skip": asked.skip}
    wheres = ["items.container IS NULL", "items.created <= :shown", scope]
    if call.one("search"):
        wheres.append("instr(lower(items.name), lower(:search)) > 0")
        values["search"] = call.one("search")
    linked = call.maybe_flag("isInDataset")
    if linked is not None:
        wheres.append(_IN_DATASET if linked else f"NOT {_IN_DATASET}")
    kinds = call.many("itemTypes")
    if kinds:
        wheres.append(f"items.type IN ({', '.join(f':t{n}' for n in range(len(kinds)))})")
        values.update({f"t{number}": kind for number, kind in enumerate(kinds)})
    if asked.after is not None:
        sign = "<" if asked.desc else ">"
        wheres.append(f"(items.{column}, items.id) {sign} (:key, :id)")
        values["key"], values["id"] = asked.after
    way = "DESC" if asked.desc else "ASC"
    order = f"ORDER BY items.{column} {way}, items.id {way} LIMIT :limit OFFSET :skip"
    return " ".join((_SELECT, "WHERE", " AND ".join(wheres), order)), values


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/items/I`."""
    with sandbox.store.read() as connection:
        row = find(connection, call.path["item"], call.account)
        return view(sandbox, call, row, sign=call.flag("signUrl"))


def get_bulk(sandbox: Sandbox, call: Call) -> Object:
    """`POST storage/items/get-bulk`: in the order asked for; unknown ones are left out."""
    body = call.document()
    uuids = [as_uuid(uuid, "itemUuids") for uuid in as_list(body.get("itemUuids"), "itemUuids")]
    query = f"{_SELECT} WHERE items.uuid = ?"
    with sandbox.store.read() as connection:
        rows = (connection.execute(query, (uuid,)).fetchone() for uuid in uuids)
        seen = [row for row in rows if row and access.item(connection, call.account, row["folder"])]
        sign = body.get("signUrls") is True
        return single([view(sandbox, call, row, sign=sign) for row in seen])


def children(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F/items/I/child-items`: the frames of a group, in order."""
    with sandbox.store.read() as connection:
        row = find(connection, call.path["item"], call.account)
        asked = _frames_asked(connection, call)
        after = asked.after[1] if asked.after else -1
        frames = connection.execute(
            f"{_SELECT} WHERE items.container = ? AND items.position > ?"
            " ORDER BY items.position LIMIT ?",
            (row["id"], after, asked.limit + 1),
        ).fetchall()
        sign = call.flag("signUrls")
        return page(
            frames,
            asked,
            lambda frame: (None, frame["position"]),
            lambda frame: view(sandbox, call, frame, sign=sign),
        )


def _frames_asked(connection: sqlite3.Connection, call: Call) -> Window:
    asked = window(call)
    if call.one("pageSize"):
        return asked
    size = int(switches.state(connection, switches.FRAMES))
    return replace(asked, limit=size or _ALL)


def patch(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH storage/folders/F/items/I`: metadata is replaced whole [documented]."""
    with sandbox.store.write() as connection:
        row = find(connection, call.path["item"], call.account, Role.ADMIN)
        _apply(connection, row, call.document(), now=sandbox.now())
        return view(sandbox, call, find(connection, row["uuid"], call.account))


def patch_bulk(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH storage/items/patch-bulk` with `{"itemPatches": {I: {...}}}`; all or nothing."""
    patches = as_object(call.document().get("itemPatches"), "itemPatches")
    if len(patches) > MAX_BUNDLE:
        raise RefusalError(400, f"At most {MAX_BUNDLE} items can be updated at once.")
    with sandbox.store.write() as connection:
        for uuid, changes in patches.items():
            row = find(connection, uuid, call.account, Role.ADMIN)
            _apply(connection, row, as_object(changes, "The patch"), now=sandbox.now())
        rows = [find(connection, uuid, call.account) for uuid in patches]
        return single([view(sandbox, call, row) for row in rows])


def _apply(connection: sqlite3.Connection, row: sqlite3.Row, changes: Object, *, now: int) -> None:
    metadata = changes.get("clientMetadata")
    if metadata is not None:
        metadata = orjson.dumps(as_object(metadata, "clientMetadata")).decode()
    connection.execute(
        "UPDATE items SET name = coalesce(?, name), description = coalesce(?, description),"
        " client_metadata = coalesce(?, client_metadata), edited = ? WHERE id = ?",
        (changes.get("name"), changes.get("description"), metadata, now, row["id"]),
    )


def _chosen(connection: sqlite3.Connection, call: Call, name: str) -> list[sqlite3.Row]:
    """Return the items a body names, each an immediate child of the path's folder."""
    folder = folders.find(connection, call.path["folder"], call.account, Role.ADMIN)
    uuids = as_list(call.document().get(name), name)
    rows = [find(connection, as_uuid(uuid, name), call.account) for uuid in uuids]
    if any(row["folder"] != folder["id"] for row in rows):
        raise RefusalError(400, "Every item must be directly in the folder.")
    return rows


def delete(sandbox: Sandbox, call: Call) -> Object:
    """`POST storage/folders/F/items/delete`: items, their frames and their data rows go."""
    with sandbox.store.write() as connection:
        rows = _chosen(connection, call, "childUuids")
        for row in rows:
            connection.execute("DELETE FROM data_rows WHERE item = ?", (row["id"],))
            connection.execute("DELETE FROM items WHERE container = ?", (row["id"],))
            connection.execute("DELETE FROM items WHERE id = ?", (row["id"],))
    return {}


def move(sandbox: Sandbox, call: Call) -> None:
    """`POST storage/folders/F/items/move`: frames follow their group."""
    target = as_uuid(call.document().get("newParentUuid"), "newParentUuid")
    with sandbox.store.write() as connection:
        parent = folders.find(connection, target, call.account, Role.ADMIN)
        for row in _chosen(connection, call, "itemUuids"):
            connection.execute(
                "UPDATE items SET folder = :folder WHERE id = :id OR container = :id",
                {"folder": parent["id"], "id": row["id"]},
            )
