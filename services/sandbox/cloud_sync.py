"""Cloud-synced folders: their configuration, and taking over what lies in the bucket.

A sync lists the bucket at once and becomes an upload job of what is new, so that it advances like
every other. Shapes: `orm/storage.py` [RUN]; types taken, sidecars and tombstones [documented].
"""

import sqlite3
from collections.abc import Iterator

import msgspec
import orjson

from services.sandbox import documents, folders, job_results, jobs, objects
from services.sandbox.access import Role
from services.sandbox.objects import Stored
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, RefusalError, as_object, new_uuid

#: Main type of the content -> kind of unit; other objects are left where they are.
_KINDS = {"image": "image", "video": "video", "audio": "audio", "text": "text"}
_PAGE = 1000
_SUFFIX = ".metadata.json"
MAX_SUFFIX = 128


def _synced(connection: sqlite3.Connection, call: Call) -> sqlite3.Row:
    row = folders.find(connection, call.path["folder"], call.account, Role.ADMIN)
    if row["remote_url"] is None:
        raise RefusalError(400, "This is no cloud-synced folder.")
    return row


def get_config(sandbox: Sandbox, call: Call) -> Object:
    """`GET storage/folders/F/folder-config`."""
    with sandbox.store.read() as connection:
        row = folders.find(connection, call.path["folder"], call.account, Role.ADMIN)
    found: Object = orjson.loads(row["config"])
    return {"metadataIngestion": None, **found}


def post_config(sandbox: Sandbox, call: Call) -> Object:
    """`POST storage/folders/F/folder-config`: the whole configuration, unknown keys included."""
    config = call.document()
    ingestion = config.get("metadataIngestion")
    if ingestion is not None and not 1 <= len(_suffix(as_object(ingestion, "it"))) <= MAX_SUFFIX:
        raise RefusalError(400, f"The suffix must have 1 to {MAX_SUFFIX} characters.")
    with sandbox.store.write() as connection:
        row = _synced(connection, call)
        text = orjson.dumps(config).decode()
        connection.execute("UPDATE folders SET config = ? WHERE id = ?", (text, row["id"]))
    return config


def _suffix(ingestion: Object) -> str:
    matcher = ingestion.get("matcher")
    return str(matcher.get("suffix", _SUFFIX)) if isinstance(matcher, dict) else _SUFFIX


def start(sandbox: Sandbox, call: Call) -> str:
    """`POST storage/folders/F/cloud-synced-folder-syncs`; answers the sync's UUID."""
    with sandbox.store.write() as connection:
        folder = _synced(connection, call)
        found = list(_listed(connection, folder))
        _bury(connection, folder, found)
        entries = list(_entries(connection, folder, found))
        job = jobs.insert(
            connection,
            _document(entries),
            folder=folder["id"],
            integration_uuid=folder["integration"],
            owner=call.account.email,
            now=sandbox.now(),
        )
        uuid, pages = new_uuid(), max(1, -(-len(found) // _PAGE))
        row = (uuid, folder["id"], job, pages)
        connection.execute("INSERT INTO syncs VALUES (?, ?, ?, ?)", row)
    return uuid


def _listed(connection: sqlite3.Connection, folder: sqlite3.Row) -> Iterator[Stored]:
    bucket, _, prefix = str(folder["remote_url"]).removeprefix("gs://").partition("/")
    cursor = prefix
    while names := objects.names_after(connection, bucket, prefix, cursor, _PAGE):
        for name in names:
            stored = objects.find(connection, bucket, name)
            if stored is not None:
                yield stored
        cursor = names[-1] + "\0"


def _bury(connection: sqlite3.Connection, folder: sqlite3.Row, found: list[Stored]) -> None:
    """Mark items whose object is gone as tombstones, and raise those whose object is back."""
    here = orjson.dumps([_url(stored) for stored in found]).decode()
    connection.execute(
        "UPDATE items SET tombstone = url NOT IN (SELECT value FROM json_each(?))"
        " WHERE folder = ? AND container IS NULL AND url IS NOT NULL",
        (here, folder["id"]),
    )


def _url(stored: Stored) -> str:
    return f"gs://{stored.bucket}/{stored.name}"


def _entries(
    connection: sqlite3.Connection, folder: sqlite3.Row, found: list[Stored]
) -> Iterator[tuple[str, Object]]:
    """Yield kind and entry of every object to register; sidecars are claimed, never registered."""
    ingestion = orjson.loads(folder["config"]).get("metadataIngestion")
    suffix = _suffix(ingestion) if ingestion else None
    by_name = {stored.name: stored for stored in found}
    for stored in found:
        kind = _kind(stored)
        if kind is None or (suffix and stored.name.endswith(suffix)):
            continue
        entry: Object = {"objectUrl": _url(stored)}
        sidecar = by_name.get(stored.name + suffix) if suffix else None
        if sidecar is not None and not ingestion.get("paused"):
            entry["clientMetadata"] = _read(connection, sidecar)
        yield kind, entry


def _read(connection: sqlite3.Connection, sidecar: Stored) -> object:
    """Return what a sidecar says; of one that is not JSON a text, which its unit fails by."""
    try:
        return orjson.loads(objects.read(connection, sidecar, 0, sidecar.size))
    except orjson.JSONDecodeError:
        return "not JSON"


def _kind(stored: Stored) -> str | None:
    if stored.content_type == "application/pdf":
        return "pdf"
    return _KINDS.get(stored.content_type.partition("/")[0])


def _document(entries: list[tuple[str, Object]]) -> documents.Document:
    kinds = dict.fromkeys(kind for kind, _ in entries)
    sections = tuple(
        (kind, [msgspec.Raw(orjson.dumps(entry)) for found, entry in entries if found == kind])
        for kind in kinds
    )
    return documents.Document(sections=sections, skip_duplicates=True, upsert_metadata=True)


async def result(sandbox: Sandbox, call: Call) -> Object:
    """`GET .../cloud-linked-folder-syncs/J/long-polling`: another noun than the start's [RUN]."""
    return await job_results.held(sandbox, call, _view, job_results.seconds(call))


def _view(connection: sqlite3.Connection, call: Call) -> tuple[sqlite3.Row, Object]:
    folder = folders.find(connection, call.path["folder"], call.account)
    row = connection.execute(
        "SELECT jobs.*, syncs.pages FROM syncs JOIN jobs ON jobs.id = syncs.job"
        " WHERE syncs.uuid = ? AND syncs.folder = ?",
        (call.path["sync"].lower(), folder["id"]),
    ).fetchone()
    if row is None:
        raise RefusalError(404, "There is no such sync of this folder.")
    over = row["status"] != "PENDING"
    return row, {
        "status": row["status"].lower(),
        "scanPagesProcessingPending": 0,
        "scanPagesProcessingDone": row["pages"],
        "scanPagesProcessingError": 0,
        "scanPagesProcessingCancelled": 0,
        "uploadJobsPending": int(not over),
        "uploadJobsDone": int(over),
        "uploadJobsError": 0,
        "uploadJobsUnitsPending": row["total"] - row["settled"] - row["cancelled"],
        "uploadJobsUnitsDone": row["settled"] - row["failed"],
        "uploadJobsUnitsError": row["failed"],
        "uploadJobsUnitsCancelled": row["cancelled"],
    }
