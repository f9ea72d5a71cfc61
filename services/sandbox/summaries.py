"""Counts: what a folder holds, and where an item is used."""

import sqlite3

from services.sandbox import access, folders, items, jobs
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, iso

_SUMMARY = {
    "videos": "video",
    "images": "image",
    "imageGroups": "imageGroup",
    "imageSequences": "imageSequence",
    "dicomFiles": "dicomFile",
    "dicomSeries": "dicomSeries",
    "niftis": "nifti",
    "audios": "audio",
    "pdfs": "pdf",
    "plainTexts": "plainText",
}


def folder(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F/summary`: counts of what is directly in the folder [assumed]."""
    jobs.settle_folder(sandbox, call.path["folder"])
    with sandbox.store.read() as connection:
        row = folders.find(connection, call.path["folder"], call.account)
        rows = connection.execute(
            "SELECT type, count(*) AS n, total(file_size) AS size FROM items"
            " WHERE container IS NULL AND folder = ? GROUP BY type",
            (row["id"],),
        ).fetchall()
        counts = {item["type"]: item["n"] for item in rows}
        return {
            "files": sum(counts.values()),
            "folders": _count(connection, "SELECT count(*) FROM folders WHERE parent = ?", row),
            **{name: counts.get(kind, 0) for name, kind in _SUMMARY.items()},
            "tombstones": _count(
                connection, "SELECT count(*) FROM items WHERE tombstone AND folder = ?", row
            ),
            "uploadJobs": _count(connection, "SELECT count(*) FROM jobs WHERE folder = ?", row),
            "totalSize": sum(item["size"] for item in rows),
        }


def _count(connection: sqlite3.Connection, query: str, row: sqlite3.Row) -> int:
    return int(connection.execute(query, (row["id"],)).fetchone()[0])


def item(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F/items/I/summary`: groups and datasets an item is used in."""
    with sandbox.store.read() as connection:
        row = items.find(connection, call.path["item"], call.account)
        used = connection.execute(
            "SELECT datasets.uuid, datasets.title, datasets.folder, datasets.organization,"
            " datasets.owner,"
            " min(data_rows.created) AS first, group_concat(data_rows.hash) AS hashes"
            " FROM data_rows"
            " JOIN datasets ON datasets.id = data_rows.dataset"
            " WHERE data_rows.item = ? GROUP BY datasets.id",
            (row["id"],),
        ).fetchall()
        seen = [dataset for dataset in used if access.dataset(connection, call.account, dataset)]
        groups = _groups(connection, row)
        return {
            "frameInGroups": len(groups),
            "accessibleGroupItems": groups,
            "usedInDatasets": len(used),
            "accessibleDatasets": [
                {
                    "datasetHash": dataset["uuid"],
                    "backingFolderUuid": dataset["folder"],
                    "title": dataset["title"],
                    "dataHashes": dataset["hashes"].split(","),
                    "dataUnitsCreatedAt": iso(dataset["first"]),
                }
                for dataset in seen
            ],
            "groupLayout": None,
        }


def _groups(connection: sqlite3.Connection, row: sqlite3.Row) -> list[Object]:
    """Return the groups an item is a frame of: `ItemShortInfo` each [RUN]."""
    rows = connection.execute(
        "SELECT items.uuid, items.name, items.type, folders.uuid AS parent_uuid,"
        " folders.name AS parent_name FROM items JOIN folders ON folders.id = items.folder"
        " WHERE items.id = ?",
        (row["container"],),
    ).fetchall()
    return [
        {
            "uuid": group["uuid"],
            "name": group["name"],
            "parentUuid": group["parent_uuid"],
            "parentName": group["parent_name"],
            "itemType": group["type"],
        }
        for group in rows
    ]
