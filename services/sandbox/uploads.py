"""Local files: signed addresses to send them to, and the bytes that Encord then keeps itself.

A file's key is `uploads/<UUID>`, and the item made of it gets that UUID. Shapes: the SDK's
`orm/storage.py`, `UploadSignedUrl`, and `http/utils.py` [RUN]. What becomes of a file is decided by
the upload job that names it.
"""

import sqlite3

from starlette.responses import Response

from services.sandbox import cors, folders, gcs_media, hosted, objects, signed
from services.sandbox.access import Role
from services.sandbox.gcs_errors import GoogleError
from services.sandbox.paging import single
from services.sandbox.state import Sandbox
from services.sandbox.wire import Account, Call, Object, RefusalError, new_uuid

#: The most addresses of one call [assumed].
MAX_COUNT = 1000
#: Encord's own storage lets every page read what it signed [assumed].
_CORS = '[{"origin": ["*"], "method": ["GET", "HEAD"], "responseHeader": ["Content-Type"]}]'


def for_folder(sandbox: Sandbox, call: Call) -> Object:
    """`POST storage/folders/F/upload-signed-urls` with `{"itemType", "count"}`."""
    count = call.document().get("count")
    with sandbox.store.write() as connection:
        folders.find(connection, call.path["folder"], call.account, Role.ADMIN)
        return _addresses(sandbox, call, connection, count)


def for_anybody(sandbox: Sandbox, call: Call) -> Object:
    """`GET presigned-urls?count&uploadItemType`, of a dataset's uploads and of scenes."""
    text = call.one("count") or ""
    with sandbox.store.write() as connection:
        return _addresses(sandbox, call, connection, int(text) if text.isdecimal() else None)


def _addresses(
    sandbox: Sandbox, call: Call, connection: sqlite3.Connection, count: object
) -> Object:
    if not isinstance(count, int) or not 1 <= count <= MAX_COUNT:
        raise RefusalError(400, f"count must be between 1 and {MAX_COUNT}.")
    return single([_address(sandbox, call, connection, call.account) for _ in range(count)])


def _address(
    sandbox: Sandbox, call: Call, connection: sqlite3.Connection, account: Account
) -> Object:
    uuid = new_uuid()
    connection.execute("INSERT INTO placeholders VALUES (?, ?)", (uuid, account.organization))
    return {
        "itemUuid": uuid,
        "objectKey": hosted.key(uuid),
        "signedUrl": signed.upload_url(sandbox, call.base_url, hosted.key(uuid)),
        "uploadHeaders": {},
    }


def put(sandbox: Sandbox, call: Call) -> Response:
    """`PUT /uploads/UUID?expires&signature`: the file itself, without a key of Encord's."""
    key = hosted.key(call.path["uuid"])
    _check(sandbox, call, signed.UPLOAD, key)
    content_type = call.headers.get("content-type", "application/octet-stream")
    with sandbox.store.write() as connection:
        objects.put(connection, hosted.BUCKET, key, call.body, content_type, now=sandbox.now())
    return Response(b"")


def get(sandbox: Sandbox, call: Call) -> Response:
    """`GET /uploads/UUID?expires&signature`: the file back."""
    key = hosted.key(call.path["uuid"])
    _check(sandbox, call, hosted.BUCKET, key)
    with sandbox.store.read() as connection:
        stored = objects.find(connection, hosted.BUCKET, key)
        if stored is None:
            raise GoogleError(404, "The specified key does not exist.")
        return gcs_media.answer(connection, call, stored, _CORS)


def preflight(sandbox: Sandbox, call: Call) -> Response:
    """`OPTIONS /uploads/UUID`."""
    del sandbox
    return Response(b"", headers=cors.preflight(_CORS, call.headers))


def _check(sandbox: Sandbox, call: Call, scope: str, key: str) -> None:
    expires, signature = call.one("expires") or "", call.one("signature") or ""
    if not signed.valid(sandbox, scope, key, expires, signature):
        raise GoogleError(403, "The request signature does not match.")
    if int(expires) < sandbox.clock():
        raise GoogleError(400, "The provided token has expired.")
