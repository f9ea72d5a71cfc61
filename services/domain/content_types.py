"""What an object's content type says about the entry it could be, and how large one may be."""

from typing import Final

from services.domain.entries import EntryType

#: Bytes; from Encord's best practices, for images, videos and DICOM files.
ADVISED_BYTES: Final = 1_000_000_000
#: Content types that say nothing.
UNTOLD: Final = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"}
)

_EXACT: Final = {
    "application/pdf": "pdf",
    "application/dicom": "dicom",
    "application/json": "text",
    "application/xml": "text",
    "application/mp4": "video",
    "application/ogg": "audio",
    "text/csv": "csv",
    "application/zip": "archive",
    "application/gzip": "archive",
    "application/x-gzip": "archive",
}
_MAIN: Final = ("image", "video", "audio", "text")

#: Family to the type an object of it becomes; what is not here is left out until somebody says.
USUAL: Final = {
    "image": EntryType.IMAGE,
    "video": EntryType.VIDEO,
    "audio": EntryType.AUDIO,
    "pdf": EntryType.PDF,
    "text": EntryType.TEXT,
    "csv": EntryType.TEXT,
    "dicom": EntryType.DICOM_SERIES,
    "nifti": EntryType.NIFTI,
}


def family_of(content_type: str | None) -> str | None:
    """Return the family of a content type; None when it tells nothing."""
    bare = (content_type or "").partition(";")[0].strip().lower()
    if bare in UNTOLD:
        return None
    main = bare.partition("/")[0]
    return _EXACT.get(bare) or (main if main in _MAIN else "another")
