"""The ASGI application: Encord's transports, Google's JSON API, media, and the control calls."""

import logging

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.sandbox import control, encord_api, gcs_routes, pulse
from services.sandbox.guard import Guard
from services.sandbox.state import Sandbox

logger = logging.getLogger(__name__)


def build(sandbox: Sandbox) -> ASGIApp:
    """Return the application; it is mounted at the root, as the SDK needs [RUN]."""
    application = Starlette(
        routes=[
            *encord_api.routes(sandbox),
            *control.routes(sandbox),
            *gcs_routes.routes(sandbox),
        ],
        exception_handlers={Exception: _broken},
        lifespan=lambda _: pulse.beating(sandbox),
    )
    application.router.redirect_slashes = False
    return _Logged(Guard(application))


async def _broken(request: Request, error: Exception) -> Response:
    """Answer 500 when a handler broke; the traceback goes to the log, not to the client."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Response(
        b'{"message": "The sandbox itself failed."}', 500, media_type="application/json"
    )


class _Logged:
    """One line a request at DEBUG: method, path and status; never a header or a query."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not logger.isEnabledFor(logging.DEBUG) or scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                logger.debug("%s %s %s", scope["method"], scope["path"], message["status"])
            await send(message)

        await self._application(scope, receive, logged)
