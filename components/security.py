"""What every HTTP answer carries, and what a person sees when a page fails."""

import base64
import hashlib
import logging
import re
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components import focus, going_back

#: Open without a sign-in in Streamlit; it tells strangers how busy the server is.
CLOSED_PATHS: Final = frozenset({"/_stcore/metrics"})
INLINE_SCRIPT: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)

log = logging.getLogger(__name__)


@cache
def content_policy() -> str:
    """Return the content security policy, fitted to the installed Streamlit."""
    index = Path(st.__file__).with_name("static") / "index.html"
    ours = (focus.SCRIPT, focus.KEEPING, going_back.SCRIPT)
    allowed = (*INLINE_SCRIPT.findall(index.read_bytes()), *(each.encode() for each in ours))
    scripts = " ".join(map(_source, allowed))
    return (
        f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
        "worker-src 'self' blob:; frame-src 'self' blob: data:; frame-ancestors 'none'; "
        "base-uri 'self'; form-action 'self'; object-src 'none'"
    )


def _source(body: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return f"'sha256-{digest}'"


class SecurityHeaders:
    """Pure ASGI, so that uploads stay streams: never reads a request's body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", content_policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].rstrip("/") in CLOSED_PATHS:
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            with suppress(ClientDisconnect):  # an upload broke off: nobody is left to be answered
                await self._app(scope, receive, self._adding_headers(send))

    def _adding_headers(self, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        return send_with_headers


def show_script_error(error: Exception) -> bool:
    """Log what went wrong under a reference and show the reference, never the error's text."""
    reference = secrets.token_hex(4)
    log.error("page failed, reference %s", reference, exc_info=error)
    st.error(
        "What you did last may not have been done: reload the page and look before you repeat it. "
        f"If it happens again, quote reference `{reference}`.",
        title="This page could not be shown",
        icon=":material/error:",
    )
    return True
