"""Signed URLs: addresses of the sandbox's own media endpoint that stop working after an hour."""

import hashlib
import hmac
from urllib.parse import quote

from services.sandbox.outcomes import split_url
from services.sandbox.state import Sandbox
from services.sandbox.unit_errors import UnitError

LIFETIME_S = 3600


def url(sandbox: Sandbox, base_url: str, object_url: str | None) -> str | None:
    """Return a signed address of an object, or None when an item has no object of its own."""
    if object_url is None:
        return None
    try:
        bucket, name = split_url(object_url)
    except UnitError:
        return None
    expires = int(sandbox.clock()) + LIFETIME_S
    signature = _signature(sandbox, bucket, name, expires)
    path = f"/media/{quote(bucket)}/{quote(name)}"
    return f"{base_url}{path}?expires={expires}&signature={signature}"


def valid(sandbox: Sandbox, bucket: str, name: str, expires: str, signature: str) -> bool:
    """Return whether a signature is ours; says nothing about its age."""
    if not expires.isdecimal():
        return False
    return hmac.compare_digest(_signature(sandbox, bucket, name, int(expires)), signature)


def _signature(sandbox: Sandbox, bucket: str, name: str, expires: int) -> str:
    message = f"{bucket}\n{name}\n{expires}".encode()
    return hmac.new(sandbox.secret, message, hashlib.sha256).hexdigest()
