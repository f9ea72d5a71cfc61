"""Both of Encord's request signatures, checked for real.

Source of the formats: the SDK's `http/querier.py` and `http/v2/request_signer.py` [RUN].
Nothing is remembered between calls: the SDK repeats one signature when it retries.
"""

import base64
import enum
import hashlib
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_V1 = re.compile(r"([0-9a-f]{64}):([0-9a-f]{128})")
_V2_INPUT = re.compile(
    r'encord-sig=(\("@method" "@request-target" "content-digest"\)'
    r';created=(\d+);keyid="([0-9a-f]+)";alg="([a-z0-9_-]+)")'
)
_V2_SIGNATURE = re.compile(r"encord-sig=:([A-Za-z0-9+/=]+):")


class Fault(enum.StrEnum):
    """What is wrong with a signature."""

    AUTHORIZATION = "Authorization is not an Ed25519 key and signature"
    INPUT = "Signature-Input is missing or not understood"
    ALGORITHM = "Only Ed25519 keys are accepted"
    DIGEST = "Content-Digest does not match the body"
    AGE = "The signature is too old"
    SIGNATURE = "The signature does not verify"


class SignatureError(Exception):
    """The request is not signed by the key it names; says nothing about whose key it is."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)


def signer_v1(headers: Mapping[str, str], body: bytes) -> str:
    """Return the public key (64 hex digits) that signed a v1 body.

    `Authorization` is `<key>:<signature>`; the signature covers SHA-256(body) and nothing else.
    """
    match = _V1.fullmatch(headers.get("authorization", ""))
    if match is None:
        raise SignatureError(Fault.AUTHORIZATION)
    key, signature = match.groups()
    _verify(key, bytes.fromhex(signature), hashlib.sha256(body).digest())
    return key


def signer_v2(
    method: str, target: str, headers: Mapping[str, str], body: bytes, *, now: float, max_age: float
) -> str:
    """Return the public key (64 hex digits) that signed a v2 request.

    Args:
        method: The HTTP method.
        target: Path and query exactly as on the request line.
        headers: Request headers, lower-case names.
        body: The raw body; the digest is present even when it is empty.
        now: Seconds since 1970.
        max_age: Seconds a signature stays good; hours, as a `Retry-After` can be as long.
    """
    params, created, key = _v2_parameters(headers.get("signature-input", ""))
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    if headers.get("content-digest") != digest:
        raise SignatureError(Fault.DIGEST)
    if abs(now - created) > max_age:
        raise SignatureError(Fault.AGE)
    base = "\n".join(
        (
            f'"@method": {method.upper()}',
            f'"@request-target": {target}',
            f'"content-digest": {digest}',
            f'"@signature-params": {params}',
        )
    )
    _verify(key, _v2_signature(headers.get("signature", "")), base.encode())
    return key


def _v2_parameters(text: str) -> tuple[str, int, str]:
    match = _V2_INPUT.fullmatch(text)
    if match is None:
        raise SignatureError(Fault.INPUT)
    params, created, key, algorithm = match.groups()
    if algorithm != "ed25519":
        raise SignatureError(Fault.ALGORITHM)
    return params, int(created), key


def _v2_signature(text: str) -> bytes:
    match = _V2_SIGNATURE.fullmatch(text)
    if match is None:
        raise SignatureError(Fault.SIGNATURE)
    return base64.b64decode(match.group(1))


def _verify(key: str, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError(Fault.SIGNATURE) from error
