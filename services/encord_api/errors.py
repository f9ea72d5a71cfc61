"""What can go wrong when asking Encord, and the map from the SDK's exceptions to it.

    EncordError
    |-- NotAuthenticated   the key was not accepted (or belongs to another region)
    |   `-- ClockOff       most likely because this machine's clock is wrong
    |-- NotAuthorised      the key was accepted, the action was not
    |-- NotFound
    |-- AlreadyExists
    |-- InvalidRequest     Encord, or the SDK before sending, refused what we asked
    |-- TooLarge
    |-- RateLimited        with Encord's own hint when to come back
    |-- NotSent            no connection was made: Encord has seen nothing
    `-- Unclear            anything else: whether it took effect is not known

Problems with a key or a domain that is typed in are found before Encord is asked:
`credentials.KeyProblem` and `domains.DomainProblem`.
"""
# ruff: noqa: N818 - the names say what happened, as the tree does

from collections.abc import Iterator
from ssl import SSLCertVerificationError
from types import MappingProxyType
from typing import ClassVar, Final, Literal

import encord.exceptions as sdk
import requests.exceptions
import urllib3.exceptions

from services.logs import redact

Fate = Literal["rejected", "not_sent", "unknown"]

#: Encord may answer with a whole document; more than this helps nobody.
RAW_LIMIT: Final = 2048


class ClockSkewError(Exception):
    """A refusal came with a time that is not ours. Raised below the SDK, translated above it."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class EncordError(Exception):
    """Base of everything a gateway raises. `str()` is for people and holds nothing secret."""

    #: Completed with the operation in words, e.g. `starting the upload`.
    message: ClassVar[str] = "Something went wrong while {operation}."

    def __init__(self, operation: str, *, trace_id: str | None = None, raw: str = "") -> None:
        super().__init__(operation)
        self.operation = operation
        #: To quote to Encord's support.
        self.trace_id = trace_id
        #: What Encord or the network said: redacted, at most 2 KB.
        self.raw = _cut(redact(raw))

    def __str__(self) -> str:
        return self.message.format(operation=self.operation)


class NotAuthenticated(EncordError):
    """The key was not accepted."""

    message = (
        "Encord did not accept the key while {operation}. Either its public half is not registered "
        "there, or the region is wrong: the EU and the US service do not know each other's keys."
    )


class ClockOff(NotAuthenticated):
    """The key was not accepted, and the server's clock shows another time than ours."""

    message = (
        "Encord did not accept the signature while {operation}. This machine's clock is "
        "{seconds} s off, and signatures carry the time: set the clock."
    )

    def __init__(
        self, operation: str, *, seconds: int = 0, trace_id: str | None = None, raw: str = ""
    ) -> None:
        super().__init__(operation, trace_id=trace_id, raw=raw)
        #: How far this machine's clock is from the server's; positive when ours is ahead.
        self.seconds = seconds

    def __str__(self) -> str:
        return self.message.format(operation=self.operation, seconds=abs(self.seconds))


class NotAuthorised(EncordError):
    """The key was accepted, but may not do this."""

    message = "The account behind this key is not allowed to do this: {operation}."


class NotFound(EncordError):
    """What was asked for is not there, or not for this account."""

    message = "Encord has no such thing, or hides it from this account ({operation})."


class AlreadyExists(EncordError):
    """It would have been created a second time."""

    message = "Encord says that it already exists ({operation})."


class InvalidRequest(EncordError):
    """The request was refused for what it says."""

    message = "The request was refused as invalid while {operation}."


class TooLarge(EncordError):
    """The request was refused for its size."""

    message = "The request was refused as too large while {operation}."


class RateLimited(EncordError):
    """Encord asks to come back later."""

    message = "Encord asks us to slow down ({operation})."

    def __init__(
        self,
        operation: str,
        *,
        retry_after: float | None = None,
        trace_id: str | None = None,
        raw: str = "",
    ) -> None:
        super().__init__(operation, trace_id=trace_id, raw=raw)
        #: Seconds, when Encord gave a hint.
        self.retry_after = retry_after


class NotSent(EncordError):
    """No connection was made, so nothing can have happened."""

    message = "No connection to Encord could be made while {operation}; nothing was sent."


class Unclear(EncordError):
    """No answer, or one that says nothing: the outcome is not known."""

    message = (
        "Encord's answer was missing or not understood while {operation}; "
        "whether it took effect is not known."
    )


#: Every exception class of the SDK. Only what the server's own refusals become (both transports'
#: tables in `encord/http/error_utils.py` and `encord/http/v2/error_utils.py`) may be called
#: refused; what the SDK can raise after an answer of any kind stays unclear.
TABLE: Final = MappingProxyType(
    {
        sdk.AuthenticationError: NotAuthenticated,
        sdk.SshKeyNotFound: NotAuthenticated,
        sdk.DuplicateSshKeyError: NotAuthenticated,
        sdk.AuthorisationError: NotAuthorised,
        sdk.OperationNotAllowed: NotAuthorised,
        sdk.ResourceNotFoundError: NotFound,
        sdk.ResourceExistsError: AlreadyExists,
        sdk.RateLimitExceededError: RateLimited,
        sdk.PayloadTooLargeError: TooLarge,
        sdk.InvalidArgumentsError: InvalidRequest,
        sdk.InvalidDateFormatError: InvalidRequest,
        sdk.MethodNotAllowedError: InvalidRequest,
        sdk.AnswerDictionaryError: InvalidRequest,
        sdk.CorruptedLabelError: InvalidRequest,
        sdk.DetectionRangeInvalidError: InvalidRequest,
        sdk.FeatureDoesNotExistError: InvalidRequest,
        sdk.FileSizeNotSupportedError: InvalidRequest,
        sdk.FileTypeNotSupportedError: InvalidRequest,
        sdk.ModelFeaturesInconsistentError: InvalidRequest,
        sdk.ModelWeightsInconsistentError: InvalidRequest,
        sdk.MultiLabelLimitError: InvalidRequest,
        sdk.UploadOperationNotSupportedError: InvalidRequest,
        sdk.WrongProjectTypeError: InvalidRequest,
        sdk.EncordException: Unclear,
        sdk.BundledMoveWorkflowTasksPayloadError: Unclear,
        sdk.CloudUploadError: Unclear,
        sdk.DatasetError: Unclear,
        sdk.GenericServerError: Unclear,
        sdk.InitialisationError: Unclear,
        sdk.InvalidAlgorithmError: Unclear,
        sdk.LabelRowError: Unclear,
        sdk.OntologyError: Unclear,
        sdk.RequestException: Unclear,
        sdk.TimeOutError: Unclear,
        sdk.UnknownException: Unclear,
    }
)

#: Raised before the first byte of a request leaves, wherever they stand in a chain of causes.
_NEVER_CONNECTED: Final = (
    urllib3.exceptions.NewConnectionError,  # also NameResolutionError, refused, unreachable
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationParseError,
    requests.exceptions.ConnectTimeout,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    SSLCertVerificationError,
)
_REJECTED: Final = (
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    AlreadyExists,
    InvalidRequest,
    TooLarge,
    RateLimited,
)


def translate(exc: BaseException, *, operation: str) -> EncordError:
    """Return our error for anything that came out of the SDK.

    Args:
        exc: What was raised; it is read, never kept, since its frames hold signed headers.
        operation: What was being done, as words that follow "while".
    """
    if isinstance(exc, EncordError):
        return exc
    raw, trace_id = _said(exc), _trace_id(exc)
    if any(isinstance(cause, _NEVER_CONNECTED) for cause in _chain(exc)):
        return NotSent(operation, trace_id=trace_id, raw=raw)
    skew = next((cause for cause in _chain(exc) if isinstance(cause, ClockSkewError)), None)
    if skew is not None:
        return ClockOff(operation, seconds=skew.seconds, trace_id=trace_id, raw=raw)
    kind = TABLE.get(type(exc), Unclear) if isinstance(exc, sdk.EncordException) else Unclear
    if kind is RateLimited:
        hint = getattr(exc, "retry_after", None)
        return RateLimited(operation, retry_after=hint, trace_id=trace_id, raw=raw)
    return kind(operation, trace_id=trace_id, raw=raw)


def classify(error: BaseException) -> Fate:
    """Say what became of the request behind an error: the one question before sending again.

    Returns:
        `rejected` when Encord refused it, `not_sent` when no connection was made, and `unknown`
        for everything else, whatever its class.
    """
    if isinstance(error, NotSent):
        return "not_sent"
    return "rejected" if isinstance(error, _REJECTED) else "unknown"


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _said(exc: BaseException) -> str:
    """Return the message without the SDK's postscript, and the classes behind it."""
    message = exc.message if isinstance(exc, sdk.EncordException) else exc
    causes = " <- ".join(type(cause).__name__ for cause in _chain(exc))
    return f"{causes}: {message}"


def _trace_id(exc: BaseException) -> str | None:
    trace_id = getattr(getattr(exc, "context", None), "trace_id", None)
    return trace_id if isinstance(trace_id, str) else None


def _cut(text: str) -> str:
    return text.encode("utf-8", "backslashreplace")[:RAW_LIMIT].decode("utf-8", "ignore")
