"""What every handler is given and may answer with, whichever of the interfaces it serves."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

#: A decoded JSON object.
Object = dict[str, object]


class RefusalError(Exception):
    """A call the sandbox turns down, with the HTTP status and words Encord's v2 would use."""

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        #: Seconds, sent as `Retry-After`.
        self.retry_after = retry_after


class EnvelopeError(Exception):
    """A v1 call turned down: a code in the envelope, HTTP 200 around it."""

    def __init__(self, status: int, code: str, payload: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.payload = payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who calls: a user of one organization."""

    email: str
    organization: str
    #: Whether the organization's role is ADMIN.
    admin: bool


#: Who has not signed, or need not: may see nothing.
NOBODY: Final = Account(email="", organization="", admin=False)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, read to its end and with its sender known."""

    method: str
    #: The path and query exactly as on the request line; what v2 signatures cover.
    target: str
    headers: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: bytes
    path: Mapping[str, str]
    #: What the client called us: "http://127.0.0.1:PORT".
    base_url: str
    #: Filled once the signature has been checked.
    account: Account = NOBODY

    def one(self, name: str) -> str | None:
        """Return the last value of a query parameter, or None."""
        return next((text for key, text in reversed(self.query) if key == name), None)

    def many(self, name: str) -> list[str]:
        """Return every value of a repeated query parameter."""
        return [text for key, text in self.query if key == name]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean parameter; the SDK writes `True` and `False`."""
        text = self.one(name)
        return default if text is None else text.lower() == "true"

    def maybe_flag(self, name: str) -> bool | None:
        """Return a boolean parameter that may be left out."""
        return None if self.one(name) is None else self.flag(name)

    def document(self) -> Object:
        """Return the body as a JSON object, or refuse."""
        return as_object(self.json(), "The body")

    def json(self) -> object:
        """Return the decoded body, or refuse."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise RefusalError(400, "The body is not JSON.") from error


def as_object(found: object, what: str) -> Object:
    """Return a JSON object, or refuse in words that name it."""
    if not isinstance(found, dict):
        raise RefusalError(400, f"{what} must be an object.")
    return found


def as_list(found: object, what: str) -> list[object]:
    """Return a JSON array, or refuse in words that name it."""
    if not isinstance(found, list):
        raise RefusalError(400, f"{what} must be a list.")
    return found


def as_text(found: object, what: str) -> str:
    """Return a JSON string, or refuse in words that name it."""
    if not isinstance(found, str):
        raise RefusalError(400, f"{what} must be text.")
    return found


def as_uuid(found: object, what: str) -> str:
    """Return a UUID in its usual spelling, or refuse."""
    try:
        return str(uuid.UUID(as_text(found, what)))
    except ValueError as error:
        raise RefusalError(400, f"{what} is not a UUID.") from error


def new_uuid() -> str:
    """Return a fresh random UUID."""
    return str(uuid.uuid4())


def iso(microseconds: int) -> str:
    """Return a stored time as v2 writes it: ISO 8601 in UTC."""
    return _moment(microseconds).isoformat()


def v1_time(microseconds: int) -> str:
    """Return a stored time as v1 writes it: `YYYY-MM-DD HH:MM:SS`, in UTC."""
    return _moment(microseconds).strftime("%Y-%m-%d %H:%M:%S")


def rfc3339(microseconds: int) -> str:
    """Return a stored time as Google writes it: RFC 3339 with milliseconds and a Z."""
    return _moment(microseconds).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def from_iso(text: str, what: str) -> int:
    """Return a written time in microseconds; a time without a zone is UTC."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusalError(400, f"{what} is not a date.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp() * 1_000_000)


def _moment(microseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(microseconds / 1_000_000, tz=dt.UTC)
