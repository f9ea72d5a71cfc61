"""Datasets, the v1 half: the dataset with its rows, linking items, deleting data.

Row shape: the SDK's `orm/dataset.py`, `DataRow.from_dict`; every required key is present [RUN].
"""

import sqlite3
from collections.abc import Iterable

import orjson

from services.sandbox import access, datasets, signed, switches
from services.sandbox.access import Role
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
    Call,
    EnvelopeError,
    Object,
    RefusalError,
    as_list,
    as_object,
    from_iso,
    new_uuid,
    v1_time,
)

#: Item type -> v1 data type; a sequence is an image group that is "optimised" [assumed].
DATA_TYPES = {
    "video": "VIDEO",
    "image": "IMAGE",
    "imageGroup": "IMG_GROUP",
    "imageSequence": "IMG_GROUP",
    "dicomFile": "DICOM",
    "dicomSeries": "DICOM",
    "audio": "AUDIO",
    "nifti": "NIFTI",
    "plainText": "PLAIN_TEXT",
    "pdf": "PDF",
    "group": "GROUP",
    "scene": "SCENE",
    "timeseries": "TIME_SERIES",
}
_ENCORD, _GOOGLE = 0, 2
_SELECT = (
    "SELECT data_rows.*, items.id AS item_id, items.uuid AS item_uuid, items.name, items.type,"
    " items.integration, items.url, items.file_size, items.facts, items.client_metadata,"
    " items.edited"
    " FROM data_rows JOIN items ON items.id = data_rows.item"
)


def dataset_of(connection: sqlite3.Connection, call: Call, role: Role = Role.USER) -> sqlite3.Row:
    """Return the dataset that the `ResourceID` header names, or refuse.

    `role` is the least role it takes; what changes a dataset takes an admin [documented].
    """
    row = datasets.find(connection, call.headers.get("resourceid", ""), call.account)
    if row is None:
        raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", "There is no such dataset.")
    if access.dataset(connection, call.account, row) < role:
        raise EnvelopeError(403, "AUTHORISATION_ERROR")
    return row


def get_dataset(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> Object:
    """`dataset` GET: with or without rows, by the access settings."""
    del uid
    settings = _settings(payload)
    with sandbox.store.read() as connection:
        row = dataset_of(connection, call)
        found: Object = {
            "title": row["title"],
            "description": row["description"],
            "dataset_type": "CORD_STORAGE",
            "dataset_hash": row["uuid"],
            "backing_folder_uuid": row["folder"],
        }
        if settings.get("fetch_rows", True):
            found["data_rows"] = _views(_rows(connection, row, {}), settings)
        return found


def list_rows(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> list[Object]:
    """`datarows` GET: every row that passes the filters, in one answer."""
    del uid
    with sandbox.store.read() as connection:
        row = dataset_of(connection, call)
        return _views(_rows(connection, row, payload), _settings(payload))


def _settings(payload: Object) -> Object:
    settings = payload.get("dataset_access_settings")
    return settings if isinstance(settings, dict) else {}


def _views(rows: Iterable[sqlite3.Row], settings: Object) -> list[Object]:
    metadata = bool(settings.get("fetch_client_metadata"))
    return [_view(row, metadata=metadata) for row in rows]


def _rows(
    connection: sqlite3.Connection, dataset: sqlite3.Row, filters: Object
) -> list[sqlite3.Row]:
    wheres, values = _conditions(filters)
    query = " ".join(
        (
            _SELECT,
            "WHERE data_rows.dataset = :dataset",
            *(f"AND {where}" for where in wheres),
            "ORDER BY data_rows.id",
        )
    )
    return connection.execute(query, {**values, "dataset": dataset["id"]}).fetchall()


def _conditions(filters: Object) -> tuple[list[str], Object]:
    wheres: list[str] = []
    values: Object = {}
    for name, where in (
        ("title_eq", "items.name = :title_eq"),
        ("title_like", "items.name LIKE :title_like"),
        ("created_before", "data_rows.created < :created_before"),
        ("created_after", "data_rows.created >= :created_after"),
    ):
        found = filters.get(name)
        if found is not None:
            wheres.append(where)
            values[name] = _moment(found, name) if name.startswith("created") else found
    if filters.get("data_types") is not None:
        kinds = filters["data_types"]
        wanted = [item for item, kind in DATA_TYPES.items() if _contains(kinds, kind)]
        wheres.append("items.type IN (SELECT value FROM json_each(:kinds))")
        values["kinds"] = orjson.dumps(wanted).decode()
    if filters.get("data_hashes") is not None:
        wheres.append("data_rows.hash IN (SELECT value FROM json_each(:hashes))")
        values["hashes"] = orjson.dumps(filters["data_hashes"]).decode()
    return wheres, values


def _contains(found: object, wanted: str) -> bool:
    return isinstance(found, list) and wanted in found


def _moment(found: object, name: str) -> int:
    try:
        return from_iso(str(found), name)
    except RefusalError as error:
        raise EnvelopeError(400, "INVALID_DATE_FORMAT_ERROR", error.message) from error


def _view(row: sqlite3.Row, *, metadata: bool = False) -> Object:
    facts = orjson.loads(row["facts"])
    found: Object = {
        "data_hash": row["hash"],
        "data_title": row["name"],
        "data_type": DATA_TYPES[row["type"]],
        "created_at": v1_time(row["created"]),
        "last_edited_at": v1_time(max(row["created"], row["edited"])),
        "width": facts.get("width"),
        "height": facts.get("height"),
        "file_link": row["url"],
        "file_size": row["file_size"],
        "file_type": facts.get("mimeType"),
        "storage_location": _GOOGLE if row["integration"] else _ENCORD,
        "frames_per_second": facts.get("fps"),
        "duration": facts.get("duration"),
        "is_optimised_image_group": row["type"] == "imageSequence",
        "backing_item_uuid": row["item_uuid"],
    }
    if metadata:
        found["client_metadata"] = orjson.loads(row["client_metadata"])
    return found


def get_row(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> Object:
    """`datarow` GET, of `DataRow.refetch_data`: one row, with what `additional_data` asks for."""
    wanted = payload.get("additional_data")
    extras = wanted if isinstance(wanted, dict) else {}
    with sandbox.store.read() as connection:
        row = connection.execute(f"{_SELECT} WHERE hash = ?", (uid,)).fetchone()
        if row is None or not _may_see(connection, call.account, row["dataset"]):
            raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", "There is no such data row.")
        found = _view(row, metadata=bool(extras.get("client_metadata")))
        if extras.get("signed_url"):
            found["signed_url"] = signed.url(sandbox, call.base_url, row["url"])
        options = extras.get("images_data_fetch_options")
        if isinstance(options, dict):
            sign = bool(options.get("fetch_signed_urls"))
            found["images_data"] = _images(sandbox, call, connection, row, sign=sign)
        return found


def _may_see(connection: sqlite3.Connection, account: Account, dataset: int) -> bool:
    row = connection.execute("SELECT * FROM datasets WHERE id = ?", (dataset,)).fetchone()
    return bool(access.dataset(connection, account, row))


def _images(
    sandbox: Sandbox, call: Call, connection: sqlite3.Connection, row: sqlite3.Row, *, sign: bool
) -> list[Object]:
    """Return `ImageData` for each frame of a group [RUN]."""
    frames = connection.execute(
        "SELECT * FROM items WHERE container = ? ORDER BY position", (row["item_id"],)
    )
    return [
        {
            "image_hash": frame["uuid"],
            "title": frame["name"],
            "file_link": frame["url"],
            "file_type": orjson.loads(frame["facts"]).get("mimeType"),
            "file_size": frame["file_size"],
            "storage_location": _GOOGLE if frame["integration"] else _ENCORD,
            "created_at": v1_time(frame["created"]),
            "last_edited_at": v1_time(frame["edited"]),
            "width": orjson.loads(frame["facts"]).get("width"),
            "height": orjson.loads(frame["facts"]).get("height"),
            "signed_url": signed.url(sandbox, call.base_url, frame["url"]) if sign else None,
        }
        for frame in frames
    ]


def link_items(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> list[Object]:
    """`datasetlinkitems` POST: answers the rows it made; those skipped too, if so switched."""
    del uid
    behavior = payload.get("duplicates_behavior", "SKIP")
    if behavior not in ("SKIP", "FAIL", "DUPLICATE"):
        raise EnvelopeError(400, "INVALID_ARGUMENTS_ERROR", "Unknown duplicates_behavior.")
    uuids = payload.get("item_uuids")
    if not isinstance(uuids, list):
        raise EnvelopeError(400, "INVALID_ARGUMENTS_ERROR", "item_uuids must be a list.")
    with sandbox.store.write() as connection:
        dataset = dataset_of(connection, call, Role.ADMIN)
        made = [
            number
            for uuid in uuids
            if (number := _link(connection, dataset, str(uuid), behavior, sandbox.now(), call))
        ]
        if switches.state(connection, switches.LINKED):
            made = _rows_of(connection, dataset, [str(uuid) for uuid in uuids])
        query = f"{_SELECT} WHERE data_rows.id = ?"
        return [_view(connection.execute(query, (number,)).fetchone()) for number in made]


def _rows_of(connection: sqlite3.Connection, dataset: sqlite3.Row, uuids: list[str]) -> list[int]:
    rows = connection.execute(
        "SELECT data_rows.id FROM data_rows JOIN items ON items.id = data_rows.item"
        " WHERE dataset = ? AND items.uuid IN (SELECT value FROM json_each(?))",
        (dataset["id"], orjson.dumps([uuid.lower() for uuid in uuids]).decode()),
    )
    return [row[0] for row in rows]


def _link(
    connection: sqlite3.Connection,
    dataset: sqlite3.Row,
    uuid: str,
    behavior: object,
    now: int,
    call: Call,
) -> int | None:
    item = connection.execute(
        "SELECT items.id, items.folder,"
        " EXISTS (SELECT 1 FROM data_rows WHERE dataset = ? AND item = items.id)"
        " AS linked FROM items WHERE uuid = ?",
        (dataset["id"], uuid.lower()),
    ).fetchone()
    if item is None or not access.item(connection, call.account, item["folder"]):
        raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", f"There is no item {uuid}.")
    if item["linked"] and behavior == "FAIL":
        raise EnvelopeError(409, "RESOURCE_EXISTS_ERROR", f"Item {uuid} is linked already.")
    if item["linked"] and behavior == "SKIP":
        return None
    return connection.execute(
        "INSERT INTO data_rows (hash, dataset, item, created) VALUES (?, ?, ?, ?)",
        (new_uuid(), dataset["id"], item["id"], now),
    ).lastrowid


def rename(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> Object:
    """`video` POST with `[{"video_hash", "title"}]`, of `Dataset.update_data_item`."""
    del uid
    with sandbox.store.write() as connection:
        dataset = dataset_of(connection, call, Role.ADMIN)
        for change in as_list(payload.get("changes"), "payload"):
            found = as_object(change, "The change")
            connection.execute(
                "UPDATE items SET name = ?, edited = ? WHERE id ="
                " (SELECT item FROM data_rows WHERE hash = ? AND dataset = ?)",
                (found.get("title"), sandbox.now(), found.get("video_hash"), dataset["id"]),
            )
    return {"success": True}


def delete_data(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> bool:
    """`video` DELETE: the rows of this dataset go, their items stay."""
    del payload
    hashes = uid if isinstance(uid, list) else [uid]
    with sandbox.store.write() as connection:
        dataset = dataset_of(connection, call, Role.ADMIN)
        connection.executemany(
            "DELETE FROM data_rows WHERE hash = ? AND dataset = ?",
            [(found, dataset["id"]) for found in hashes],
        )
    return True
