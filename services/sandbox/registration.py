"""Turning units of a job into items of its folder, in the order of the document."""

import hashlib
import sqlite3
from urllib.parse import urlsplit

import orjson

from services.sandbox import access, accounts, documents, hosted, switches
from services.sandbox.documents import Unit
from services.sandbox.outcomes import (
    File,
    Integration,
    files,
    frame_type,
    integration,
    item_type,
)
from services.sandbox.unit_errors import (
    FaultyEntryError,
    NoFramesError,
    NoSuchItemError,
    UnitError,
)
from services.sandbox.wire import Account, Object, new_uuid

#: Kinds whose items have no URL of their own.
_COMPOSITES = frozenset({"group", "dicom", "from_items", "scene"})
#: What the failed action was called: `DataUnitError.action_description` [wording assumed].
_ACTIONS = {
    "video": "Uploading video",
    "image": "Uploading image",
    "group": "Uploading image group",
    "from_items": "Creating image group",
    "audio": "Uploading audio",
    "text": "Uploading text file",
    "pdf": "Uploading PDF",
    "nifti": "Uploading NIfTI file",
    "dicom": "Uploading DICOM series",
    "scene": "Uploading scene",
    "timeseries": "Uploading time series",
}


def advance(connection: sqlite3.Connection, job: sqlite3.Row, upto: int, *, now: int) -> None:
    """Settle a job's units from where it stands up to `upto`, and end it after the last."""
    access = integration(connection, job["integration"]) or _no_access(connection, job)
    failed = 0
    slices = connection.execute(
        "SELECT * FROM job_slices WHERE job = ? AND past > ? AND first < ? ORDER BY first",
        (job["id"], job["settled"], upto),
    ).fetchall()
    for part in slices:
        first = max(job["settled"], part["first"])
        entries = orjson.loads(part["entries"])
        for seq in range(first, min(upto, part["past"])):
            unit = documents.unit(part["section"], entries[seq - part["first"]])
            failed += not _settle(connection, job, seq, unit, access=access, now=now)
    connection.execute(
        "UPDATE jobs SET settled = ?, failed = failed + ?, status = ? WHERE id = ?",
        (upto, failed, _status(job, upto, job["failed"] + failed), job["id"]),
    )


def _no_access(connection: sqlite3.Connection, job: sqlite3.Row) -> Integration:
    """Return what a job without an integration may read: the organization's local files."""
    return Integration(
        bucket="", strict=False, forbidden=(), organization=_organization(connection, job)
    )


def _organization(connection: sqlite3.Connection, job: sqlite3.Row) -> str:
    query = "SELECT organization FROM folders WHERE id = ?"
    return str(connection.execute(query, (job["folder"],)).fetchone()["organization"])


def _status(job: sqlite3.Row, settled: int, failed: int) -> str:
    if settled < job["total"]:
        return "PENDING"
    return "ERROR" if failed and not job["ignore_errors"] else "DONE"


def _settle(
    connection: sqlite3.Connection,
    job: sqlite3.Row,
    seq: int,
    unit: Unit,
    *,
    access: Integration,
    now: int,
) -> bool:
    """Decide one unit; return whether it was registered or skipped."""
    try:
        if job["skip_duplicates"] and _skip(connection, job, unit, now=now):
            return True
        if unit.kind == "from_items":
            _group_of_items(connection, job, unit, now=now)
        else:
            _register(connection, job, unit, files(connection, unit, access), now=now)
    except UnitError as error:
        connection.execute(
            "INSERT INTO unit_errors VALUES (?, ?, ?, ?, ?, ?)",
            (
                job["id"],
                seq,
                orjson.dumps(unit.urls).decode(),
                str(error),
                _ACTIONS[unit.kind],
                new_uuid(),
            ),
        )
        return False
    return True


def _skip(connection: sqlite3.Connection, job: sqlite3.Row, unit: Unit, *, now: int) -> bool:
    """Find the same URL in the same folder; refresh its metadata when the job says so."""
    if unit.kind in _COMPOSITES and not switches.state(connection, switches.GROUPS):
        return False
    atomic = switches.state(connection, switches.ATOMIC)
    row = connection.execute(
        "SELECT id FROM items WHERE container IS NULL AND folder = ? AND identity = ?"
        " AND (? OR created < ? OR job = ?) LIMIT 1",
        (job["folder"], identity(unit), bool(atomic), job["created"], job["id"]),
    ).fetchone()
    if row is None:
        return False
    if job["upsert"] and unit.client_metadata is not None:
        connection.execute(
            "UPDATE items SET client_metadata = ?, edited = ?"
            " WHERE container IS NULL AND folder = ? AND identity = ?",
            (_json(unit.client_metadata), now, job["folder"], identity(unit)),
        )
    return True


def identity(unit: Unit) -> str:
    """Return what makes two units the same.

    A single file is its exact URL [documented]; a group is its title and its frames in order
    [assumed].
    """
    if unit.kind not in _COMPOSITES:
        return unit.urls[0] if unit.urls else ""
    text = "\n".join((unit.kind, unit.title or "", *unit.urls, *unit.items))
    return f"group:{hashlib.sha256(text.encode()).hexdigest()}"


def _register(
    connection: sqlite3.Connection,
    job: sqlite3.Row,
    unit: Unit,
    found: tuple[File, ...],
    *,
    now: int,
) -> None:
    if unit.kind not in ("group", "dicom", "scene"):
        _insert(connection, job, unit, found[0], now=now)
        return
    number = _insert(connection, job, unit, _cover(unit, found), now=now)
    if unit.kind == "scene":
        return
    for position, frame in enumerate(found):
        _insert_frame(connection, job, unit, frame, container=number, position=position, now=now)


def _cover(unit: Unit, found: tuple[File, ...]) -> File:
    """Return the file facts of a whole group: the first frame's, and the frames' total size."""
    facts: Object = {"frameCount": len(found)}
    if found and unit.kind != "scene":
        first = found[0].facts
        kept = ("width", "height", "dicomStudyUid", "dicomSeriesUid")
        facts.update({name: first[name] for name in kept if name in first})
    if item_type(unit) == "imageSequence":
        facts["mimeType"] = "video/mp4"
    return File(url="", size=sum(file.size or 0 for file in found), facts=facts)


def _insert(
    connection: sqlite3.Connection, job: sqlite3.Row, unit: Unit, file: File, *, now: int
) -> int:
    cursor = connection.execute(
        "INSERT INTO items (uuid, folder, type, name, url, identity, client_metadata, integration,"
        " job, file_size, facts, created, edited) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hosted.uuid_of(file.url) or new_uuid(),
            job["folder"],
            item_type(unit),
            unit.title or urlsplit(file.url).path,
            file.url or None,
            identity(unit),
            _json(unit.client_metadata or {}),
            job["integration"],
            job["id"],
            file.size,
            _json(file.facts),
            now,
            now,
        ),
    )
    return int(cursor.lastrowid or 0)


def _insert_frame(
    connection: sqlite3.Connection,
    job: sqlite3.Row,
    unit: Unit,
    file: File,
    *,
    container: int,
    position: int,
    now: int,
) -> None:
    connection.execute(
        "INSERT INTO items (uuid, folder, container, position, type, name, url, client_metadata,"
        " integration, file_size, facts, created, edited)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, '{}', ?, ?, ?, ?, ?)",
        (
            hosted.uuid_of(file.url) or new_uuid(),
            job["folder"],
            container,
            position,
            frame_type(unit),
            _frame_title(unit, position) or urlsplit(file.url).path,
            file.url,
            job["integration"],
            file.size,
            _json(file.facts),
            now,
            now,
        ),
    )


def _frame_title(unit: Unit, position: int) -> str | None:
    return unit.frame_titles[position] if position < len(unit.frame_titles) else None


def _group_of_items(
    connection: sqlite3.Connection, job: sqlite3.Row, unit: Unit, *, now: int
) -> None:
    """Make a group whose frames repeat items that are registered already [assumed]."""
    if unit.fault is not None:
        raise FaultyEntryError(unit.fault)
    who = _starter(connection, job)
    frames = [_registered_image(connection, uuid, who) for uuid in unit.items]
    if not frames:
        raise NoFramesError
    number = _insert(connection, job, unit, _cover(unit, tuple(frames)), now=now)
    for position, frame in enumerate(frames):
        _insert_frame(connection, job, unit, frame, container=number, position=position, now=now)


def _starter(connection: sqlite3.Connection, job: sqlite3.Row) -> Account:
    return accounts.member(connection, _organization(connection, job), job["owner"])


def _registered_image(connection: sqlite3.Connection, uuid: str, who: Account) -> File:
    row = connection.execute(
        "SELECT * FROM items WHERE uuid = ? AND type = 'image'", (uuid.lower(),)
    ).fetchone()
    if row is None or not access.item(connection, who, row["folder"]):
        raise NoSuchItemError(uuid)
    return File(url=row["url"], size=row["file_size"], facts=orjson.loads(row["facts"]))


def _json(found: Object) -> str:
    return orjson.dumps(found).decode()
