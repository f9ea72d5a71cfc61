"""Private keys: read, named when they are not what Encord needs, and held without leaking.

    KeyProblem   why a text or file is not a usable key, as a reason and a plain sentence

The text of a key never reaches the SDK: its own loader repeats the whole key in its message when
the type is wrong (`encord/configs.py`). No exception of this module holds, chains or remembers
any part of a key.
"""

import base64
import hashlib
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from services.encord_api.keyfile import MAX_BYTES, Envelope, KeyReason, open_envelope

#: A link is not followed and a pipe not waited for. Windows knows neither flag.
_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class KeyNote(StrEnum):
    """What is worth saying about a key that works."""

    SHARED_FILE = "Other users of this machine can read the key file. Run: chmod 600 FILE"


class KeyProblem(Exception):  # noqa: N818 - a finding about the input, not a failure
    """A text or file that cannot be used as Encord's key."""

    def __init__(self, reason: KeyReason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason.value


class PrivateKey:
    """A box for a key: what prints, copies or serializes it gets the fingerprint or an error."""

    __slots__ = ("__key", "fingerprint", "public_hex")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        public = key.public_key()
        line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
        self.__key = key
        #: As `ssh-keygen -l` prints it, and Encord's settings page shows it.
        self.fingerprint: str = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
        #: What Encord knows the caller by, on both transports.
        self.public_hex: str = public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def __repr__(self) -> str:
        return f"PrivateKey({self.fingerprint})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        # Stands behind pickle, copy and deepcopy.
        msg = "a private key is not copied or serialized"
        raise TypeError(msg)

    def sdk_key(self) -> Ed25519PrivateKey:
        """Return the key object for the SDK's configuration."""
        return self.__key

    def to_openssh(self) -> bytes:
        """Return the key unencrypted, only to hand it to our own worker over a pipe."""
        return self.__key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


@dataclass(frozen=True, slots=True)
class LoadedKey:
    """A key from a file, and what is worth saying about the file."""

    key: PrivateKey
    note: KeyNote | None = None


def load_private_key(text: bytes | str, passphrase: str | None = None) -> PrivateKey:
    r"""Read an Ed25519 key in OpenSSH format, as `ssh-keygen -t ed25519` writes it.

    A byte order mark, CRLF, and newlines pasted as spaces or as `\n` are tolerated.

    Raises:
        KeyProblem: It is anything else; never with any part of the text.
    """
    found = _load(text, passphrase)
    # The frame stays reachable from the traceback; the key must not.
    del text, passphrase
    if isinstance(found, KeyReason):
        raise KeyProblem(found)
    return found


def load_private_key_file(path: Path, passphrase: str | None = None) -> LoadedKey:
    """Read a key file of the server's own configuration.

    Raises:
        KeyProblem: UNREADABLE for whatever is wrong with the file itself (missing, link, device,
            too long), so that a path is no way to look around; else what `load_private_key` says.
    """
    read = _read(path)
    found = read if isinstance(read, KeyReason) else _load(read[0], passphrase)
    note = None if isinstance(read, KeyReason) else read[1]
    del read, passphrase
    if isinstance(found, KeyReason):
        raise KeyProblem(found)
    return LoadedKey(found, note)


def _load(text: bytes | str, passphrase: str | None) -> PrivateKey | KeyReason:
    envelope = open_envelope(text)
    if isinstance(envelope, KeyReason):
        return envelope
    if envelope.encrypted and not passphrase:
        return KeyReason.PROTECTED
    return _decrypt(envelope, passphrase if envelope.encrypted else None)


def _decrypt(envelope: Envelope, passphrase: str | None) -> PrivateKey | KeyReason:
    try:
        key = load_ssh_private_key(envelope.pem, passphrase.encode() if passphrase else None)
    except UnsupportedAlgorithm:
        return KeyReason.UNSUPPORTED_CIPHER
    except (ValueError, TypeError, InvalidTag):
        return KeyReason.NOT_OPENED if passphrase else KeyReason.TRUNCATED
    return PrivateKey(key) if isinstance(key, Ed25519PrivateKey) else KeyReason.OTHER_TYPE


def _read(path: Path) -> tuple[bytes, KeyNote | None] | KeyReason:
    try:
        with open(path, "rb", opener=_open) as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_BYTES + 1) if stat.S_ISREG(mode) else None
    except (OSError, ValueError):
        return KeyReason.UNREADABLE
    if data is None or len(data) > MAX_BYTES:
        return KeyReason.UNREADABLE
    shared = os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO)
    return data, KeyNote.SHARED_FILE if shared else None


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _FLAGS)
