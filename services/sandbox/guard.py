"""Keeps pages of other sites out: they may change nothing, and nothing served here is a page.

A dashboard takes any page of this machine for one of its own, at whatever port. So no site may
leave a page in the bucket, and what somebody's own objects are runs no script.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: By another name this machine is only called by who made that name lead here.
_NAMES: Final = ("127.0.0.1", "localhost")
#: A browser says of every other method which site it is for.
_READING: Final = ("GET", "HEAD", "OPTIONS")
_HEADERS: Final = (
    (b"content-security-policy", b"sandbox"),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """Refuses what only a browser misled by another site asks; marks what is answered."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif _is_misled(scope):
            await PlainTextResponse("Not for pages of other sites.", 403)(scope, receive, send)
        else:
            await self._application(scope, receive, _marking(send))


def _is_misled(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    named = headers.get("host", "").partition(":")[0] in _NAMES
    return not named or (scope["method"] not in _READING and "origin" in headers)


def _marking(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_HEADERS]
        await send(message)

    return marked
