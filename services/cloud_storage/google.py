"""Google Cloud Storage through its real client: one request a call, nothing repeated."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import quote

from google.api_core.exceptions import RequestRangeNotSatisfiable
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client  # type: ignore[import-untyped]

from services.cloud_storage.as_page import ask_as_page
from services.cloud_storage.credentials import Access
from services.cloud_storage.errors import InvalidRequest, NotFound, translate
from services.cloud_storage.interface import (
    BucketEditor,
    BucketInfo,
    ObjectInfo,
    ObjectPage,
)
from services.domain.browser import CorsAnswer
from services.domain.cors import PageRequest, write
from services.domain.urls import GOOGLE_BUCKET

#: Half typed by Google.
_SESSION: Final[Callable[..., AuthorizedSession]] = AuthorizedSession
ENDPOINT: Final = "https://storage.googleapis.com"
#: The most Google returns at once.
PAGE: Final = 1000
#: Bytes of an object asked for at once.
PIECE: Final = 8 * 1024 * 1024

_READING_NAME: Final = "reading a bucket's name"
_READING_OBJECT: Final = "reading the object"
_LISTING: Final = "listing objects"
#: Naming the fields halves what a listing costs.
_FIELDS: Final = "items(name,size,contentType,updated,generation),nextPageToken"
_FIELDS_AND_FOLDERS: Final = f"{_FIELDS},prefixes"
_LOOPBACK: Final = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Method = Callable[Concatenate["GoogleBuckets", str, _P], _T]


def _asking(operation: str) -> Callable[[_Method[_P, _T]], _Method[_P, _T]]:
    """Turn whatever a method raises into our error, about its first argument, the bucket.

    Ours is raised after the handler: Google's exception, whose frames hold signed headers, does
    not even travel along as its context.
    """

    def decorate(method: _Method[_P, _T]) -> _Method[_P, _T]:
        @wraps(method)
        def ask(self: "GoogleBuckets", name: str, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return method(self, _checked(name), *args, **kwargs)
            except Exception as exc:  # noqa: BLE001 - the client lets several families escape
                subject = f"gs://{name}"
                error = translate(exc, operation=operation, subject=subject, nobody=self.nobody)
            raise error from None

        return ask

    return decorate


class GoogleBuckets(BucketEditor):
    """One identity's view of Google's buckets. Keeps connections; not for several threads."""

    def __init__(self, access: Access, *, endpoint: str, timeout: tuple[float, float]) -> None:
        self.name = access.name
        self.nobody = access.is_nobody
        self.endpoint = endpoint
        session = _SESSION(access.credentials, max_refresh_attempts=0)
        session.max_redirects = 0
        # A proxy that is set for the world must not be asked for this machine.
        session.trust_env = not endpoint.startswith(_LOOPBACK)
        # The project only matters for creating and listing buckets.
        self._client = Client(
            project="none",
            credentials=access.credentials,
            client_options={"api_endpoint": endpoint},
            _http=session,
        )
        # Else every first call on a bucket makes the client fetch its metadata in a thread of
        # its own, with retries, for traces nobody takes.
        self._client._bucket_metadata_cache = None  # noqa: SLF001 - it has no other switch per client
        self._options: dict[str, Any] = {"timeout": timeout, "retry": None}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @_asking("reading the bucket")
    def bucket(self, name: str) -> BucketInfo:
        """See the interface."""
        return _bucket_info(self._client.get_bucket(name, **self._options))

    @_asking("testing permissions")
    def test_permissions(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        """See the interface."""
        bucket = self._client.bucket(name)
        return frozenset(bucket.test_iam_permissions(list(permissions), **self._options))

    def list_objects(
        self, bucket: str, prefix: str = "", limit: int | None = None
    ) -> Iterator[list[ObjectInfo]]:
        """See the interface."""
        pages = self._start_listing(bucket, prefix, limit)
        while page := self._next_page(bucket, pages):
            yield page

    @_asking(_LISTING)
    def list_page(
        self,
        bucket: str,
        prefix: str = "",
        *,
        start: str = "",
        end: str = "",
        token: str | None = None,
        delimiter: str | None = None,
    ) -> ObjectPage:
        """See the interface."""
        listing = self._client.list_blobs(
            bucket,
            prefix=prefix or None,
            start_offset=start or None,
            end_offset=end or None,
            page_token=token,
            delimiter=delimiter,
            page_size=PAGE,
            fields=_FIELDS_AND_FOLDERS,
            **self._options,
        )
        page = next(listing.pages, None)
        return _object_page(page.raw_page if page else {}, listing.next_page_token)

    @_asking(_READING_OBJECT)
    def object(self, bucket: str, key: str) -> ObjectInfo:
        """See the interface."""
        found = self._client.bucket(bucket).get_blob(key, **self._options) if key else None
        if found is None:
            raise NotFound(_READING_OBJECT, f"gs://{bucket}/{key}")
        return _object_info(found)

    def read(self, bucket: str, key: str) -> Iterator[bytes]:
        """See the interface."""
        found = self.object(bucket, key)
        for start in range(0, found.size, PIECE):
            yield self._read_piece(bucket, key, found.generation, start)

    @_asking(_READING_OBJECT)
    def _read_piece(self, bucket: str, key: str, generation: int, start: int) -> bytes:
        blob = self._client.bucket(bucket).blob(key, generation=generation)
        return bytes(
            blob.download_as_bytes(
                start=start, end=start + PIECE - 1, raw_download=True, **self._options
            )
        )

    @_asking(_READING_OBJECT)
    def first_bytes(self, name: str, key: str, count: int) -> bytes:
        """See the interface."""
        blob = self._client.bucket(name).blob(key)
        try:
            found = blob.download_as_bytes(
                start=0, end=count - 1, raw_download=True, **self._options
            )
        except RequestRangeNotSatisfiable:  # an empty object has no first byte
            return b""
        return bytes(found)

    @_asking("setting the CORS rules")
    def set_cors(self, name: str, document: str, *, metageneration: int) -> BucketInfo:
        """See the interface."""
        bucket = self._client.bucket(name)
        bucket.cors = json.loads(document)
        bucket.patch(if_metageneration_match=metageneration, **self._options)
        return _bucket_info(bucket)

    @_asking("asking as a page of another origin")
    def as_page(self, name: str, key: str, request: PageRequest) -> CorsAnswer:
        """See the interface. The GET carries the identity, which a signed URL would stand for."""
        url = f"{self.endpoint}/{name}/{quote(key)}"
        return ask_as_page(
            url,
            request,
            timeout=self._options["timeout"],
            get=self._client._http.get,  # noqa: SLF001 - signs
        )

    @_asking(_LISTING)
    def _start_listing(self, bucket: str, prefix: str, limit: int | None) -> Iterator[Any]:
        listing = self._client.list_blobs(
            bucket,
            prefix=prefix or None,
            max_results=limit,
            page_size=PAGE,
            fields=_FIELDS,
            **self._options,
        )
        pages: Iterator[Any] = listing.pages
        return pages

    @_asking(_LISTING)
    def _next_page(self, _bucket: str, pages: Iterator[Any]) -> list[ObjectInfo]:
        """Return the next page that holds something: a filter may leave pages empty."""
        for page in pages:
            if found := [_object_info(blob) for blob in page]:
                return found
        return []


def connect(
    access: Access, *, api_endpoint: str = ENDPOINT, timeout: tuple[float, float] = (10, 60)
) -> GoogleBuckets:
    """Return a reader. Asks nothing.

    Args:
        access: Who asks; anonymous for the sandbox.
        api_endpoint: Google's, or the sandbox's; never an address somebody typed.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
    """
    return GoogleBuckets(access, endpoint=api_endpoint, timeout=timeout)


def is_bucket_name(name: str) -> bool:
    """Whether a bucket may have this name; any other is refused without being sent."""
    return GOOGLE_BUCKET.fullmatch(name) is not None


def _checked(name: str) -> str:
    if not is_bucket_name(name):
        raise InvalidRequest(_READING_NAME, f"gs://{name}", raw="not a bucket name")
    return name


def _bucket_info(bucket: Any) -> BucketInfo:  # noqa: ANN401 - Google's client has no types
    iam = bucket.iam_configuration
    return BucketInfo(
        name=bucket.name,
        location=bucket.location or "",
        storage_class=bucket.storage_class or "",
        uniform_access=bool(iam.uniform_bucket_level_access_enabled),
        public_access_prevention=iam.public_access_prevention or "inherited",
        requester_pays=bool(bucket.requester_pays),
        cors_document=write(list(bucket.cors)),
        metageneration=int(bucket.metageneration),
    )


def _object_info(blob: Any) -> ObjectInfo:  # noqa: ANN401 - Google's client has no types
    return ObjectInfo(
        name=blob.name,
        size=int(blob.size),
        content_type=blob.content_type,
        updated=blob.updated,
        generation=int(blob.generation),
    )


def _object_page(raw: dict[str, Any], token: str | None) -> ObjectPage:
    """Read an answer as it came: making the client's objects costs more than the request."""
    found: list[dict[str, Any]] = raw.get("items", [])
    return ObjectPage(
        names=[each["name"] for each in found],
        sizes=[int(each.get("size", 0)) for each in found],
        content_types=[each.get("contentType") for each in found],
        updated=[each.get("updated") for each in found],
        generations=[int(each.get("generation", 0)) for each in found],
        folders=tuple(raw.get("prefixes", ())),
        token=token,
    )
