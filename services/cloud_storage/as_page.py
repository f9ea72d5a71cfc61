"""Ask for an object as a browser does for a page of another origin: by URL, with an Origin."""

from collections.abc import Callable, Mapping
from typing import Final

import requests

from services.cloud_storage.errors import translate
from services.domain.browser import CorsAnswer, CorsHeaders
from services.domain.cors import PageRequest

Get = Callable[..., requests.Response]
_PREFIX: Final = "access-control-"


def ask_as_page(
    url: str, request: PageRequest, *, timeout: tuple[float, float], get: Get = requests.get
) -> CorsAnswer:
    """Ask about an address first, if a browser would, then for its first byte.

    Args:
        url: The object's address; it may be signed and is not repeated in any error.
        request: What the page does.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        get: What makes the GET; it may add who asks.
    """
    first = None
    if request.is_asked_first:
        asked = requests.options(
            url, headers=_asking(request), timeout=timeout, allow_redirects=False, stream=True
        )
        first = _headers(asked)
    sent = {"Origin": request.origin, "Range": "bytes=0-0"}
    got = get(url, headers=sent, timeout=timeout, allow_redirects=False, stream=True)
    return CorsAnswer(preflight=first, response=_headers(got))


def open_signed(url: str, request: PageRequest, *, timeout: tuple[float, float]) -> CorsAnswer:
    """Open a signed address as a page would.

    Raises:
        StorageError: No answer came; it does not repeat the address.
    """
    try:
        return ask_as_page(url, request, timeout=timeout)
    except requests.RequestException as exc:
        error = translate(type(exc)(), operation="opening a signed address", subject="the object")
    raise error from None


def _asking(request: PageRequest) -> Mapping[str, str]:
    return {
        "Origin": request.origin,
        "Access-Control-Request-Method": request.method,
        "Access-Control-Request-Headers": ", ".join(request.headers).lower(),
    }


def _headers(answer: requests.Response) -> CorsHeaders:
    """Keep what a browser decides by; close without reading on."""
    answer.close()
    said = answer.headers
    return CorsHeaders(
        status=answer.status_code,
        allow_origin=said.get(f"{_PREFIX}allow-origin", ""),
        allow_methods=_names(said.get(f"{_PREFIX}allow-methods", "")),
        allow_headers=_names(said.get(f"{_PREFIX}allow-headers", "")),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
