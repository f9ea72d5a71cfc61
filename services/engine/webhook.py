"""Post a signed message to one address, in the form that standardwebhooks.com describes.

    webhook-id         the same for every repeat of a message
    webhook-timestamp  seconds since 1970, when this try was made
    webhook-signature  v1,BASE64 of the HMAC-SHA256 over "ID.TIMESTAMP.BODY" under the secret

A receiver computes the signature over the body as it came, compares in constant time, refuses old
timestamps and drops ids it has seen. A secret of the form `whsec_BASE64` stands for the bytes
behind it, any other for its own characters.
"""

import base64
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

#: The longest a whole exchange may take, in seconds.
DEADLINE: Final = 10.0
SHORTEST_SECRET: Final = 16
_PREFIX: Final = "whsec_"


class WebhookSettingError(ValueError):
    """The webhook's address or secret cannot be used."""


class BadAddressError(WebhookSettingError):
    """The address is not https."""

    def __init__(self) -> None:
        super().__init__(
            "The webhook's address must begin with https:// and name a host, without user and "
            "password; http:// is for this machine only."
        )


class BadSecretError(WebhookSettingError):
    """The secret protects nothing."""

    def __init__(self) -> None:
        super().__init__(
            f"The webhook's secret must have {SHORTEST_SECRET} characters or more, or be "
            "whsec_ and base64."
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try."""

    delivered: bool
    #: In words, without the address.
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One receiver. Neither address nor secret is ever shown: either may open a door."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    deadline: float = DEADLINE

    def __post_init__(self) -> None:
        """Refuse what could not be delivered or not be trusted.

        Raises:
            WebhookSettingError: The address or the secret cannot be used.
        """
        _check(self.url)
        if len(_key(self.secret)) < SHORTEST_SECRET:
            raise BadSecretError

    def post(self, message: str, body: bytes, *, at: int) -> Answer:
        """Try once; redirects are not followed, and nothing of the answer's body is read."""
        headers = {
            "content-type": "application/json",
            "user-agent": "encord-onboarding",
            "webhook-id": message,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self.secret, message, at, body),
        }
        parts = urlsplit(self.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with _connected(parts, self.deadline) as connection:
                connection.request("POST", target, body, headers)
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return Answer(delivered=False, said=f"no answer ({type(error).__name__})")
        return Answer(delivered=status // 100 == 2, said=f"HTTP {status}")  # noqa: PLR2004 - 2xx


def signature(secret: str, message: str, at: int, body: bytes) -> str:
    """Sign one try."""
    digest = hmac.digest(_key(secret), f"{message}.{at}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


@contextmanager
def _connected(parts: SplitResult, deadline: float) -> Iterator[http.client.HTTPConnection]:
    """Open a connection that is cut at the deadline: a time-out alone counts from byte to byte."""
    host = parts.hostname or ""
    connection = (
        http.client.HTTPConnection(host, parts.port, timeout=deadline)
        if parts.scheme == "http"
        else http.client.HTTPSConnection(
            host, parts.port, timeout=deadline, context=ssl.create_default_context()
        )
    )
    alarm = threading.Timer(deadline, _cut, (connection,))
    alarm.daemon = True
    alarm.start()
    try:
        yield connection
    finally:
        alarm.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):  # it ended by itself
        connection.sock.shutdown(socket.SHUT_RDWR)


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port > 0
    except ValueError:
        raise BadAddressError from None
    printable = url.isascii() and url.isprintable() and " " not in url
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    if not (printable and known and secure and parts.hostname) or "@" in parts.netloc:
        raise BadAddressError


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise BadSecretError from None
