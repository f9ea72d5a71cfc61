"""Data groups: items shown together in one layout.

Shapes: `orm/storage.py`, `DataGroupGrid`, `DataGroupCarousel` and `DataGroupCustom` [RUN].
"""

import sqlite3

import orjson

from services.sandbox import folders, items
from services.sandbox.access import Role
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
    Call,
    Object,
    RefusalError,
    as_list,
    as_object,
    as_uuid,
    new_uuid,
)

_LAYOUTS = ("default-grid", "default-list", "custom")


def create(sandbox: Sandbox, call: Call) -> list[str]:
    """`POST storage/folders/F/create-group-items` with a list of layouts; answers item UUIDs."""
    asked = [as_object(found, "The layout") for found in as_list(call.json(), "The body")]
    with sandbox.store.write() as connection:
        folder = folders.find(connection, call.path["folder"], call.account, Role.ADMIN)["id"]
        for layout in asked:
            _check(connection, layout, call.account)
        return [_insert(connection, folder, layout, now=sandbox.now()) for layout in asked]


def _check(connection: sqlite3.Connection, layout: Object, account: Account) -> None:
    if layout.get("layoutType") not in _LAYOUTS:
        raise RefusalError(400, "layoutType is not known.")
    contents = layout.get("layoutContents")
    uuids = list(contents.values()) if isinstance(contents, dict) else as_list(contents, "It")
    if not uuids:
        raise RefusalError(400, "A data group needs an item.")
    for uuid in uuids:
        items.find(connection, as_uuid(uuid, "layoutContents"), account)


def _insert(connection: sqlite3.Connection, folder: int, layout: Object, *, now: int) -> str:
    made = new_uuid()
    connection.execute(
        "INSERT INTO items (uuid, folder, type, name, client_metadata, facts, created, edited)"
        " VALUES (?, ?, 'group', ?, ?, ?, ?, ?)",
        (
            made,
            folder,
            layout.get("name") or "Data group",
            orjson.dumps(layout.get("clientMetadata") or {}).decode(),
            orjson.dumps({"layout": layout}).decode(),
            now,
            now,
        ),
    )
    return made
