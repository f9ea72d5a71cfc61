"""Projects: create, read, list, attach datasets. Shape: the SDK's `orm/project.py` [RUN]."""

import sqlite3

import orjson

from services.sandbox import access, datasets, ontologies
from services.sandbox.paging import single
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
    Call,
    EnvelopeError,
    Object,
    RefusalError,
    as_list,
    iso,
    new_uuid,
)

#: One stage is enough for labels to be imported; its identity never changes.
STAGE = {
    "uuid": "00000000-0000-4000-8000-0000000000a1",
    "title": "Annotate 1",
    "stageType": "ANNOTATION",
}
#: The roles of the SDK's `ProjectUserRole` are numbers; 0 is an admin.
_ADMIN = 0


def find(connection: sqlite3.Connection, uuid: str, account: Account) -> sqlite3.Row:
    """Return a project's row, or refuse; it is seen by its maker and the organization's admins."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM projects WHERE uuid = ?", (uuid.lower(),)
    ).fetchone()
    if row is None or not access.owns(account, row):
        raise RefusalError(404, "There is no such project.")
    return row


def _view(connection: sqlite3.Connection, row: sqlite3.Row) -> Object:
    query = "SELECT editor FROM ontologies WHERE uuid = ?"
    ontology = connection.execute(query, (row["ontology"],)).fetchone()
    return {
        "projectHash": row["uuid"],
        "projectType": "workflow",
        "status": "notStarted",
        "title": row["title"],
        "description": row["description"],
        "createdAt": iso(row["created"]),
        "creatorEmail": row["owner"],
        "lastEditedAt": iso(row["edited"]),
        "ontologyHash": row["ontology"],
        "editorOntology": orjson.loads(ontology["editor"]),
        "userRole": _ADMIN,
        "workflow": {"stages": [STAGE]},
    }


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET projects/P`."""
    with sandbox.store.read() as connection:
        return _view(connection, find(connection, call.path["project"], call.account))


def list_all(sandbox: Sandbox, call: Call) -> Object:
    """`GET projects`, by title."""
    equal, like = call.one("titleEq"), call.one("titleLike") or "%"
    with sandbox.store.read() as connection:
        rows = connection.execute(
            "SELECT * FROM projects WHERE title LIKE ? AND title = coalesce(?, title)"
            " AND organization = ? AND (? OR owner = ?) ORDER BY created",
            (like, equal, *_sight(call)),
        ).fetchall()
        return single([_view(connection, row) for row in rows])


def _sight(call: Call) -> tuple[str, bool, str]:
    everything = call.account.admin and call.flag("includeOrgAccess")
    return call.account.organization, everything, call.account.email


def list_datasets(sandbox: Sandbox, call: Call) -> Object:
    """`GET projects/P/datasets`."""
    with sandbox.store.read() as connection:
        project = find(connection, call.path["project"], call.account)
        rows = connection.execute(
            "SELECT datasets.* FROM project_datasets"
            " JOIN datasets ON datasets.id = project_datasets.dataset WHERE project = ?",
            (project["uuid"],),
        ).fetchall()
    return single(
        [
            {"datasetHash": row["uuid"], "title": row["title"], "description": row["description"]}
            for row in rows
        ]
    )


def create(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> str:
    """`project` POST; answers the project's UUID as bare text."""
    del uid
    uuid, now = new_uuid(), sandbox.now()
    with sandbox.store.write() as connection:
        asked = str(payload.get("ontology_hash") or "")
        ontology = ontologies.find(connection, asked, call.account)["uuid"]
        title, about = str(payload.get("title") or ""), str(payload.get("description") or "")
        row = (uuid, title, about, ontology, now, now)
        connection.execute(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, call.account.organization, call.account.email),
        )
        _attach(connection, uuid, payload.get("dataset_hashes"), call.account)
    return uuid


def _attach(connection: sqlite3.Connection, project: str, uuids: object, account: Account) -> None:
    for uuid in as_list(uuids, "dataset_hashes"):
        row = datasets.find(connection, str(uuid), account)
        if row is None:
            raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", f"There is no dataset {uuid}.")
        connection.execute(
            "INSERT OR IGNORE INTO project_datasets VALUES (?, ?)", (project, row["id"])
        )


def add_datasets(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> bool:
    """`projectdataset` POST with `{"dataset_hashes"}`."""
    del uid
    with sandbox.store.write() as connection:
        project = of_call(connection, call)
        _attach(connection, project["uuid"], payload.get("dataset_hashes"), call.account)
    return True


def remove_datasets(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> bool:
    """`projectdataset` DELETE of the datasets in `uid`."""
    del payload
    with sandbox.store.write() as connection:
        project = of_call(connection, call)
        connection.executemany(
            "DELETE FROM project_datasets WHERE project = ?"
            " AND dataset = (SELECT id FROM datasets WHERE uuid = ?)",
            [(project["uuid"], uuid) for uuid in as_list(uid, "uid")],
        )
    return True


def of_call(connection: sqlite3.Connection, call: Call) -> sqlite3.Row:
    """Return the project that the `ResourceID` header names, or refuse."""
    return find(connection, call.headers.get("resourceid", ""), call.account)
