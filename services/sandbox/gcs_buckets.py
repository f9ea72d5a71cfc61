"""Buckets of the JSON API: list, get, patch (CORS), and which permissions the caller has."""

import sqlite3

import orjson

from services.sandbox.gcs_errors import GoogleError, NoAccessError, NoSuchBucketError
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, rfc3339


def find(connection: sqlite3.Connection, name: str, permission: str) -> sqlite3.Row:
    """Return a bucket's row, or refuse: 404 when there is none, 401 when it is locked."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM buckets WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        raise NoSuchBucketError
    if not row["open"]:
        raise NoAccessError(permission)
    return row


def _view(call: Call, row: sqlite3.Row) -> Object:
    cors = orjson.loads(row["cors"])
    return {
        "kind": "storage#bucket",
        "id": row["name"],
        "name": row["name"],
        "selfLink": f"{call.base_url}/storage/v1/b/{row['name']}",
        "projectNumber": "100000000000",
        "location": "EU",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "generation": str(row["created"]),
        "metageneration": str(row["metageneration"]),
        "etag": f"CA{row['metageneration']}=",
        "timeCreated": rfc3339(row["created"]),
        "updated": rfc3339(row["updated"]),
        "iamConfiguration": {
            "publicAccessPrevention": "enforced",
            "uniformBucketLevelAccess": {"enabled": True},
        },
        **({"cors": cors} if cors else {}),
    }


def list_all(sandbox: Sandbox, call: Call) -> Object:
    """`GET b`: the buckets the caller may see, in name order."""
    prefix = call.one("prefix") or ""
    with sandbox.store.read() as connection:
        rows = connection.execute("SELECT * FROM buckets WHERE open ORDER BY name").fetchall()
    found = [_view(call, row) for row in rows if row["name"].startswith(prefix)]
    return {"kind": "storage#buckets", "items": found}


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET b/B`."""
    with sandbox.store.read() as connection:
        return _view(call, find(connection, call.path["bucket"], "storage.buckets.get"))


def patch(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH b/B`: the CORS rules are replaced whole; other fields are accepted and dropped."""
    body = call.document() if call.body else {}
    with sandbox.store.write() as connection:
        row = find(connection, call.path["bucket"], "storage.buckets.update")
        expected = call.one("ifMetagenerationMatch")
        if expected is not None and expected != str(row["metageneration"]):
            raise GoogleError(412, "At least one of the pre-conditions you specified did not hold.")
        if "cors" in body:
            rules = body["cors"] or []
            _check(rules)
            connection.execute(
                "UPDATE buckets SET cors = ?, metageneration = metageneration + 1, updated = ?"
                " WHERE name = ?",
                (orjson.dumps(rules).decode(), sandbox.now(), row["name"]),
            )
        return _view(call, find(connection, row["name"], "storage.buckets.get"))


def _check(rules: object) -> None:
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise GoogleError(400, "Invalid argument: cors")
    known = {"origin", "method", "responseHeader", "maxAgeSeconds"}
    for rule in rules:
        if set(rule) - known:
            raise GoogleError(400, f"Unknown name in cors: {min(set(rule) - known)}")


def permissions(sandbox: Sandbox, call: Call) -> Object:
    """`GET b/B/iam/testPermissions`: everything on an open bucket, nothing on a locked one."""
    with sandbox.store.read() as connection:
        row = connection.execute(
            "SELECT open FROM buckets WHERE name = ?", (call.path["bucket"],)
        ).fetchone()
    if row is None:
        raise NoSuchBucketError
    held = call.many("permissions") if row["open"] else []
    return {
        "kind": "storage#testIamPermissionsResponse",
        **({"permissions": held} if held else {}),
    }
