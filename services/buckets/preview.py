"""The start of an object, to be looked at: pictures, videos, sound and text up to a size.

The bytes come through this server, with whoever asks. A URL signed for the browser would be a key
to the object in a page, where it can be copied; what a page shows is gone with its session.
"""

from dataclasses import dataclass
from typing import Final, Literal

from services.cloud_storage.interface import BucketReader
from services.domain import content_types
from services.manifests.url_check import FAMILIES

Kind = Literal["image", "video", "audio", "text"]
#: Bytes of media that are shown, and of text.
LARGEST: Final = 20_000_000
TEXT: Final = 16 * 1024

#: How the pictures begin that every browser draws.
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM")
_SHOWN: Final[dict[str, Kind]] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "text": "text",
    "csv": "text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What can be shown of an object, or why nothing can."""

    kind: Kind | None
    content: bytes = b""
    content_type: str = ""
    why_not: str = ""


def preview(reader: BucketReader, bucket: str, name: str) -> Preview:
    """Read what is shown of an object: its metadata, then so much and no more.

    Raises:
        StorageError: It is gone, or may not be read.
    """
    found = reader.object(bucket, name)
    kind = kind_of(name, found.content_type)
    if kind is None:
        return Preview(kind=None, why_not="Objects of this type are not shown here.")
    if not found.size:
        return Preview(kind=None, why_not="The object is empty.")
    if found.size > LARGEST and kind != "text":
        return Preview(kind=None, why_not="The object is larger than the 20 MB shown here.")
    content = reader.first_bytes(bucket, name, TEXT if kind == "text" else LARGEST)
    if kind == "image" and not _is_picture(content):
        return Preview(kind=None, why_not="This is not a picture that every browser draws.")
    return Preview(kind=kind, content=content, content_type=found.content_type or "")


def kind_of(name: str, content_type: str | None) -> Kind | None:
    """Return how an object is shown; None when it is not."""
    extension = name.rpartition(".")[2].lower()
    family = FAMILIES.get(extension) or content_types.family_of(content_type)
    return _SHOWN.get(family or "")


def _is_picture(content: bytes) -> bool:
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return is_webp or content.startswith(_PICTURES)
