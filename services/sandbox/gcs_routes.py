"""Routes of the Google side; filled next."""

from starlette.routing import Route

from services.sandbox.state import Sandbox


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes."""
    del sandbox
    return []
