"""What can go wrong when asking Google Cloud Storage, and the map from its client's exceptions.

    StorageError
    |-- NotAuthenticated   401, or no usable credentials
    |-- NotAuthorised      403: Google names the missing permission, see `raw`
    |   |-- NotPublic      401, when nobody in particular asked: it is not open to everybody
    |   `-- NotBilled      403 `accountDisabled`: a project's billing is off
    |-- NotFound           404: the bucket or the object, or not for this identity
    |-- InvalidRequest     400, or a name no bucket can have
    |   `-- PayerMissing   400, as requester pays is on and no project to charge was named
    |-- Changed            412: somebody changed it since it was read
    |-- RateLimited        429, with Google's own hint when to come back
    |-- TimedOut           no connection or no answer in time
    |-- Unreachable        no network, no such host, connection cut before an answer
    `-- Unclear            anything else; nobody knows whether a change was made
        `-- Unavailable    500, 502, 503, an answer that broke off, or no token for now

Problems with a credentials file are found before Google is asked: `credentials.CredentialProblem`.
"""
# ruff: noqa: N818 - the names say what happened, as the tree does

from types import MappingProxyType
from typing import ClassVar, Final

import requests.exceptions
import urllib3.exceptions
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from services.logs import redact

#: Google may answer with a whole document; more than this helps nobody.
RAW_LIMIT: Final = 2048


class StorageError(Exception):
    """Base of everything a reader raises. `str()` is for people and holds nothing secret."""

    #: Completed with the operation in words, e.g. `listing objects`, and what it was about.
    message: ClassVar[str] = "Something went wrong while {operation} ({subject})."

    def __init__(self, operation: str, subject: str, *, raw: str = "") -> None:
        super().__init__(operation, subject)
        self.operation = operation
        #: The bucket, or bucket and object.
        self.subject = subject
        #: What Google or the network said: redacted, at most 2 KB.
        self.raw = redact(raw).encode()[:RAW_LIMIT].decode(errors="ignore")

    def __str__(self) -> str:
        return self.message.format(operation=self.operation, subject=self.subject)


class NotAuthenticated(StorageError):
    """Google does not know who is asking."""

    message = "Google did not accept the credentials while {operation} ({subject})."


class NotAuthorised(StorageError):
    """Google knows who is asking, and that they may not."""

    message = "The credentials in use are not allowed to do this: {operation} ({subject})."


class NotPublic(NotAuthorised):
    """Nobody in particular asked, and not everybody may."""

    message = "{subject} is not open to everybody for this: {operation}."


class NotBilled(NotAuthorised):
    """Whoever asks may, and nobody pays for it."""

    message = "Google refuses {subject}: a project's billing is off ({operation})."


class NotFound(StorageError):
    """What was asked for is not there, or not for this identity."""

    message = "{subject} does not exist, or is hidden from the credentials in use."


class InvalidRequest(StorageError):
    """The request was refused for what it says."""

    message = "Google refused the request as invalid while {operation} ({subject})."


class PayerMissing(InvalidRequest):
    """Whoever reads the bucket is to pay, and named no project."""

    message = "{subject} has requester pays on, so Google refuses this: {operation}."


class Changed(StorageError):
    """A condition did not hold."""

    message = "{subject} was changed by somebody else since it was read."


class RateLimited(StorageError):
    """Google asks to come back later."""

    message = "Google asks us to slow down ({operation}, {subject})."

    def __init__(
        self, operation: str, subject: str, *, retry_after: float | None = None, raw: str = ""
    ) -> None:
        super().__init__(operation, subject, raw=raw)
        #: Seconds, when Google gave a hint.
        self.retry_after = retry_after


class TimedOut(StorageError):
    """No connection, or no answer, in time."""

    message = "Google Cloud Storage did not answer in time while {operation} ({subject})."


class Unreachable(StorageError):
    """There is no way through."""

    message = "Google Cloud Storage cannot be reached ({operation}, {subject})."


class Unclear(StorageError):
    """No answer that could be understood."""

    message = "Google's answer was not understood while {operation} ({subject})."


class Unavailable(Unclear):
    """Google has trouble of its own, or its answer broke off: that passes."""

    message = "Google Cloud Storage gave no whole answer while {operation} ({subject})."


#: After these nobody knows whether a change was made.
UNDECIDED: Final = (TimedOut, Unreachable, Unclear)

#: The most specific class of an exception that is listed here decides.
TABLE: Final = MappingProxyType(
    {
        api.Unauthorized: NotAuthenticated,
        api.Forbidden: NotAuthorised,
        api.NotFound: NotFound,
        api.BadRequest: InvalidRequest,
        api.PreconditionFailed: Changed,
        api.TooManyRequests: RateLimited,
        api.GatewayTimeout: TimedOut,
        api.InternalServerError: Unavailable,
        api.BadGateway: Unavailable,
        api.ServiceUnavailable: Unavailable,
        api.GoogleAPIError: Unclear,
        auth.DefaultCredentialsError: NotAuthenticated,
        auth.RefreshError: NotAuthenticated,
        auth.TransportError: Unreachable,
        auth.GoogleAuthError: NotAuthenticated,
        requests.exceptions.Timeout: TimedOut,
        requests.exceptions.ConnectionError: Unreachable,
        requests.exceptions.ChunkedEncodingError: Unavailable,
        requests.exceptions.RequestException: Unclear,
        # An object's bytes are read below requests, which does not turn these into its own.
        urllib3.exceptions.TimeoutError: TimedOut,
        urllib3.exceptions.ProtocolError: Unavailable,
    }
)


def translate(
    exc: BaseException, *, operation: str, subject: str, nobody: bool = False
) -> StorageError:
    """Return our error for anything that came out of Google's client.

    Args:
        exc: What was raised; it is read, never kept, since its frames hold signed headers.
        operation: What was being done, as words that follow "while".
        subject: The bucket or object it was about.
        nobody: Whether no identity was given; Google refuses that like one it does not know.
    """
    if isinstance(exc, StorageError):
        return exc
    kind = next((TABLE[base] for base in type(exc).__mro__ if base in TABLE), Unclear)
    if getattr(exc, "retryable", False) and kind is NotAuthenticated:
        kind = Unavailable  # whoever gives out tokens has trouble: the credentials may be fine
    if nobody and kind is NotAuthenticated:
        kind = NotPublic
    said = str(getattr(exc, "message", exc))
    if kind is InvalidRequest and "requester pays" in said:
        kind = PayerMissing
    if kind is NotAuthorised and "accountDisabled" in _reasons(exc):
        kind = NotBilled
    raw = f"{type(exc).__name__}: {said}"
    if kind is RateLimited:
        return RateLimited(operation, subject, retry_after=_retry_after(exc), raw=raw)
    return kind(operation, subject, raw=raw)


def _reasons(exc: BaseException) -> tuple[str, ...]:
    """Return Google's own words for why."""
    errors = getattr(exc, "errors", ())
    return tuple(each.get("reason", "") for each in errors if isinstance(each, dict))


def _retry_after(exc: BaseException) -> float | None:
    """Read the hint in seconds; the form with a date is no hint worth a clock comparison."""
    response = getattr(exc, "response", None)
    hint = str(getattr(response, "headers", {}).get("Retry-After", ""))
    return float(hint) if hint.isdigit() else None
