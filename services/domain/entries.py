"""What a manifest asks for: entry types and their place in Encord's registration JSON.

Reading files is `services.manifests`; this module holds only the vocabulary they share.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec


class EntryType(StrEnum):
    """The kinds of item a manifest can ask Encord to register."""

    VIDEO = "video"
    IMAGE = "image"
    IMAGE_GROUP = "image_group"
    IMAGE_SEQUENCE = "image_sequence"
    AUDIO = "audio"
    TEXT = "text"
    PDF = "pdf"
    NIFTI = "nifti"
    DICOM_SERIES = "dicom_series"
    SCENE = "scene"
    TIME_SERIES = "time_series"

    @property
    def section(self) -> str:
        """The top-level key that holds this type in Encord's registration JSON."""
        return SECTIONS[self]

    @property
    def is_composite(self) -> bool:
        """Whether one entry names many objects, in frame order."""
        return self in COMPOSITE

    @property
    def label(self) -> str:
        """The words a person reads, e.g. `image group`."""
        return LABELS[self]


COMPOSITE: Final = frozenset(
    {EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE, EntryType.DICOM_SERIES}
)

#: Section to the type of its entries; a group with `createVideo: true` is a sequence.
TYPE_OF_SECTION: Final = {
    "videos": EntryType.VIDEO,
    "images": EntryType.IMAGE,
    "image_groups": EntryType.IMAGE_GROUP,
    "audio": EntryType.AUDIO,
    "text": EntryType.TEXT,
    "pdfs": EntryType.PDF,
    "pdf": EntryType.PDF,
    "nifti": EntryType.NIFTI,
    "dicom_series": EntryType.DICOM_SERIES,
    "scenes": EntryType.SCENE,
    "time_series": EntryType.TIME_SERIES,
}

#: Entry type to section. Sequences are groups with `createVideo: true`.
SECTIONS: Final = {
    EntryType.VIDEO: "videos",
    EntryType.IMAGE: "images",
    EntryType.IMAGE_GROUP: "image_groups",
    EntryType.IMAGE_SEQUENCE: "image_groups",
    EntryType.AUDIO: "audio",
    EntryType.TEXT: "text",
    EntryType.PDF: "pdfs",
    EntryType.NIFTI: "nifti",
    EntryType.DICOM_SERIES: "dicom_series",
    EntryType.SCENE: "scenes",
    EntryType.TIME_SERIES: "time_series",
}

LABELS: Final = {
    kind: {"pdf": "PDF", "nifti": "NIfTI file", "dicom_series": "DICOM series"}.get(
        kind.value, kind.value.replace("_", " ")
    )
    for kind in EntryType
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields an entry of one type may have, beside numbered `objectUrl_N` of composites."""

    fields: frozenset[str]
    #: The field of its media metadata object, if Encord describes one.
    media: str | None = None
    needs_title: bool = False


def _shape(*extra: str, media: str | None = None, needs_title: bool = False) -> Shape:
    names = {"title", "clientMetadata", *extra} | ({media} if media else set())
    return Shape(frozenset(names), media, needs_title)


#: Entry type to its fields.
SHAPES: Final = {
    EntryType.VIDEO: _shape("objectUrl", media="videoMetadata"),
    EntryType.IMAGE: _shape("objectUrl", media="imageMetadata"),
    EntryType.IMAGE_GROUP: _shape("createVideo", needs_title=True),
    EntryType.IMAGE_SEQUENCE: _shape("createVideo", needs_title=True),
    EntryType.AUDIO: _shape("objectUrl", media="audioMetadata"),
    EntryType.TEXT: _shape("objectUrl", media="textMetadata"),
    EntryType.PDF: _shape("objectUrl", media="pdfMetadata"),
    EntryType.NIFTI: _shape("objectUrl"),
    EntryType.DICOM_SERIES: _shape(needs_title=True),
    EntryType.SCENE: _shape("scene", needs_title=True),
    EntryType.TIME_SERIES: _shape("objectUrl", "settings"),
}


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item a manifest asks for, in the form every reader produces and every writer takes.

    A struct, as half a million of them are made in one go: that takes a quarter of the time.
    """

    #: 0-based place in the manifest, stable for its fingerprint.
    index: int
    type: EntryType
    #: Object URLs as written, in frame order; one unless `type.is_composite`.
    urls: tuple[str, ...]
    #: None when the manifest gives none; Encord then derives it from the URL.
    title: str | None
    #: Canonical Encord registration JSON of this entry (an object, UTF-8, snake_case sections).
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry as a line of a table."""

    index: int
    #: 1-based physical line where the entry begins.
    line: int
    #: None when the manifest names a type nobody knows.
    type: EntryType | None
    title: str | None
    #: The first one.
    url: str | None
    url_count: int
    valid: bool
    #: What was found about the entry, worst first.
    codes: tuple[str, ...]
