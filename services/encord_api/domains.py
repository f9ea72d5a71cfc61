"""Which servers a key may sign requests for.

    DomainProblem   the text is not an address a key may be used with

The second transport's signature covers neither host nor scheme, so a server that is asked once
could replay the request at Encord: the address is part of the secret's handling.
"""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Final

EU_DOMAIN: Final = "https://api.encord.com"
US_DOMAIN: Final = "https://api.us.encord.com"
#: Encord's own services, by the name a person picks.
ALLOWED_DOMAINS: Final = MappingProxyType({"EU": EU_DOMAIN, "US": US_DOMAIN})

_PORT: Final = r"(?::([1-9][0-9]{0,4}))?"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_OWN: Final = re.compile(rf"https://((?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9]))?{_PORT}/?")
_LOOPBACK: Final = re.compile(rf"http://(?:127\.0\.0\.1|localhost|\[::1\]){_PORT}/?")
_MAX_HOST: Final = 253
_MAX_PORT: Final = 65535
#: Names that only ever mean this machine or this network.
_LOCAL: Final = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".lan")


class DomainReason(StrEnum):
    """Why an address is refused; the value is the sentence to show."""

    EMPTY = "The domain is empty."
    NOT_HTTPS = "The domain must begin with https://."
    MALFORMED = (
        "The domain must be https:// and a full host name, such as https://api.encord.com: "
        "no path, no user name, no IP address."
    )
    LOCAL = "The domain is a name of this machine or of the local network."


class DomainProblem(Exception):  # noqa: N818 - a finding about the input, not a failure
    """The text is not an address a key may be used with."""

    def __init__(self, reason: DomainReason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason.value


def check_domain(text: str, *, allow_loopback: bool = False) -> str:
    """Return the address in the one form everything else compares: lower case, no slash.

    Args:
        text: What was typed or configured.
        allow_loopback: Also take `http://127.0.0.1:PORT`, for the sandbox and its own key only.

    Raises:
        DomainProblem: It is neither Encord's nor a plain https host name.
    """
    domain = re.sub(r"(?<!/)/$", "", text.strip().lower())
    if domain in ALLOWED_DOMAINS.values():
        return domain
    if allow_loopback and (match := _LOOPBACK.fullmatch(domain)) and _port_fits(match[1]):
        return domain
    reason = _why_not(domain)
    if reason is not None:
        raise DomainProblem(reason)
    return domain.removesuffix(":443")


def _why_not(domain: str) -> DomainReason | None:
    if not domain:
        return DomainReason.EMPTY
    if not domain.startswith("https://"):
        return DomainReason.NOT_HTTPS
    match = _OWN.fullmatch(domain)
    if match is None or not match[1] or len(match[1]) > _MAX_HOST or not _port_fits(match[2]):
        return DomainReason.MALFORMED
    return DomainReason.LOCAL if match[1].endswith(_LOCAL) else None


def _port_fits(port: str | None) -> bool:
    return port is None or int(port) <= _MAX_PORT
