"""Upload jobs of the dataset flavour, v1: what they register is linked to the dataset.

Shapes: `client.py` and `orm/dataset.py`, `DatasetDataLongPolling` [RUN].
"""

import sqlite3

import msgspec
import orjson
from starlette.concurrency import run_in_threadpool

from services.sandbox import documents, folders, job_results, jobs
from services.sandbox.access import Role
from services.sandbox.rows import dataset_of
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, EnvelopeError, Object, RefusalError, new_uuid


def start(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> Object:
    """`datasetdatalongpolling` POST; a dataset without a backing folder must be given one."""
    del uid
    typed = payload.get("dataItems") is not None
    files = payload.get("dataItems" if typed else "files")
    document = documents.parse(msgspec.Raw(orjson.dumps(files)), typed=typed)
    asked = payload.get("integrationId")
    with sandbox.store.write() as connection:
        dataset = dataset_of(connection, call, Role.ADMIN)
        jobs.check_integration(connection, asked, document, call.account)
        job = jobs.insert(
            connection,
            document,
            folder=_folder(connection, dataset, payload, call)["id"],
            integration_uuid=None if asked is None else str(asked),
            owner=call.account.email,
            ignore_errors=payload.get("ignoreErrors") is True,
            now=sandbox.now(),
        )
        uuid = new_uuid()
        connection.execute("INSERT INTO dataset_jobs VALUES (?, ?, ?)", (uuid, dataset["id"], job))
    return {"process_hash": uuid}


def _folder(
    connection: sqlite3.Connection, dataset: sqlite3.Row, payload: Object, call: Call
) -> sqlite3.Row:
    uuid = payload.get("folderUuid") or dataset["folder"]
    if uuid is None:
        raise RefusalError(400, "folderUuid is required: the dataset has no backing folder.")
    return folders.find(connection, str(uuid), call.account, Role.ADMIN)


async def result(sandbox: Sandbox, call: Call, payload: Object) -> Object:
    """`datasetdatalongpolling` GET; held like the polls of folders."""

    def view_of(connection: sqlite3.Connection, call: Call) -> tuple[sqlite3.Row, Object]:
        found = _find(connection, call, payload)
        return jobs.by_number(connection, found["job"]), {}

    asked = payload.get("timeout_seconds")
    seconds = float(asked) if isinstance(asked, int) else 0.0
    await job_results.held(sandbox, call, view_of, seconds)
    return await run_in_threadpool(_said, sandbox, call, payload)


def _said(sandbox: Sandbox, call: Call, payload: Object) -> Object:
    """Link what is registered, once the job is over, and say how it stands."""
    with sandbox.store.write() as connection:
        found = _find(connection, call, payload)
        job = jobs.by_number(connection, found["job"])
        over = job["status"] != "PENDING"
        rows = _link(connection, found, now=sandbox.now()) if over else []
        said = job_results.view(connection, job)
    return {
        "status": job["status"],
        "data_hashes_with_titles": rows,
        "errors": said["errors"],
        "data_unit_errors": said["unitErrors"],
        "units_pending_count": said["unitsPendingCount"],
        "units_done_count": said["unitsDoneCount"],
        "units_error_count": said["unitsErrorCount"],
        "units_cancelled_count": said["unitsCancelledCount"],
    }


def _find(connection: sqlite3.Connection, call: Call, payload: Object) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM dataset_jobs WHERE uuid = ? AND dataset = ?",
        (payload.get("process_hash"), dataset_of(connection, call)["id"]),
    ).fetchone()
    if row is None:
        raise EnvelopeError(404, "RESOURCE_NOT_FOUND_ERROR", "There is no such upload.")
    return row


def _link(connection: sqlite3.Connection, found: sqlite3.Row, *, now: int) -> list[Object]:
    """Link what the job registered, once, and return the rows."""
    missing = connection.execute(
        "SELECT id FROM items WHERE job = ? AND NOT EXISTS"
        " (SELECT 1 FROM data_rows WHERE item = items.id AND dataset = ?)",
        (found["job"], found["dataset"]),
    ).fetchall()
    connection.executemany(
        "INSERT INTO data_rows (hash, dataset, item, created) VALUES (?, ?, ?, ?)",
        [(new_uuid(), found["dataset"], row["id"], now) for row in missing],
    )
    rows = connection.execute(
        "SELECT data_rows.hash, items.name, items.uuid FROM data_rows"
        " JOIN items ON items.id = data_rows.item WHERE items.job = ? AND dataset = ?"
        " ORDER BY items.id",
        (found["job"], found["dataset"]),
    )
    return [
        {"data_hash": row["hash"], "title": row["name"], "backing_item_uuid": row["uuid"]}
        for row in rows
    ]
