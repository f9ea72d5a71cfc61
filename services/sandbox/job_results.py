"""Asking how an upload job stands: one look, or a held poll."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable

import orjson
from starlette.concurrency import run_in_threadpool

from services.sandbox import jobs, state, switches
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, RefusalError

_BREATH_S = 0.05
#: When to look again at a job that nothing but a bell moves.
_PATIENCE_S = 10.0


#: Finds the job a call is about, and says how it stands.
View = Callable[[sqlite3.Connection, Call], tuple[sqlite3.Row, Object]]


async def result(sandbox: Sandbox, call: Call) -> Object:
    """`GET .../data-upload-jobs/J`."""
    return await held(sandbox, call, _view_of, seconds(call))


def seconds(call: Call) -> float:
    """Return how long a v2 poll asks to be held."""
    text = call.one("timeoutSeconds") or "60"
    if not text.isdecimal():
        raise RefusalError(400, "timeoutSeconds must be a whole number.")
    return float(text)


def _view_of(connection: sqlite3.Connection, call: Call) -> tuple[sqlite3.Row, Object]:
    job = jobs.find(connection, call)
    return job, view(connection, job)


async def held(sandbox: Sandbox, call: Call, view_of: View, asked: float) -> Object:
    """Answer at the job's end, or after `asked` seconds if a poll may be held for so long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + min(asked, await run_in_threadpool(_longest_hold, sandbox))
    while True:
        with sandbox.bell.listening() as rung:
            found, wait = await run_in_threadpool(_look, sandbox, call, view_of)
            left = end - loop.time()
            if wait is None or left <= 0:
                return found
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(rung, min(left, wait))


def _longest_hold(sandbox: Sandbox) -> float:
    """Return how long a poll may be held; the SDK asks for seven days, and asks again."""
    with sandbox.store.read() as connection:
        return switches.state(connection, switches.HOLD)


def _look(sandbox: Sandbox, call: Call, view_of: View) -> tuple[Object, float | None]:
    """Return the state, and in how many seconds looking again makes sense (None: never)."""
    with sandbox.store.read() as connection:
        number = view_of(connection, call)[0]["id"]
    jobs.settle(sandbox, number)
    with sandbox.store.read() as connection:
        job, found = view_of(connection, call)
        if job["status"] != "PENDING":
            return found, None
        rate = state.rate(connection)
        units = job["total"] - jobs.due(job, rate, sandbox.now())
        return found, max(_BREATH_S, units / rate) if rate else _PATIENCE_S


def view(connection: sqlite3.Connection, job: sqlite3.Row) -> Object:
    """Return `UploadLongPollingState` [RUN]; items are named once the job is over [assumed]."""
    over = job["status"] != "PENDING"
    errors = connection.execute(
        "SELECT * FROM unit_errors WHERE job = ? ORDER BY seq", (job["id"],)
    ).fetchall()
    return {
        "status": job["status"],
        "itemsWithNames": _items(connection, job) if over else [],
        "errors": _errors(job),
        "unitsPendingCount": job["total"] - job["settled"] - job["cancelled"],
        "unitsDoneCount": job["settled"] - job["failed"],
        "unitsErrorCount": job["failed"],
        "unitsCancelledCount": job["cancelled"],
        "unitErrors": [
            {
                "objectUrls": orjson.loads(row["urls"]),
                "error": row["error"],
                "subtaskUuid": row["subtask"],
                "actionDescription": row["action"],
            }
            for row in errors
        ],
        "fileName": job["file_name"],
    }


def _errors(job: sqlite3.Row) -> list[str]:
    if not job["failed"] or job["status"] == "PENDING":
        return []
    return [f"{job['failed']} of {job['total']} data units could not be registered"]


def _items(connection: sqlite3.Connection, job: sqlite3.Row) -> list[Object]:
    rows = connection.execute(
        "SELECT uuid, name FROM items WHERE job = ? ORDER BY id", (job["id"],)
    ).fetchall()
    return [{"itemUuid": row["uuid"], "name": row["name"]} for row in rows]
