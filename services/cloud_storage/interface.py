"""What the app asks of a cloud bucket, and the values that come back.

A `BucketReader` only reads. The one thing the app changes is a bucket's CORS configuration, and
only a `BucketEditor` does.

Every call is one request unless its docstring says otherwise, never sleeps, never retries, and
raises only the errors of `services.cloud_storage.errors`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.domain.browser import CorsAnswer
from services.domain.cors import CorsRule, PageRequest, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketInfo:
    """What a bucket says about itself to whoever may read its metadata."""

    name: str
    #: E.g. `EU` or `EUROPE-WEST1`.
    location: str
    #: E.g. `STANDARD`.
    storage_class: str
    #: Whether access is by IAM alone.
    uniform_access: bool
    #: `enforced` or `inherited`.
    public_access_prevention: str
    requester_pays: bool
    #: The CORS configuration as Google stores it: a JSON list of rules.
    cors_document: str
    #: Rises with every change of the metadata; a change can be made conditional on it.
    metageneration: int

    @property
    def cors(self) -> tuple[CorsRule, ...]:
        """The CORS rules, in their order."""
        return parse(self.cors_document)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One object of a bucket."""

    name: str
    size: int
    content_type: str | None
    updated: datetime
    #: Identifies the content: it changes when the object is replaced.
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPage:
    """One answer of a listing as columns of equal length, in the order of the names."""

    names: list[str]
    #: In bytes.
    sizes: list[int]
    content_types: list[str | None]
    #: RFC 3339.
    updated: list[str | None]
    generations: list[int]
    #: What is below the delimiter, when one was given.
    folders: tuple[str, ...]
    #: Leads to the next page; None on the last one.
    token: str | None


class BucketReader(Protocol):
    """One identity's view of the buckets it may see."""

    def bucket(self, name: str) -> BucketInfo:
        """Return a bucket's metadata; needs `storage.buckets.get`."""
        ...

    def test_permissions(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        """Return those of the permissions that this identity has on the bucket."""
        ...

    def list_objects(
        self, bucket: str, prefix: str = "", limit: int | None = None
    ) -> Iterator[list[ObjectInfo]]:
        """List objects by name, in pages of up to 1,000, one request a page.

        Args:
            bucket: Bucket name.
            prefix: Only names that begin with this.
            limit: Stop after this many objects.
        """
        ...

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
        """Return up to 1,000 objects as columns: a tenth of the cost of `list_objects`.

        Args:
            bucket: Bucket name.
            prefix: Only names that begin with this.
            start: Only names from this one on. Stand-ins are known to ignore `start` and `end`.
            end: Only names before this one; empty for no end.
            token: Of the page before.
            delimiter: Fold names behind it into `folders`.
        """
        ...

    def object(self, bucket: str, key: str) -> ObjectInfo:
        """Return one object's metadata."""
        ...

    def read(self, bucket: str, key: str) -> Iterator[bytes]:
        """Yield an object's bytes in pieces of 8 MiB, one request a piece and one for its size.

        All pieces are of the generation the first request saw; a change in between is `Changed`
        or `NotFound`, never a mixture.
        """
        ...

    def first_bytes(self, bucket: str, key: str, count: int) -> bytes:
        """Return up to so many bytes from an object's start; an empty object has none."""
        ...


class BucketEditor(BucketReader, Protocol):
    """A reader that may also try and set a bucket's CORS rules."""

    def set_cors(self, bucket: str, document: str, *, metageneration: int) -> BucketInfo:
        """Replace the CORS configuration, unless the bucket was changed since.

        Args:
            bucket: Bucket name.
            document: A JSON list of rules.
            metageneration: What the configuration was made from; `Changed` when it is another
                by now, and nothing is written.
        """
        ...

    def as_page(self, bucket: str, key: str, request: PageRequest) -> CorsAnswer:
        """Ask for an object as a page of another origin would; one request, or two if asked first.

        Whatever the status is, its headers are the answer; only no answer at all is an error.
        """
        ...
