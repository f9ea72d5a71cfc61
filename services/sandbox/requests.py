"""Reading a request to its end, whole and within a limit; refusing values of wrong types."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator

from starlette.requests import Request

from services.sandbox.wire import Call, RefusalError

logger = logging.getLogger(__name__)

#: Half a million rich entries are 164 MB [measured]; beyond this a client sends nonsense.
MAX_BODY = 512 * 1024 * 1024


async def call_of(request: Request) -> Call:
    """Return a request as the handlers get it; the target stays as it was on the wire."""
    scope = request.scope
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    return Call(
        method=request.method,
        target=target,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.query_params.multi_items(),
        body=await _body(request),
        path={name: str(value) for name, value in request.path_params.items()},
        base_url=f"http://{request.headers.get('host', '127.0.0.1')}",
    )


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise RefusalError(413, "The request is too large.")
        parts.append(part)
    return b"".join(parts)


@contextlib.contextmanager
def refusing_types(call: Call) -> Iterator[None]:
    """Refuse a value whose type broke a handler; where none was given, the handler is broken."""
    try:
        yield
    except (TypeError, sqlite3.ProgrammingError) as error:
        if not (call.body or call.query):
            raise
        path = call.target.partition("?")[0]
        logger.warning("%s %s has a value of a wrong type", call.method, path, exc_info=error)
        raise RefusalError(400, "A value is of a wrong type.") from error
