"""The bytes of objects: ranges, HEAD, checksums, CORS, and addresses signed by the sandbox."""

import base64
import re
import sqlite3

from starlette.responses import Response

from services.sandbox import cors, gcs_buckets, gcs_objects, objects, signed
from services.sandbox.gcs_errors import GoogleError
from services.sandbox.objects import Stored
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def download(sandbox: Sandbox, call: Call) -> Response:
    """Answer GET or HEAD for an object's bytes, with the bucket's CORS headers."""
    with sandbox.store.read() as connection:
        bucket = gcs_buckets.find(connection, call.path["bucket"], "storage.objects.get")
        stored = gcs_objects.find(connection, call, "storage.objects.get")
        return answer(connection, call, stored, bucket["cors"])


def answer(connection: sqlite3.Connection, call: Call, stored: Stored, rules: str) -> Response:
    """Return an object's bytes, or the range that is asked for, under cross-origin rules."""
    headers = _headers(stored) | cors.headers(rules, call.headers, call.method)
    try:
        start, past, partial = _range(call.headers.get("range"), stored.size)
    except ValueError:
        wanted = {"Content-Range": f"bytes */{stored.size}"}
        return Response(b"", 416, headers=headers | wanted)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{past - 1}/{stored.size}"
    headers["Content-Length"] = str(past - start)
    body = b"" if call.method == "HEAD" else objects.read(connection, stored, start, past)
    return Response(body, 206 if partial else 200, headers=headers)


def signed_download(sandbox: Sandbox, call: Call) -> Response:
    """Answer `GET /media/B/NAME?expires&signature`; an old or changed address is refused."""
    bucket, name = call.path["bucket"], call.path["name"]
    expires, signature = call.one("expires") or "", call.one("signature") or ""
    if not signed.valid(sandbox, bucket, name, expires, signature):
        raise GoogleError(403, "The request signature does not match.")
    if int(expires) < sandbox.clock():
        raise GoogleError(400, "The provided token has expired.")
    return download(sandbox, call)


def preflight(sandbox: Sandbox, call: Call) -> Response:
    """Answer OPTIONS by the bucket's rules; without a matching rule, without headers."""
    with sandbox.store.read() as connection:
        bucket = gcs_buckets.find(connection, call.path["bucket"], "storage.objects.get")
    return Response(b"", headers=cors.preflight(bucket["cors"], call.headers))


def _headers(stored: Stored) -> dict[str, str]:
    md5 = base64.b64encode(bytes.fromhex(stored.md5)).decode()
    return {
        "Content-Type": stored.content_type,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0",
        "ETag": f'"{stored.md5}"',
        "x-goog-generation": str(stored.created),
        "x-goog-metageneration": "1",
        "x-goog-stored-content-length": str(stored.size),
        "x-goog-hash": f"crc32c={stored.crc32c},md5={md5}",
    }


def _range(text: str | None, size: int) -> tuple[int, int, bool]:
    """Return (start, past the end, whether partial); ValueError when nothing of it is there."""
    match = _RANGE.fullmatch(text) if text else None
    if match is None or match.groups() == ("", ""):
        return 0, size, False
    first, last = match.groups()
    if first:
        start, past = int(first), min(size, int(last) + 1) if last else size
    else:
        start, past = max(0, size - int(last)), size
    if start >= past:
        raise ValueError(text)
    return start, past, True
