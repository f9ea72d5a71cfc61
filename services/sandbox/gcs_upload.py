"""Writing objects: media, multipart and resumable uploads, as Google's client sends them."""

import re
import secrets
import sqlite3

import orjson
from starlette.responses import Response

from services.sandbox import gcs_buckets, gcs_objects, objects
from services.sandbox.gcs_errors import GoogleError
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object

_OCTETS = "application/octet-stream"
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def start(sandbox: Sandbox, call: Call) -> Response:
    """`POST /upload/.../o`: the whole object, or the start of a resumable upload."""
    with sandbox.store.read() as connection:
        gcs_buckets.find(connection, call.path["bucket"], "storage.objects.create")
    kind = call.one("uploadType")
    if kind == "resumable":
        return _begin(sandbox, call)
    if kind == "multipart":
        name, content_type, data = _multipart(call)
    elif kind == "media":
        name = call.one("name")
        content_type, data = call.headers.get("content-type", _OCTETS), call.body
    else:
        raise GoogleError(400, "Unknown uploadType.")
    return _store(sandbox, call, call.path["bucket"], _named(name), content_type, data)


def _named(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise GoogleError(400, "Required")
    return name


def _multipart(call: Call) -> tuple[object, str, bytes]:
    """Split a `multipart/related` body: JSON metadata first, then the bytes."""
    match = _BOUNDARY.search(call.headers.get("content-type", ""))
    parts = call.body.split(b"--" + match.group(1).encode()) if match else []
    if len(parts) != 4:  # noqa: PLR2004 - nothing, metadata, media, "--"
        raise GoogleError(400, "Malformed multipart body.")
    _, metadata = _part(parts[1])
    headers, data = _part(parts[2])
    described: Object = orjson.loads(metadata)
    content_type = str(described.get("contentType") or headers or _OCTETS)
    return described.get("name") or call.one("name"), content_type, data


def _part(part: bytes) -> tuple[str, bytes]:
    """Return a part's content type and body, without the line ends around it."""
    head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    match = re.search(rb"content-type: *([^\r\n]+)", head, re.IGNORECASE)
    return (match.group(1).decode() if match else ""), body.removesuffix(b"\r\n")


def _store(
    sandbox: Sandbox, call: Call, bucket: str, name: str, content_type: str, data: bytes
) -> Response:
    with sandbox.store.write() as connection:
        _check_generation(connection, call, bucket, name)
        stored = objects.put(connection, bucket, name, data, content_type, now=sandbox.now())
    body = orjson.dumps(gcs_objects.view(call, stored))
    return Response(body, media_type="application/json")


def _check_generation(connection: sqlite3.Connection, call: Call, bucket: str, name: str) -> None:
    expected = call.one("ifGenerationMatch")
    if expected is None:
        return
    stored = objects.find(connection, bucket, name)
    if expected != (str(stored.created) if stored else "0"):
        raise GoogleError(412, "At least one of the pre-conditions you specified did not hold.")


def _begin(sandbox: Sandbox, call: Call) -> Response:
    described = call.document() if call.body else {}
    name = _named(described.get("name") or call.one("name"))
    content_type = described.get("contentType") or call.headers.get("x-upload-content-type")
    upload = secrets.token_urlsafe(24)
    with sandbox.store.write() as connection:
        connection.execute(
            "INSERT INTO uploads VALUES (?, ?, ?, ?, x'')",
            (upload, call.path["bucket"], name, str(content_type or _OCTETS)),
        )
    path = f"/upload/storage/v1/b/{call.path['bucket']}/o"
    location = f"{call.base_url}{path}?uploadType=resumable&upload_id={upload}"
    return Response(b"", headers={"Location": location})


def resume(sandbox: Sandbox, call: Call) -> Response:
    """`PUT` of a chunk: 308 while more is to come, the object's metadata at the end."""
    match = _RANGE.fullmatch(call.headers.get("content-range", "bytes */*"))
    with sandbox.store.write() as connection:
        row = connection.execute(
            "SELECT * FROM uploads WHERE id = ?", (call.one("upload_id"),)
        ).fetchone()
        if row is None:
            raise GoogleError(404, "No such upload.")
        data = bytes(row["data"]) + call.body
        whole = "content-range" not in call.headers or (
            match is not None and match.group(3) == str(len(data))
        )
        if not whole:
            connection.execute("UPDATE uploads SET data = ? WHERE id = ?", (data, row["id"]))
            received = {"Range": f"bytes=0-{len(data) - 1}"} if data else {}
            return Response(b"", 308, headers=received)
        connection.execute("DELETE FROM uploads WHERE id = ?", (row["id"],))
    return _store(sandbox, call, row["bucket"], row["name"], row["content_type"], data)
