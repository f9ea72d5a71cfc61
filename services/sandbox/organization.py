"""What belongs to a whole organization: integrations and the metadata schema."""

import re
import sqlite3

import orjson

from services.sandbox import access
from services.sandbox.accounts import ORGANIZATION
from services.sandbox.state import Sandbox, schema_key
from services.sandbox.store import set_value, value
from services.sandbox.wire import Call, Object, RefusalError, as_object

_HINTS = frozenset(
    ("number", "varchar", "text", "boolean", "datetime", "uuid", "string", "long_string")
)
_TYPES = _HINTS | {"variant", "enum", "embedding", "geospatial", "tombstone", "user"}
_KEY = re.compile(r"(?!\$).+", re.DOTALL)


def integrations(sandbox: Sandbox, call: Call) -> Object:
    """`GET cloud-integrations`: id and title, nothing else; the list is under `result` [RUN]."""
    uuids, titles = call.many("filterIntegrationUuids"), call.many("filterIntegrationTitles")
    with sandbox.store.read() as connection:
        rows = [
            row
            for row in connection.execute("SELECT * FROM integrations ORDER BY title").fetchall()
            if _listed(connection, call, row)
        ]
    return {
        "result": [
            {"integrationUuid": row["uuid"], "title": row["title"]}
            for row in rows
            if (not uuids or row["uuid"] in uuids) and (not titles or row["title"] in titles)
        ]
    }


def _listed(connection: sqlite3.Connection, call: Call, row: sqlite3.Row) -> bool:
    """Whether an integration is listed: one's own, or with `includeOrgAccess` an admin's too."""
    if call.flag("includeOrgAccess"):
        return bool(access.integration(connection, call.account, row))
    mine = bool(row["organization"] == call.account.organization)
    return mine and bool(access.direct_integration(connection, call.account, row))


def get_schema(sandbox: Sandbox, call: Call) -> Object:
    """`GET organisation/client-metadata-schema-v2`: `{key: type object}`."""
    with sandbox.store.read() as connection:
        return _schema(connection, call.account.organization)


def _schema(connection: sqlite3.Connection, organization: str) -> Object:
    found: Object = orjson.loads(value(connection, schema_key(organization)) or "{}")
    return found


def post_schema(sandbox: Sandbox, call: Call) -> None:
    """`POST organisation/client-metadata-schema-v2`: the whole schema; the last writer wins."""
    access.check_administers(call.account)
    schema = call.document()
    with sandbox.store.read() as connection:
        known = _schema(connection, call.account.organization)
    for key, kind in schema.items():
        if kind != known.get(key):  # what a newer Encord made is given back as it was
            _check(key, as_object(kind, f"The type of {key}"))
    keep_schema(sandbox, schema, call.account.organization)


def keep_schema(sandbox: Sandbox, schema: Object, organization: str = ORGANIZATION) -> None:
    """Replace the whole schema of an organization."""
    with sandbox.store.write() as connection:
        set_value(connection, schema_key(organization), orjson.dumps(schema).decode())


def _check(key: str, kind: Object) -> None:
    if not _KEY.fullmatch(key):
        raise RefusalError(400, f"Not a key for the metadata schema: {key!r}")
    if kind.get("ty") not in _TYPES:
        raise RefusalError(400, f"{key}: unknown type {kind.get('ty')!r}")
    if kind.get("ty") == "variant" and kind.get("hint", "text") not in _HINTS:
        raise RefusalError(400, f"{key}: unknown hint {kind.get('hint')!r}")
    values = kind.get("values")
    if kind.get("ty") == "enum" and (not isinstance(values, list) or not values):
        raise RefusalError(400, f"{key}: an enum needs values")
