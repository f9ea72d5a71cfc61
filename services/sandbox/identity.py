"""The accounts' keys: made at the first start of a data directory, used nowhere else."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from services.sandbox.data_directory import write_private


class BadKeyError(Exception):
    """The key file of the data directory is not an Ed25519 key; its text is not repeated."""


def ensure_key(directory: Path, name: str) -> str:
    """Return the raw public key of a key file as 64 hex digits; make the key if there is none."""
    path = directory / name
    if not path.exists():
        write_private(path, _new_key())
    key = load_ssh_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKeyError
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
