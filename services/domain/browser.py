"""What a browser concludes from the headers of the answers it got, by the Fetch standard."""

from dataclasses import dataclass
from typing import Final

from services.domain.cors import PLAIN_METHODS, PageRequest

_ANY: Final = "*"
_OK: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsHeaders:
    """Status and CORS headers of one answer."""

    status: int
    allow_origin: str = ""
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsAnswer:
    """The answers to one request of a page."""

    #: None when the browser would not ask first.
    preflight: CorsHeaders | None
    response: CorsHeaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Whether a page gets to see an object, and why not."""

    allowed: bool
    #: In words; empty when it is.
    why: str
    status: int


def conclude(answer: CorsAnswer, request: PageRequest) -> Opened:
    """Decide as a browser does, for a request without cookies."""
    why = _preflight_fault(answer.preflight, request) or _response_fault(answer.response, request)
    return Opened(allowed=not why, why=why, status=answer.response.status)


def _preflight_fault(preflight: CorsHeaders | None, request: PageRequest) -> str:
    if preflight is None:
        return ""
    if preflight.status not in _OK:
        return f"The preflight was answered with {preflight.status}."
    if not _names_origin(preflight, request.origin):
        return "The preflight's answer does not name the origin."
    methods = preflight.allow_methods
    if (
        request.method not in PLAIN_METHODS
        and request.method not in methods
        and _ANY not in methods
    ):
        return f"The preflight's answer does not allow {request.method}."
    allowed = {name.casefold() for name in preflight.allow_headers}
    lacking = [name for name in request.headers if name.casefold() not in allowed]
    if lacking and _ANY not in allowed:
        return f"The preflight's answer does not allow the header {', '.join(lacking)}."
    return ""


def _response_fault(response: CorsHeaders, request: PageRequest) -> str:
    if response.status not in _OK:
        return f"The object was answered with {response.status}; that is no matter of CORS."
    return "" if _names_origin(response, request.origin) else "The answer does not name the origin."


def _names_origin(headers: CorsHeaders, origin: str) -> bool:
    return headers.allow_origin in (_ANY, origin)
