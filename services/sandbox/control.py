"""The control calls for demos and tests: `/sandbox/control/...`, guarded by a token."""

import hmac
import os
import re
from collections.abc import Callable
from fnmatch import fnmatchcase

import msgspec
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox import (
    accounts,
    demo,
    demo_bucket,
    encord_api,
    gcs_routes,
    jobs,
    objects,
    organization,
    state,
    switches,
)
from services.sandbox.faults import Fault
from services.sandbox.outcomes import split_url
from services.sandbox.requests import call_of
from services.sandbox.state import Sandbox
from services.sandbox.unit_errors import UnitError
from services.sandbox.wire import Call, Object, RefusalError, as_list, as_text

_NAME = re.compile(r"[a-z0-9-]{1,32}")
_COUNT = "SELECT count(*) FROM ?"
_TABLES = ("folders", "items", "jobs", "datasets", "data_rows", "objects", "integrations")


def reset(sandbox: Sandbox, call: Call) -> Object:
    """`POST reset`: back to the fresh demo state; the key and the token stay."""
    del call
    with sandbox.store.write() as connection:
        state.reset(connection, now=sandbox.now())
        state.set_rate(connection, sandbox.default_rate)
    sandbox.faults.clear()
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


def cors(sandbox: Sandbox, call: Call) -> Object:
    """`POST cors` with `{"bucket", "rules"}`: a bucket's CORS rules, as Google's API has them."""
    body = call.document()
    bucket = as_text(body.get("bucket"), "bucket")
    rules = orjson.dumps(as_list(body.get("rules"), "rules")).decode()
    with sandbox.store.write() as connection:
        connection.execute("UPDATE buckets SET cors = ? WHERE name = ?", (rules, bucket))
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


def stall(sandbox: Sandbox, call: Call) -> Object:
    """`POST jobs/stall` with `{"stalled": true | false}`: every job stops, or goes on."""
    stalled = call.document().get("stalled")
    if not isinstance(stalled, bool):
        raise RefusalError(400, "stalled must be true or false.")
    with sandbox.store.write() as connection:
        jobs.hold(connection, now=sandbox.now())
        state.set_stalled(connection, stalled=stalled)
    sandbox.bell.ring()
    return {"ok": True}


def plan_fault(sandbox: Sandbox, call: Call) -> Object:
    """`POST faults` with the fields of a `Fault`; `operation` must name a call, `*` may help."""
    try:
        fault = msgspec.json.decode(call.body, type=Fault)
    except msgspec.DecodeError as error:
        raise RefusalError(400, f"That is no fault: {error}") from error
    if not any(fnmatchcase(name, fault.operation) for name in _operations()):
        raise RefusalError(400, f"No call is named {fault.operation}; GET faults lists them.")
    sandbox.faults.plan(fault)
    return {"ok": True}


def list_accounts(sandbox: Sandbox, call: Call) -> Object:
    """`GET accounts`: who there is, and where each one's key lies."""
    del call
    with sandbox.store.read() as connection:
        return {"accounts": list(accounts.said(connection, sandbox.directory))}


def make_account(sandbox: Sandbox, call: Call) -> Object:
    """`POST accounts` with the fields of a `Person`; answers where the new key lies."""
    try:
        person = msgspec.json.decode(call.body, type=accounts.Person)
    except msgspec.DecodeError as error:
        raise RefusalError(400, f"That is no account: {error}") from error
    if not _NAME.fullmatch(person.name):
        raise RefusalError(400, "name must be of small letters, digits and hyphens.")
    with sandbox.store.write() as connection:
        path = accounts.make(connection, sandbox.directory, person, now=sandbox.now())
    return {"ssh_key_path": str(path)}


def revoke_key(sandbox: Sandbox, call: Call) -> Object:
    """`POST accounts/revoke` with `{"name", "revoked": true | false}`: from the next call on."""
    body = call.document()
    name, revoked = as_text(body.get("name"), "name"), body.get("revoked", True) is True
    with sandbox.store.write() as connection:
        if not accounts.revoke(connection, name, revoked=revoked):
            raise RefusalError(404, f"There is no account {name}.")
    return {"ok": True}


def list_faults(sandbox: Sandbox, call: Call) -> Object:
    """`GET faults`: what is planned, and every call a fault may name."""
    del call
    planned = [msgspec.to_builtins(fault) for fault in sandbox.faults.planned()]
    return {"planned": planned, "operations": _operations()}


def clear_faults(sandbox: Sandbox, call: Call) -> Object:
    """`DELETE faults`: none from now on; `?seed=n` starts chance anew."""
    sandbox.faults.clear()
    sandbox.faults.seed(int(call.one("seed") or 0))
    return {"ok": True}


def _operations() -> list[str]:
    return [*encord_api.operations(), *gcs_routes.operations()]


def list_switches(sandbox: Sandbox, call: Call) -> Object:
    """`GET switches`: how each stands, and what it means."""
    del call
    with sandbox.store.read() as connection:
        return {
            switch.name: {
                "state": switches.state(connection, switch),
                "assumed": switch.default,
                "meaning": switch.meaning,
            }
            for switch in switches.SWITCHES.values()
        }


def turn_switches(sandbox: Sandbox, call: Call) -> Object:
    """`POST switches` with `{name: number | true | false}`."""
    with sandbox.store.write() as connection:
        for name, to in call.document().items():
            switches.turn(connection, name, to)
    return {"ok": True}


def advance(sandbox: Sandbox, call: Call) -> Object:
    """`POST jobs/advance` with `{"units": n | null}`: by hand, null for everything."""
    units = call.document().get("units")
    if units is not None and not isinstance(units, int):
        raise RefusalError(400, "units must be a whole number or null.")
    jobs.advance_by_hand(sandbox, units)
    return {"ok": True}


def schema(sandbox: Sandbox, call: Call) -> Object:
    """`POST schema` with the whole metadata schema, unchecked: what a newer Encord may hold."""
    organization.keep_schema(sandbox, call.document())
    return {"ok": True}


def counts(sandbox: Sandbox, call: Call) -> Object:
    """`GET state`: how many rows there are of everything, the rate, whether jobs are stalled."""
    del call
    with sandbox.store.read() as connection:
        found: Object = {
            table: connection.execute(_COUNT.replace("?", table)).fetchone()[0] for table in _TABLES
        }
        found["rate"] = state.rate(connection)
        found["stalled"] = state.is_stalled(connection)
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
    ("POST", "cors", cors),
    ("POST", "rate", rate),
    ("POST", "jobs/advance", advance),
    ("POST", "jobs/stall", stall),
    ("GET", "accounts", list_accounts),
    ("POST", "accounts", make_account),
    ("POST", "accounts/revoke", revoke_key),
    ("GET", "faults", list_faults),
    ("POST", "faults", plan_fault),
    ("DELETE", "faults", clear_faults),
    ("GET", "switches", list_switches),
    ("POST", "switches", turn_switches),
    ("POST", "mend", mend),
    ("POST", "schema", schema),
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
