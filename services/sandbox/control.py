"""The control calls for demos and tests: `/sandbox/control/...`, guarded by a token."""

import hmac
import os
from collections.abc import Callable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox import demo, demo_bucket, jobs, objects, state
from services.sandbox.faults import UnitError
from services.sandbox.outcomes import split_url
from services.sandbox.requests import call_of
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, RefusalError, as_list, as_text

_COUNT = "SELECT count(*) FROM ?"
_TABLES = ("folders", "items", "jobs", "datasets", "data_rows", "objects", "integrations")


def reset(sandbox: Sandbox, call: Call) -> Object:
    """`POST reset`: back to the fresh demo state; the key and the token stay."""
    del call
    with sandbox.store.write() as connection:
        state.reset(connection, now=sandbox.now())
        state.set_rate(connection, sandbox.default_rate)
    sandbox.bell.ring()
    return {"ok": True}


def forbidden(sandbox: Sandbox, call: Call) -> Object:
    """`POST forbidden` with `{"bucket", "prefixes"}`: what the integrations may not read."""
    body = call.document()
    bucket = as_text(body.get("bucket"), "bucket")
    prefixes = [as_text(found, "prefixes") for found in as_list(body.get("prefixes"), "prefixes")]
    with sandbox.store.write() as connection:
        connection.execute("DELETE FROM forbidden WHERE bucket = ?", (bucket,))
        connection.executemany(
            "INSERT OR IGNORE INTO forbidden VALUES (?, ?)",
            [(bucket, prefix) for prefix in prefixes],
        )
    return {"ok": True}


def rate(sandbox: Sandbox, call: Call) -> Object:
    """`POST rate` with `{"rate": units per second}`; 0 means only by hand."""
    found = call.document().get("rate")
    if not isinstance(found, (int, float)) or isinstance(found, bool) or found < 0:
        raise RefusalError(400, "rate must be a number, 0 or more.")
    with sandbox.store.write() as connection:
        jobs.hold(connection, now=sandbox.now())
        state.set_rate(connection, found)
    sandbox.bell.ring()
    return {"ok": True}


def advance(sandbox: Sandbox, call: Call) -> Object:
    """`POST jobs/advance` with `{"units": n | null}`: by hand, null for everything."""
    units = call.document().get("units")
    if units is not None and not isinstance(units, int):
        raise RefusalError(400, "units must be a whole number or null.")
    jobs.advance_by_hand(sandbox, units)
    return {"ok": True}


def counts(sandbox: Sandbox, call: Call) -> Object:
    """`GET state`: how many rows there are of everything, the rate, the forbidden prefixes."""
    del call
    with sandbox.store.read() as connection:
        found: Object = {
            table: connection.execute(_COUNT.replace("?", table)).fetchone()[0] for table in _TABLES
        }
        found["rate"] = state.rate(connection)
        found["forbidden"] = [dict(row) for row in connection.execute("SELECT * FROM forbidden")]
    return found


def mend(sandbox: Sandbox, call: Call) -> Object:
    """`POST mend`: give the demo manifest's objects their content, and lift the prefixes."""
    del call
    mended = 0
    with sandbox.store.write() as connection:
        connection.execute("DELETE FROM forbidden WHERE bucket = ?", (demo.BUCKET,))
        for key in _manifest_keys():
            stored = objects.find(connection, demo.BUCKET, key)
            if stored is None or stored.size == 0:
                demo_bucket.restore(connection, key, now=sandbox.now())
                mended += 1
    return {"mended": mended}


def _manifest_keys() -> list[str]:
    known = {*demo.keys(), *demo.MISSING}
    keys = []
    for address in demo.manifest_urls():
        try:
            keys.append(split_url(address)[1])
        except UnitError:
            continue
    return [key for key in keys if key in known]


_CALLS: tuple[tuple[str, str, Callable[[Sandbox, Call], Object]], ...] = (
    ("POST", "reset", reset),
    ("POST", "forbidden", forbidden),
    ("POST", "rate", rate),
    ("POST", "jobs/advance", advance),
    ("POST", "mend", mend),
    ("GET", "state", counts),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the control routes; `health` alone needs no token."""
    made = [_route(sandbox, *entry) for entry in _CALLS]
    return [Route("/sandbox/control/health", _health, methods=["GET"]), *made]


async def _health(request: Request) -> Response:
    del request
    return _json(200, {"ok": True, "pid": os.getpid()})


def _route(
    sandbox: Sandbox, method: str, path: str, handler: Callable[[Sandbox, Call], Object]
) -> Route:
    async def endpoint(request: Request) -> Response:
        token = request.headers.get("x-sandbox-token", "")
        if not hmac.compare_digest(token.encode(), sandbox.control_token.encode()):
            return _json(403, {"message": "X-Sandbox-Token is missing or wrong."})
        try:
            call = await call_of(request)
            return _json(200, await run_in_threadpool(handler, sandbox, call))
        except RefusalError as error:
            return _json(error.status, {"message": error.message})

    return Route(f"/sandbox/control/{path}", endpoint, methods=[method])


def _json(status: int, found: Object) -> Response:
    return Response(orjson.dumps(found), status, media_type="application/json")
