"""What the app asks of a cloud bucket, and the values that come back. It only reads.

Every call is one request unless its docstring says otherwise, never sleeps, never retries, and
raises only the errors of `services.cloud_storage.errors`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsRule:
    """One rule of a bucket's CORS configuration, as Google stores it."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    response_headers: tuple[str, ...]
    max_age_seconds: int | None = None


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
    cors: tuple[CorsRule, ...]
    #: Rises with every change of the metadata; a change can be made conditional on it.
    metageneration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One object of a bucket."""

    name: str
    size: int
    content_type: str | None
    updated: datetime
    #: Identifies the content: it changes when the object is replaced.
    generation: int


class BucketReader(Protocol):
    """One identity's view of the buckets it may see."""

    def bucket(self, name: str) -> BucketInfo:
        """Return a bucket's metadata; needs `storage.buckets.get`."""
        ...

    def test_permissions(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        """Return those of the permissions that this identity has on the bucket."""
        ...

    def list_objects(
        self, bucket: str, prefix: str = "", glob: str | None = None, limit: int | None = None
    ) -> Iterator[list[ObjectInfo]]:
        """List objects by name, in pages of up to 1,000, one request a page.

        Args:
            bucket: Bucket name.
            prefix: Only names that begin with this.
            glob: Only names that match, in Google's syntax (`**.png`).
            limit: Stop after this many objects.
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
