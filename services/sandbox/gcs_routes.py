"""Routes of the Google side: JSON API, uploads, downloads, and path-style addresses."""

from collections.abc import Callable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox import (
    faults,
    gcs_buckets,
    gcs_errors,
    gcs_media,
    gcs_objects,
    gcs_upload,
    uploads,
)
from services.sandbox.gcs_errors import GoogleError
from services.sandbox.requests import call_of, refusing_types
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, RefusalError

_Answer = Callable[[Sandbox, Call], Response]
_Refusal = Callable[[GoogleError], Response]

_BUCKETS = "/storage/v1/b"
_BUCKET = "/storage/v1/b/{bucket}"
_OBJECTS = "/storage/v1/b/{bucket}/o"
_OBJECT = "/storage/v1/b/{bucket}/o/{name:path}"


def _json(handler: Callable[[Sandbox, Call], Object]) -> _Answer:
    def answer(sandbox: Sandbox, call: Call) -> Response:
        return Response(orjson.dumps(handler(sandbox, call)), media_type="application/json")

    return answer


def _get_object(sandbox: Sandbox, call: Call) -> Response:
    if call.one("alt") == "media":
        return gcs_media.download(sandbox, call)
    return _json(gcs_objects.get)(sandbox, call)


def _delete_object(sandbox: Sandbox, call: Call) -> Response:
    gcs_objects.delete(sandbox, call)
    return Response(b"", 204)


_ROUTES: tuple[tuple[tuple[str, ...], str, _Answer, _Refusal], ...] = (
    (("GET",), _BUCKETS, _json(gcs_buckets.list_all), gcs_errors.as_json),
    (
        ("GET",),
        f"{_BUCKET}/iam/testPermissions",
        _json(gcs_buckets.permissions),
        gcs_errors.as_json,
    ),
    (("GET",), _BUCKET, _json(gcs_buckets.get), gcs_errors.as_json),
    (("PATCH", "PUT"), _BUCKET, _json(gcs_buckets.patch), gcs_errors.as_json),
    (("GET",), _OBJECTS, _json(gcs_objects.list_all), gcs_errors.as_json),
    (("GET", "HEAD"), _OBJECT, _get_object, gcs_errors.as_json),
    (("DELETE",), _OBJECT, _delete_object, gcs_errors.as_json),
    (("GET", "HEAD"), f"/download{_OBJECT}", gcs_media.download, gcs_errors.as_text),
    (("OPTIONS",), f"/download{_OBJECT}", gcs_media.preflight, gcs_errors.as_text),
    (("POST",), f"/upload{_OBJECTS}", gcs_upload.start, gcs_errors.as_json),
    (("PUT",), f"/upload{_OBJECTS}", gcs_upload.resume, gcs_errors.as_json),
    (("PUT",), "/uploads/{uuid}", uploads.put, gcs_errors.as_xml),
    (("GET", "HEAD"), "/uploads/{uuid}", uploads.get, gcs_errors.as_xml),
    (("OPTIONS",), "/uploads/{uuid}", uploads.preflight, gcs_errors.as_xml),
    (("GET", "HEAD"), "/media/{bucket}/{name:path}", gcs_media.signed_download, gcs_errors.as_xml),
    (("OPTIONS",), "/media/{bucket}/{name:path}", gcs_media.preflight, gcs_errors.as_xml),
    (("GET", "HEAD"), "/{bucket}/{name:path}", gcs_media.download, gcs_errors.as_xml),
    (("OPTIONS",), "/{bucket}/{name:path}", gcs_media.preflight, gcs_errors.as_xml),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes; the last ones catch every address that nobody else wanted."""
    return [_route(sandbox, *entry) for entry in _ROUTES]


def operations() -> list[str]:
    """Name every call."""
    return [f"gcs {method} {path}" for methods, path, _, _ in _ROUTES for method in methods]


def _route(
    sandbox: Sandbox, methods: tuple[str, ...], path: str, handler: _Answer, refused: _Refusal
) -> Route:
    async def endpoint(request: Request) -> Response:
        async def answer() -> Response:
            try:
                call = await call_of(request)
                with refusing_types(call):
                    return await run_in_threadpool(handler, sandbox, call)
            except GoogleError as error:
                return refused(error)
            except RefusalError as error:
                return refused(GoogleError(error.status, error.message))

        return await faults.serve(sandbox.faults, f"gcs {request.method} {path}", answer)

    return Route(path, endpoint, methods=list(methods))
