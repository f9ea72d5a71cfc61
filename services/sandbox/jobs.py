"""Upload jobs: started from a document, advanced by the clock, settled when somebody looks.

No timer runs. A job's row says how many units are due by now; whoever asks about the job or its
folder decides those that are due and not settled yet, a bounded number in each transaction.
"""

import sqlite3
import time
from collections.abc import Iterator

import msgspec

from services.sandbox import access, documents, folders, registration, state, switches
from services.sandbox.access import Role
from services.sandbox.state import Sandbox
from services.sandbox.wire import Account, Call, Object, RefusalError, as_uuid, new_uuid

#: Units decided in one transaction, and for how long one call keeps deciding.
_STEP, _BUDGET_S = 500, 0.25


class _Start(msgspec.Struct, rename="camel"):
    """Body of the start call: `orm/storage.py`, `PostUploadJobParams` [RUN]."""

    external_files: msgspec.Raw = msgspec.Raw(b"null")
    data_items: msgspec.Raw = msgspec.Raw(b"null")
    integration_hash: str | None = None
    ignore_errors: bool = False
    file_name: str | None = None


def start(sandbox: Sandbox, call: Call) -> str:
    """`POST storage/folders/F/data-upload-jobs`; answers the job's UUID as bare JSON text."""
    try:
        body = msgspec.json.decode(call.body, type=_Start)
    except msgspec.DecodeError as error:
        raise RefusalError(400, f"The body is not an upload job: {error}") from error
    document = _document(body)
    with sandbox.store.write() as connection:
        folder = folders.find(connection, call.path["folder"], call.account, Role.ADMIN)
        check_integration(connection, body.integration_hash, document, call.account)
        number = insert(
            connection,
            document,
            folder=folder["id"],
            integration_uuid=body.integration_hash,
            owner=call.account.email,
            ignore_errors=body.ignore_errors,
            file_name=body.file_name,
            now=sandbox.now(),
        )
        return str(by_number(connection, number)["uuid"])


def insert(
    connection: sqlite3.Connection,
    document: documents.Document,
    *,
    folder: int,
    integration_uuid: str | None,
    owner: str,
    now: int,
    ignore_errors: bool = True,
    file_name: str | None = None,
) -> int:
    """Make a job of a document and return its number."""
    total = document.total()
    number = connection.execute(
        "INSERT INTO jobs (uuid, folder, integration, ignore_errors, skip_duplicates, upsert,"
        " file_name, status, total, due_since, created, owner)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new_uuid(),
            folder,
            integration_uuid,
            ignore_errors,
            document.skip_duplicates,
            document.upsert_metadata,
            file_name if switches.state(connection, switches.FILE_NAME) else None,
            "PENDING" if total else "DONE",
            total,
            now,
            now,
            owner,
        ),
    ).lastrowid
    connection.executemany(
        "INSERT INTO job_slices VALUES (?, ?, ?, ?, ?)",
        ((number, *part) for part in _slices(document)),
    )
    return int(number or 0)


def _document(body: _Start) -> documents.Document:
    if not _is_null(body.external_files):
        return documents.parse(body.external_files, typed=False)
    if not _is_null(body.data_items):
        return documents.parse(body.data_items, typed=True)
    return documents.Document(sections=(), skip_duplicates=False, upsert_metadata=False)


def _is_null(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:4]) == b"null"


def check_integration(
    connection: sqlite3.Connection,
    asked: object,
    document: documents.Document,
    account: Account,
) -> None:
    """Refuse a document whose integration one may not use, or that needs one and names none."""
    if asked is not None:
        uuid = as_uuid(asked, "integrationHash")
        access.check_may_register(connection, account, uuid)
    elif not all(unit.is_hosted() for unit in document.units()):
        raise RefusalError(400, "integrationHash is required for files in cloud storage.")


def _slices(document: documents.Document) -> Iterator[tuple[int, int, str, bytes]]:
    first = 0
    for kind, entries in document.sections:
        for at in range(0, len(entries), documents.SLICE):
            part = entries[at : at + documents.SLICE]
            yield first, first + len(part), kind, b"[%s]" % b",".join(part)
            first += len(part)


def find(connection: sqlite3.Connection, call: Call, role: Role = Role.USER) -> sqlite3.Row:
    """Return the job that a path names, or refuse."""
    folder = folders.find(connection, call.path["folder"], call.account, role)
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM jobs WHERE uuid = ? AND folder = ?",
        (call.path["job"].lower(), folder["id"]),
    ).fetchone()
    if row is None:
        raise RefusalError(404, "There is no such upload job in this folder.")
    return row


def due(job: sqlite3.Row, rate: float, now: int) -> int:
    """Return how many units of a job should be settled by now."""
    passed = max(0, now - job["due_since"]) / 1_000_000
    return int(min(job["total"], job["due_base"] + rate * passed))


def settle(sandbox: Sandbox, number: int) -> None:
    """Decide what is due of one job, for a bounded time."""
    end = time.monotonic() + _BUDGET_S
    while time.monotonic() < end:
        with sandbox.store.write() as connection:
            job = by_number(connection, number)
            if job["status"] != "PENDING":
                return
            upto = min(due(job, state.rate(connection), sandbox.now()), job["settled"] + _STEP)
            if upto > job["settled"]:
                registration.advance(connection, job, upto, now=sandbox.now())
            if upto - job["settled"] < _STEP:
                break
    _ring_if_over(sandbox, number)


def _ring_if_over(sandbox: Sandbox, number: int) -> None:
    with sandbox.store.read() as connection:
        job = by_number(connection, number)
    if job["status"] != "PENDING":
        sandbox.bell.ring()


def by_number(connection: sqlite3.Connection, number: int) -> sqlite3.Row:
    """Return a job that is known to exist."""
    row: sqlite3.Row = connection.execute("SELECT * FROM jobs WHERE id = ?", (number,)).fetchone()
    return row


def settle_folder(sandbox: Sandbox, folder: str) -> None:
    """Decide what is due of every running job of a folder, before the folder is looked at."""
    with sandbox.store.read() as connection:
        rows = connection.execute(
            "SELECT jobs.id FROM jobs JOIN folders ON folders.id = jobs.folder"
            " WHERE folders.uuid = ? AND jobs.status = 'PENDING'",
            (folder.lower(),),
        ).fetchall()
    for row in rows:
        settle(sandbox, row["id"])


def settle_all(sandbox: Sandbox) -> None:
    """Decide what is due of every running job, for a bounded time each."""
    with sandbox.store.read() as connection:
        rate, now = state.rate(connection), sandbox.now()
        running = connection.execute("SELECT * FROM jobs WHERE status = 'PENDING'").fetchall()
        late = [job["id"] for job in running if due(job, rate, now) > job["settled"]]
    for number in late:
        settle(sandbox, number)


def hold(connection: sqlite3.Connection, *, now: int) -> None:
    """Write down how far every running job is, before the rate changes."""
    rate = state.rate(connection)
    for job in connection.execute("SELECT * FROM jobs WHERE status = 'PENDING'").fetchall():
        connection.execute(
            "UPDATE jobs SET due_base = ?, due_since = ? WHERE id = ?",
            (due(job, rate, now), now, job["id"]),
        )


def advance_by_hand(sandbox: Sandbox, units: int | None) -> None:
    """Make more units due in every running job, all of them when `units` is None; settle them."""
    with sandbox.store.write() as connection:
        hold(connection, now=sandbox.now())
        connection.execute(
            "UPDATE jobs SET due_base = min(total, due_base + coalesce(?, total))"
            " WHERE status = 'PENDING'",
            (units,),
        )
        rows = connection.execute("SELECT id FROM jobs WHERE status = 'PENDING'").fetchall()
    for row in rows:
        while _lags(sandbox, row["id"]):
            settle(sandbox, row["id"])
    sandbox.bell.ring()


def _lags(sandbox: Sandbox, number: int) -> bool:
    with sandbox.store.read() as connection:
        job = by_number(connection, number)
        if job["status"] != "PENDING":
            return False
        return due(job, state.rate(connection), sandbox.now()) > int(job["settled"])


def cancel(sandbox: Sandbox, call: Call) -> Object:
    """`POST .../data-upload-jobs/J/cancel`: pending units end; what is registered stays."""
    with sandbox.store.read() as connection:
        number = find(connection, call, Role.ADMIN)["id"]
    settle(sandbox, number)
    with sandbox.store.write() as connection:
        job = find(connection, call)
        pending = job["total"] - job["settled"] if job["status"] == "PENDING" else 0
        if pending:
            connection.execute(
                "UPDATE jobs SET status = 'CANCELLED', cancelled = ? WHERE id = ?",
                (pending, job["id"]),
            )
    sandbox.bell.ring()
    return {"unitsCancelledCount": pending}
