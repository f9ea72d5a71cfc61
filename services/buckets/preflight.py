"""The checks of a bucket, in order, each yielded as soon as its answer is there.

About six requests and one for each sampled object; nothing is changed, nothing is repeated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.buckets import judging
from services.buckets.refusals import GRANT, Asked, refused
from services.cloud_storage.errors import (
    InvalidRequest,
    NotAuthenticated,
    NotBilled,
    NotFound,
    StorageError,
    TimedOut,
    Unreachable,
)
from services.cloud_storage.interface import BucketInfo, BucketReader, ObjectInfo
from services.domain.bucket_checks import BucketCheck, CheckVerdict

#: Objects looked at, unless somebody wants more.
SAMPLE: Final = 5
MOST_SAMPLED: Final = 50
#: After these the other questions would get the same answer.
_FINAL: Final = (NotAuthenticated, NotBilled, NotFound, InvalidRequest, TimedOut, Unreachable)
_VIEWER: Final = "roles/storage.objectViewer"
_BUCKETS: Final = "roles/storage.legacyBucketReader"
_METADATA: Final = {
    "location": "Location",
    "storage-class": "Storage class",
    "uniform-access": "Uniform access",
    "public-access": "Public access prevention",
    "requester-pays": "Requester pays",
}
_SAMPLED: Final = {
    "sample-readable": "Readable",
    "sample-size": "Sizes",
    "sample-type": "Content types",
}
_CORS: Final = {"cors": "CORS"}
_REST: Final = {"permissions": "Permissions", "listing": "Objects", **_SAMPLED, **_CORS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What is to be checked, and who asks."""

    reader: BucketReader
    #: Who asks: an e-mail address, or words.
    who: str
    bucket: str
    #: From where Encord's pages open objects.
    origins: tuple[str, ...]
    sample: int = SAMPLE

    def run(self) -> Iterator[BucketCheck]:
        """Ask and judge."""
        info = None
        try:
            info = self.reader.bucket(self.bucket)
        except StorageError as error:
            yield refused(error, self._asked("exists", "Bucket", "storage.buckets.get", _BUCKETS))
            yield from _open("The metadata could not be read", _METADATA)
            if isinstance(error, _FINAL):
                yield from _open("Not asked: the bucket did not answer", _REST)
                return
        else:
            yield _exists(info)
            yield from judging.metadata(info)
        yield self._permissions()
        yield from self._objects()
        yield from self._cors(info)

    def _asked(self, code: str, title: str, permission: str, role: str) -> Asked:
        return Asked(
            code=code,
            title=title,
            bucket=self.bucket,
            permission=permission,
            who=self.who,
            role=role,
        )

    def _permissions(self) -> BucketCheck:
        wanted = (*judging.READING, judging.CHANGING)
        asked = self._asked("permissions", "Permissions", "testIamPermissions", _VIEWER)
        try:
            granted = self.reader.test_permissions(self.bucket, wanted)
        except StorageError as error:
            return refused(error, asked)
        return judging.permissions(granted, bucket=self.bucket, command=asked.command(GRANT))

    def _objects(self) -> Iterator[BucketCheck]:
        try:
            found = self._list()
        except StorageError as error:
            yield refused(error, self._asked("listing", "Objects", "storage.objects.list", _VIEWER))
            yield from _open("No object could be listed", _SAMPLED)
            return
        yield judging.listing(found, bucket=self.bucket)
        if not found:
            yield from _open("There is no object to look at", _SAMPLED)
            return
        yield self._readable(found)
        yield judging.sizes(found, bucket=self.bucket)
        yield judging.types(found, bucket=self.bucket)

    def _list(self) -> list[ObjectInfo]:
        pages = self.reader.list_objects(self.bucket, limit=self.sample)
        return [each for page in pages for each in page]

    def _readable(self, found: Sequence[ObjectInfo]) -> BucketCheck:
        read = []
        for each in found:
            if not each.size:
                continue
            try:
                self.reader.first_bytes(self.bucket, each.name, 1)
            except StorageError as error:
                asked = self._asked("sample-readable", "Readable", "storage.objects.get", _VIEWER)
                return refused(error, asked)
            read.append(each.name)
        return judging.readable(read, bucket=self.bucket)

    def _cors(self, info: BucketInfo | None) -> Iterator[BucketCheck]:
        if info:
            yield judging.cors_rules(info, self.origins)
        else:
            yield from _open("The metadata could not be read", _CORS)


def _exists(info: BucketInfo) -> BucketCheck:
    return BucketCheck(
        code="exists",
        title="Bucket",
        verdict=CheckVerdict.PASS,
        asked=f"storage.buckets.get on gs://{info.name}",
        got=f"It exists; its metadata was changed {info.metageneration - 1:,} times so far",
        command=f"gcloud storage buckets describe gs://{info.name}",
    )


def _open(why: str, checks: dict[str, str]) -> Iterator[BucketCheck]:
    """Say of checks that they were not made."""
    for code, title in checks.items():
        yield BucketCheck(
            code=code, title=title, verdict=CheckVerdict.NOT_CHECKED, asked="Nothing", got=why
        )
