"""Signed URLs: addresses of the sandbox's own media endpoint that stop working after an hour."""

import hashlib
import hmac
from urllib.parse import quote

from services.sandbox import hosted
from services.sandbox.outcomes import split_url
from services.sandbox.state import Sandbox
from services.sandbox.unit_errors import UnitError

LIFETIME_S = 3600
#: What the signature of an address to send a file to covers, so that it opens nothing.
UPLOAD = "PUT"


def url(sandbox: Sandbox, base_url: str, object_url: str | None) -> str | None:
    """Return a signed address of an object, or None when an item has no object of its own."""
    if object_url is None:
        return None
    if hosted.uuid_of(object_url) is not None:
        return _signed(sandbox, f"{base_url}/{object_url}", hosted.BUCKET, object_url)
    try:
        bucket, name = split_url(object_url)
    except UnitError:
        return None
    return _signed(sandbox, f"{base_url}/media/{quote(bucket)}/{quote(name)}", bucket, name)


def upload_url(sandbox: Sandbox, base_url: str, key: str) -> str:
    """Return a signed address to send a file to."""
    return _signed(sandbox, f"{base_url}/{key}", UPLOAD, key)


def _signed(sandbox: Sandbox, address: str, scope: str, name: str) -> str:
    expires = int(sandbox.clock()) + LIFETIME_S
    signature = _signature(sandbox, scope, name, expires)
    return f"{address}?expires={expires}&signature={signature}"


def valid(sandbox: Sandbox, bucket: str, name: str, expires: str, signature: str) -> bool:
    """Return whether a signature is ours; says nothing about its age."""
    if not expires.isdecimal():
        return False
    return hmac.compare_digest(_signature(sandbox, bucket, name, int(expires)), signature)


def _signature(sandbox: Sandbox, bucket: str, name: str, expires: int) -> str:
    message = f"{bucket}\n{name}\n{expires}".encode()
    return hmac.new(sandbox.secret, message, hashlib.sha256).hexdigest()
