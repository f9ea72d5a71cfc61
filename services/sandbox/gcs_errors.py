"""Google's error bodies, as the JSON API and the media endpoints send them [documented]."""

import html

import orjson
from starlette.responses import Response

_REASONS = {
    400: "invalid",
    401: "required",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    412: "conditionNotMet",
}
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_XML_CODES = {
    400: "InvalidArgument",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
    413: "EntityTooLarge",
}


class GoogleError(Exception):
    """A call Google would refuse: HTTP status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class NoSuchBucketError(GoogleError):
    """404 for a bucket."""

    def __init__(self) -> None:
        super().__init__(404, "The specified bucket does not exist.")


class NoObjectError(GoogleError):
    """404 for an object of a bucket that exists."""

    def __init__(self, bucket: str, name: str) -> None:
        super().__init__(404, f"No such object: {bucket}/{name}")


class NoAccessError(GoogleError):
    """Refusal of an anonymous caller, as all are here: 401, in XML 403 [assumed]."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            401,
            f"Anonymous caller does not have {permission} access to the Google Cloud Storage"
            f" bucket. Permission '{permission}' denied on resource (or it may not exist).",
        )


def as_json(error: GoogleError) -> Response:
    """Return the JSON API's body: `{"error": {"code", "message", "errors": [...]}}`."""
    detail = {
        "message": error.message,
        "domain": "global",
        "reason": _REASONS.get(error.status, "invalid"),
    }
    if error.status == _UNAUTHORIZED:
        detail |= {"locationType": "header", "location": "Authorization"}
    body = {"error": {"code": error.status, "message": error.message, "errors": [detail]}}
    return Response(orjson.dumps(body), error.status, media_type="application/json")


def as_text(error: GoogleError) -> Response:
    """Return what a JSON API download sends instead of the file: the bare message."""
    return Response(error.message, error.status, media_type="text/html")


def as_xml(error: GoogleError) -> Response:
    """Return what the addresses without an API version send: the XML API's body."""
    status = _FORBIDDEN if error.status == _UNAUTHORIZED else error.status
    code = "NoSuchBucket" if isinstance(error, NoSuchBucketError) else _XML_CODES[status]
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Error><Code>{code}</Code><Message>{html.escape(error.message)}</Message></Error>"
    )
    return Response(body, status, media_type="application/xml")
