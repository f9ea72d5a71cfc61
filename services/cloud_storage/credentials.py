"""Who asks Google: nobody, the server's own identity, or a service account somebody gave.

    CredentialProblem   why a text is not a usable service account file

A credentials file can name hosts to post to, commands to run and files to read. Of what is given
here only three values are taken, and all addresses are ours.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NoReturn

import google.auth
from google.auth.credentials import AnonymousCredentials, Scoped
from google.auth.credentials import Credentials as SdkCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.oauth2 import service_account as sdk_account

#: Google's own files are below 3 KB.
MAX_BYTES: Final = 32 * 1024
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
#: Reading objects and metadata; IAM decides the rest.
SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_only"
#: Changing a bucket's settings; asked for only while CORS rules are applied.
CHANGING_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.full_control"

_EMAIL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}@[a-z0-9.:-]{1,120}\.gserviceaccount\.com")
_KEY_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")


class CredentialReason(StrEnum):
    """Why a text is not a usable service account file; the value is the sentence to show."""

    EMPTY = "The credentials file is empty."
    TOO_LARGE = "This is too long to be a service account file: they are shorter than 32 KB."
    NOT_JSON = "This is not a service account file: those are JSON documents."
    WRONG_TYPE = (
        "Only a service account's key is accepted here (the file says "
        '"type": "service_account"). Files of other types can make this server fetch addresses '
        "and read files."
    )
    INCOMPLETE = "The file lacks client_email or private_key; download it anew from Google."
    BAD_KEY = "The private key in the file is incomplete or damaged; download it anew from Google."
    NONE_FOUND = "This server has no Google credentials of its own."
    GONE = "The service account's key is not held here any more; give it again."


class CredentialProblem(Exception):  # noqa: N818 - a finding about the input, not a failure
    """A text that is not a usable service account file, or nothing to use."""

    def __init__(self, reason: CredentialReason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason.value


@dataclass(frozen=True, slots=True)
class Access:
    """An identity, for the client only; what prints it gets its name."""

    #: Who asks, in words a person knows: an e-mail address, or how we came by it.
    name: str
    credentials: SdkCredentials = field(repr=False)
    #: Tells a service account's key from every other; made from the key itself, so that nobody
    #: gets hold of a key by naming it.
    fingerprint: str = ""

    @property
    def is_nobody(self) -> bool:
        """Whether it is no identity at all."""
        return isinstance(self.credentials, AnonymousCredentials)

    def for_changes(self) -> "Access":
        """Return the same identity, allowed to change buckets as far as IAM lets it."""
        if not isinstance(self.credentials, Scoped):
            return self
        half_typed: Any = self.credentials
        return replace(self, credentials=half_typed.with_scopes([CHANGING_SCOPE]))

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        msg = "credentials are not copied or serialized"
        raise TypeError(msg)


def anonymous() -> Access:
    """Ask as nobody: for public buckets, and for the sandbox."""
    half_typed: Any = AnonymousCredentials
    return Access("anonymous", half_typed())


def application_default() -> Access:
    """Ask as the server itself: its environment, its machine or its operator's log-in.

    Raises:
        CredentialProblem: There are none.
    """
    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError:
        credentials = None
    if credentials is None:
        raise CredentialProblem(CredentialReason.NONE_FOUND)
    email = getattr(credentials, "service_account_email", None)
    return Access(email or "application default credentials", credentials)


def service_account(text: bytes | str) -> Access:
    """Ask as the service account whose key file this is.

    Its requests are signed with the key itself, so no address of the file is ever asked.

    Raises:
        CredentialProblem: It is anything else; never with any part of the text.
    """
    found = _read(text)
    # The frame stays reachable from the traceback; the key must not.
    del text
    if isinstance(found, CredentialReason):
        raise CredentialProblem(found)
    return found


def _read(text: bytes | str) -> Access | CredentialReason:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        return CredentialReason.TOO_LARGE
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not data:
        return CredentialReason.EMPTY
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return CredentialReason.NOT_JSON
    if not isinstance(content, dict):
        return CredentialReason.NOT_JSON
    if content.get("type") != "service_account":
        return CredentialReason.WRONG_TYPE
    return _build(content)


def _build(content: Mapping[str, object]) -> Access | CredentialReason:
    email, key = content.get("client_email"), content.get("private_key")
    key_id = content.get("private_key_id")
    if not (isinstance(email, str) and _EMAIL.fullmatch(email) and isinstance(key, str)):
        return CredentialReason.INCOMPLETE
    info = {"client_email": email, "private_key": key, "token_uri": TOKEN_URI}
    if isinstance(key_id, str) and _KEY_ID.fullmatch(key_id):
        info["private_key_id"] = key_id
    try:
        made = _sign_with(info)
    except Exception:  # noqa: BLE001 - any, and none may travel on: their frames hold the key
        return CredentialReason.BAD_KEY
    return Access(email, made, hashlib.sha256(f"{email} {key}".encode()).hexdigest())


def _sign_with(info: Mapping[str, str]) -> SdkCredentials:
    """Make credentials that sign each request themselves, without a token from anywhere."""
    half_typed: Any = sdk_account.Credentials
    made = half_typed.from_service_account_info(info, scopes=[SCOPE])
    signing: SdkCredentials = made.with_always_use_jwt_access(True)
    return signing
