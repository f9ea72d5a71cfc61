"""Label rows: list, initialise, save; enough to import labels with the SDK.

Shapes: the SDK's `orm/label_row.py` and `objects/ontology_labels_impl.py` [RUN]. A row is made when
it is initialised and kept as it is saved: labels are not looked into.
"""

import sqlite3

import orjson

from services.sandbox import projects
from services.sandbox.rows import DATA_TYPES
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, EnvelopeError, Object, as_list, new_uuid, v1_time

_BRANCH = "main"
_SELECT = (
    "SELECT data_rows.hash, datasets.uuid AS dataset_uuid, datasets.title AS dataset_title,"
    " items.id AS item_id, items.uuid AS item_uuid, items.name, items.type, items.url, items.facts,"
    " label_rows.hash AS label_hash, label_rows.labels, label_rows.created AS labels_created,"
    " label_rows.edited AS labels_edited"
    " FROM project_datasets JOIN data_rows ON data_rows.dataset = project_datasets.dataset"
    " JOIN datasets ON datasets.id = data_rows.dataset JOIN items ON items.id = data_rows.item"
    " LEFT JOIN label_rows ON label_rows.data_row = data_rows.hash"
    " AND label_rows.project = project_datasets.project"
    " WHERE project_datasets.project = ?"
)


def list_all(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> list[Object]:
    """`labelrowmetadata` GET: every row of the project, in one answer."""
    del uid
    with sandbox.store.read() as connection:
        project = projects.of_call(connection, call)
        rows = connection.execute(f"{_SELECT} ORDER BY data_rows.id", (project["uuid"],)).fetchall()
        found = [_metadata(connection, row) for row in rows]
    return [row for row in found if _wanted(row, payload)]


def _wanted(row: Object, payload: Object) -> bool:
    filters = (("data_hash", "data_hashes"), ("label_hash", "label_hashes"))
    return all(
        not isinstance(wanted := payload.get(asked), list) or row[name] in wanted
        for name, asked in filters
    )


def _metadata(connection: sqlite3.Connection, row: sqlite3.Row) -> Object:
    facts = orjson.loads(row["facts"])
    made = row["label_hash"] is not None
    return {
        "label_hash": row["label_hash"],
        "created_at": v1_time(row["labels_created"]) if made else None,
        "last_edited_at": v1_time(row["labels_edited"]) if made else None,
        "branch_name": _BRANCH,
        "data_hash": row["hash"],
        "dataset_hash": row["dataset_uuid"],
        "dataset_title": row["dataset_title"],
        "data_title": row["name"],
        "data_type": DATA_TYPES[row["type"]],
        "data_link": row["url"],
        "label_status": "LABEL_IN_PROGRESS" if made else "NOT_LABELLED",
        "workflow_graph_node": {"uuid": projects.STAGE["uuid"], "title": projects.STAGE["title"]},
        "number_of_frames": max(1, len(_frames(connection, row)), facts.get("frameCount") or 0),
        "frames_per_second": facts.get("fps"),
        "duration": facts.get("duration"),
        "height": facts.get("height"),
        "width": facts.get("width"),
        "file_type": facts.get("mimeType"),
        "backing_item_uuid": row["item_uuid"],
        "spaces": {},
    }


def _frames(connection: sqlite3.Connection, row: sqlite3.Row) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM items WHERE container = ? ORDER BY position", (row["item_id"],)
    ).fetchall()


def initialise(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> list[Object]:
    """`labelrow` PUT of data hashes: rows are made where there are none."""
    del payload
    with sandbox.store.write() as connection:
        project = projects.of_call(connection, call)["uuid"]
        found = []
        for data_hash in as_list(uid, "uid"):
            query = f"{_SELECT} AND data_rows.hash = ?"
            row = connection.execute(query, (project, data_hash)).fetchone()
            if row is None:
                raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", "No such row in the project.")
            found.append(_labels(connection, project, row, now=sandbox.now()))
        return found


def _labels(connection: sqlite3.Connection, project: str, row: sqlite3.Row, *, now: int) -> Object:
    if row["labels"] is not None:
        kept: Object = orjson.loads(row["labels"])
        return kept
    labels: Object = {
        "label_hash": new_uuid(),
        "branch_name": _BRANCH,
        "created_at": v1_time(now),
        "last_edited_at": v1_time(now),
        "dataset_hash": row["dataset_uuid"],
        "dataset_title": row["dataset_title"],
        "data_title": row["name"],
        "data_hash": row["hash"],
        "data_type": DATA_TYPES[row["type"]].lower(),
        "data_units": _units(connection, row),
        "object_answers": {},
        "classification_answers": {},
        "object_actions": {},
        "label_status": "LABEL_IN_PROGRESS",
        "spaces": {},
    }
    text = orjson.dumps(labels).decode()
    values = (labels["label_hash"], project, row["hash"], text, now, now)
    connection.execute("INSERT INTO label_rows VALUES (?, ?, ?, ?, ?, ?)", values)
    return labels


def _units(connection: sqlite3.Connection, row: sqlite3.Row) -> Object:
    """Return the media of a row by hash: one, or one for each frame of a group."""
    frames = _frames(connection, row)
    if not frames:
        return {row["hash"]: _unit(row, row["hash"], 0)}
    return {frame["uuid"]: _unit(frame, frame["uuid"], n) for n, frame in enumerate(frames)}


def _unit(row: sqlite3.Row, unit: str, sequence: int) -> Object:
    facts = orjson.loads(row["facts"])
    return {
        "data_hash": unit,
        "data_title": row["name"],
        "data_link": row["url"],
        "data_type": facts.get("mimeType"),
        "data_sequence": sequence,
        "width": facts.get("width"),
        "height": facts.get("height"),
        "data_fps": facts.get("fps"),
        "data_duration": facts.get("duration"),
        "labels": {},
    }


def get(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> list[Object]:
    """`labelrow` GET of label hashes."""
    del payload
    with sandbox.store.read() as connection:
        project = projects.of_call(connection, call)["uuid"]
        rows = [_find(connection, project, found) for found in as_list(uid, "uid")]
    return [orjson.loads(row["labels"]) for row in rows]


def _find(connection: sqlite3.Connection, project: str, label_hash: object) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM label_rows WHERE hash = ? AND project = ?", (label_hash, project)
    ).fetchone()
    if row is None:
        raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", "There is no such label row.")
    return row


def save(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> bool:
    """`labelrow` POST: all labels of the rows are replaced."""
    hashes = as_list(uid, "uid")
    labels = payload.get("labels")
    documents = labels if isinstance(labels, list) else [labels]
    with sandbox.store.write() as connection:
        project = projects.of_call(connection, call)["uuid"]
        for label_hash, document in zip(hashes, documents, strict=True):
            _find(connection, project, label_hash)
            connection.execute(
                "UPDATE label_rows SET labels = ?, edited = ? WHERE hash = ?",
                (orjson.dumps(document).decode(), sandbox.now(), label_hash),
            )
    return True
