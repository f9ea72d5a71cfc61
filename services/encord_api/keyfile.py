"""The outside of a key file: which kind of key is this text, without opening it.

Reads the frame of OpenSSH's format (PROTOCOL.key in OpenSSH's source), which names the type and
the cipher in the clear. Decrypting and checking the key itself is `credentials`.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: A 16,384 bit RSA key is below 13 KB; nothing that is a key is longer.
MAX_BYTES: Final = 16 * 1024
#: `ssh-keygen -a`: the default is 16, one round costs milliseconds. More is a way to hold us up.
MAX_KDF_ROUNDS: Final = 1024

_MAGIC: Final = b"openssh-key-v1\x00"
_FRAME: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*)", re.DOTALL)
_TYPE_NAME: Final = re.compile(rb"[a-z0-9@.-]{1,64}")
_PUBLIC: Final = ("ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN SSH2 PUBLIC")
_MAKE: Final = "Make one with: ssh-keygen -t ed25519"


class KeyReason(StrEnum):
    """Why a text is not a usable key; the value is the sentence to show."""

    EMPTY = "The key is empty."
    TOO_LARGE = "This is too long to be a key: keys are shorter than 16 KB."
    NOT_TEXT = "This is not a text file, so not a key in OpenSSH format."
    NOT_A_KEY = f"This is not a private key in OpenSSH format. {_MAKE}"
    PUBLIC = (
        "This is a public key. Encord keeps the public half; give the private one here, "
        "usually the file of the same name without .pub."
    )
    PKCS8 = (
        "This key is in PKCS#8 format (BEGIN PRIVATE KEY). Encord needs OpenSSH format; "
        f"{_MAKE[0].lower()}{_MAKE[1:]}"
    )
    GOOGLE = "This is a Google service account file. Encord needs an Ed25519 SSH key."
    PUTTY = "This is a PuTTY key. Export it from PuTTYgen as an OpenSSH key."
    RSA = "This is an RSA key. Encord needs Ed25519 (ssh-keygen -t ed25519)."
    ECDSA = "This is an ECDSA key. Encord needs Ed25519 (ssh-keygen -t ed25519)."
    DSA = "This is a DSA key. Encord needs Ed25519 (ssh-keygen -t ed25519)."
    SECURITY_KEY = "This key lives on a hardware token, which Encord's SDK cannot use."
    OTHER_TYPE = "This key is of another type. Encord needs Ed25519 (ssh-keygen -t ed25519)."
    TRUNCATED = "The key is incomplete or damaged. Copy the whole file, first to last line."
    PROTECTED = "The key is protected by a passphrase, and none was given."
    NOT_OPENED = "The passphrase does not open this key."
    UNSUPPORTED_CIPHER = (
        "The key is encrypted in a way that is not supported here. "
        "Encrypt it anew with: ssh-keygen -p -f FILE"
    )
    SLOW_KDF = (
        f"The key asks for more than {MAX_KDF_ROUNDS} rounds to open. "
        "Encrypt it anew with: ssh-keygen -p -a 100 -f FILE"
    )
    UNREADABLE = "The key file cannot be used: it must be a regular file of at most 16 KB."


#: PEM labels that name what they hold; anything else is not a key of ours.
_LABELS: Final = {
    "PRIVATE KEY": KeyReason.PKCS8,
    "ENCRYPTED PRIVATE KEY": KeyReason.PKCS8,
    "RSA PRIVATE KEY": KeyReason.RSA,
    "EC PRIVATE KEY": KeyReason.ECDSA,
    "DSA PRIVATE KEY": KeyReason.DSA,
}
_TYPES: Final = (
    (b"ssh-rsa", KeyReason.RSA),
    (b"ecdsa-sha2-", KeyReason.ECDSA),
    (b"ssh-dss", KeyReason.DSA),
    (b"sk-", KeyReason.SECURITY_KEY),
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An Ed25519 key file as its frame describes it."""

    #: Rewritten as `ssh-keygen` would write it.
    pem: bytes = field(repr=False)
    encrypted: bool


class _Damaged(Exception):  # noqa: N818 - caught below, never seen outside
    """The frame ends early or does not add up."""


class _Reader:
    """Takes OpenSSH's length-prefixed fields one after the other."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def number(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def string(self) -> bytes:
        return self._take(self.number())

    def _take(self, length: int) -> bytes:
        if length > len(self._rest):
            raise _Damaged
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken


def open_envelope(text: bytes | str) -> Envelope | KeyReason:
    """Return the frame of an Ed25519 key in OpenSSH format, or why it is none. Raises nothing."""
    plain = _plain(text)
    if isinstance(plain, KeyReason):
        return plain
    if plain.startswith("{") and '"private_key"' in plain:
        return KeyReason.GOOGLE
    framed = _FRAME.search(plain)
    if framed is None:
        return _unframed(plain)
    label, rest = framed[1], framed[2]
    if label != "OPENSSH PRIVATE KEY":
        return _LABELS.get(label) or (
            KeyReason.PUBLIC
            if label.endswith(("PUBLIC KEY", "CERTIFICATE"))
            else KeyReason.NOT_A_KEY
        )
    body, end, _ = rest.partition(f"-----END {label}-----")
    return _inspect("".join(body.split())) if end else KeyReason.TRUNCATED


def _plain(text: bytes | str) -> str | KeyReason:
    """Return ASCII text without marks, with real newlines."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        return KeyReason.TOO_LARGE
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not data:
        return KeyReason.EMPTY
    if b"\x00" in data or not data.isascii():
        return KeyReason.NOT_TEXT
    return data.decode("ascii").replace("\\r", "").replace("\\n", "\n")


def _unframed(plain: str) -> KeyReason:
    if plain.startswith(_PUBLIC):
        return KeyReason.PUBLIC
    if plain.startswith("PuTTY-User-Key-File"):
        return KeyReason.PUTTY
    return KeyReason.TRUNCATED if "-----END OPENSSH" in plain else KeyReason.NOT_A_KEY


def _inspect(body: str) -> Envelope | KeyReason:
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error:
        return KeyReason.TRUNCATED
    try:
        encrypted = _read_frame(data)
    except _Damaged:
        return KeyReason.TRUNCATED
    if isinstance(encrypted, KeyReason):
        return encrypted
    lines = "\n".join(body[at : at + 70] for at in range(0, len(body), 70))
    pem = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n"
    return Envelope(pem.encode(), encrypted)


def _read_frame(data: bytes) -> bool | KeyReason:
    """Return whether the key is encrypted, or why its type or its cost rules it out."""
    if not data.startswith(_MAGIC):
        raise _Damaged
    reader = _Reader(data[len(_MAGIC) :])
    cipher, _kdf, options, count = (
        reader.string(),
        reader.string(),
        reader.string(),
        reader.number(),
    )
    if count != 1:
        return KeyReason.NOT_A_KEY
    kind = _Reader(reader.string()).string()
    if not _TYPE_NAME.fullmatch(kind):
        raise _Damaged
    if kind != b"ssh-ed25519":
        return next((why for start, why in _TYPES if kind.startswith(start)), KeyReason.OTHER_TYPE)
    reader.string()  # the private part must be there in full
    if cipher == b"none":
        return False
    return KeyReason.SLOW_KDF if _rounds(options) > MAX_KDF_ROUNDS else True


def _rounds(options: bytes) -> int:
    reader = _Reader(options)
    reader.string()  # salt
    return reader.number()
