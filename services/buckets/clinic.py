"""Mending a bucket's CORS rules: read, propose, apply if nobody changed them, try it out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.buckets.refusals import Asked, refused
from services.cloud_storage.errors import Changed, StorageError
from services.cloud_storage.interface import BucketEditor, BucketInfo, BucketReader
from services.domain.browser import Opened, conclude
from services.domain.bucket_checks import BucketCheck, CheckVerdict
from services.domain.cors import PageRequest, parse, requests_of

_LOOKED_AT = 20
#: Parts of a name that a browser leaves out of an address.
_LEFT_OUT: Final = frozenset({".", ".."})
SHORTENED: Final = (
    "The name has a part that is . or .., which browsers leave out of addresses: they ask for "
    "another object"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What really happened when an object was asked for as a page of an origin."""

    request: PageRequest
    url: str
    opened: Opened


def apply(
    editor: BucketEditor, bucket: str, document: str, *, metageneration: int
) -> tuple[BucketInfo, bool]:
    """Set the rules that were shown, on the bucket they were made for.

    Returns:
        The bucket as it is now, and whether this call changed it: it has not when the rules are
        in force already, by a second click or tab.

    Raises:
        Changed: The bucket has other rules than those the proposal was made from.
        StorageError: Google refused or did not answer.
    """
    try:
        return editor.set_cors(bucket, document, metageneration=metageneration), True
    except Changed as changed:
        info = editor.bucket(bucket)
        if info.cors == parse(document):
            return info, False
        conflict = changed
    raise conflict from None


def try_out(
    editor: BucketEditor, *, bucket: str, key: str, origins: Sequence[str], who: str
) -> Iterator[Tried | BucketCheck]:
    """Ask for an object as pages of these origins do; a check tells why there is none.

    Args:
        editor: Who asks.
        bucket: Bucket name.
        key: The object; empty takes the first one with content.
        origins: Origins of the pages.
        who: Who asks, in words.
    """
    asked = Asked(
        code="cors-live",
        title="Live test",
        bucket=bucket,
        permission="storage.objects.get",
        who=who,
        role="roles/storage.objectViewer",
    )
    try:
        found = key or first_key(editor, bucket)
        if not found:
            yield _untried(
                asked, "None has content that a browser can ask for", "An object to open."
            )
            return
        if _LEFT_OUT.intersection(found.split("/")):
            yield _untried(asked, SHORTENED, "A name without them.", found)
            return
        for origin in origins:
            for request in requests_of(origin):
                opened = conclude(editor.as_page(bucket, found, request), request)
                yield Tried(request=request, url=f"gs://{bucket}/{found}", opened=opened)
    except StorageError as error:
        yield refused(error, asked)


def first_key(reader: BucketReader, bucket: str) -> str:
    """Return the first object with content that a browser can ask for; empty when there is none."""
    pages = reader.list_objects(bucket, limit=_LOOKED_AT)
    names = (each.name for page in pages for each in page if each.size)
    return next((name for name in names if not _LEFT_OUT.intersection(name.split("/"))), "")


def _untried(asked: Asked, got: str, needed: str, key: str = "") -> BucketCheck:
    return BucketCheck(
        code=asked.code,
        title=asked.title,
        verdict=CheckVerdict.NOT_CHECKED,
        asked=f"gs://{asked.bucket}/{key}" if key else f"The first objects of gs://{asked.bucket}",
        got=got,
        needed=needed,
    )
