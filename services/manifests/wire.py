"""The SDK's typed wire form (`DataUploadItems`), converted to the registration document's entries.

Seen in SDK 0.1.211: camelCase sections, `externalFileType` in every entry, frames of groups as
`images: [{url, title, imageMetadata}]` and of series as `dicomFiles: [{url, ...}]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import structs

from services.domain.entries import EntryType
from services.domain.nearest import fold
from services.manifests.faults import Fault, Path
from services.manifests.json_split import Member
from services.manifests.media_check import MEDIA
from services.manifests.url_check import frame_keys

#: Sections and flags as the wire form spells them.
KEYS: Final = frozenset(
    {"imageGroups", "dicomSeries", "timeSeries", "skipDuplicateUrls", "upsertMetadata"}
)
#: Groups of items that are registered already; they name no URLs.
FROM_ITEMS: Final = "imageGroupsFromItems"

NOTE: Final = (
    "This is the SDK's typed form; it was converted to the registration document. "
    "Titles and metadata of single frames are not part of that document and are left out."
)

#: Section of the wire form -> the types in it.
SECTIONS_OF: Final = {
    "videos": (EntryType.VIDEO,),
    "images": (EntryType.IMAGE,),
    "imageGroups": (EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE),
    "audio": (EntryType.AUDIO,),
    "text": (EntryType.TEXT,),
    "pdf": (EntryType.PDF,),
    "nifti": (EntryType.NIFTI,),
    "dicomSeries": (EntryType.DICOM_SERIES,),
    "scenes": (EntryType.SCENE,),
    "timeSeries": (EntryType.TIME_SERIES,),
}
#: Section -> what the SDK calls its files.
_FILE_TYPES: Final = {
    "videos": "VIDEO",
    "images": "IMAGE",
    "imageGroups": "IMG_GROUP",
    "audio": "AUDIO",
    "text": "PLAIN_TEXT",
    "pdf": "PDF",
    "nifti": "NIFTI",
    "dicomSeries": "DICOM",
    "scenes": "SCENE",
    "timeSeries": "TIMESERIES",
}
_MARK: Final = b'"externalFileType"'
_FRAMES: Final = ("images", "dicomFiles")
_DROPPED: Final = frozenset({"externalFileType", "placeholder"})


def is_wire(members: list[Member]) -> bool:
    """Whether the first entry of a section carries the wire form's mark."""
    return any(member.entries and _MARK in bytes(member.entries[0]) for member in members)


@dataclass(slots=True)
class Converted:
    """One entry in the document's form, and where its fields stand in the file."""

    fields: dict[str, object]
    places: dict[str, Path] = field(default_factory=dict)

    def placed(self, fault: Fault) -> Fault:
        """Point a fault at the place in the wire form."""
        head = str(fault.path[0]) if fault.path else ""
        if head not in self.places:
            return fault
        return structs.replace(fault, path=(*self.places[head], *fault.path[1:]), on_key=False)


def from_wire(given: Mapping[str, object]) -> Converted:
    """Convert one entry."""
    made = Converted({})
    for key, value in given.items():
        if key in _FRAMES and isinstance(value, list):
            _take_frames(key, value, made)
        elif key in MEDIA and isinstance(value, Mapping):
            made.fields[key] = _respelled(key, value)
        elif key not in _DROPPED and value is not None:
            made.fields[key] = value
    return made


def _take_frames(key: str, frames: list[object], made: Converted) -> None:
    for number, frame in enumerate(frames):
        name = f"objectUrl_{number}"
        made.fields[name] = frame.get("url", "") if isinstance(frame, Mapping) else frame
        made.places[name] = (key, number, "url")


def _respelled(name: str, value: Mapping[str, object]) -> dict[str, object]:
    """Write media metadata in the document's spelling."""
    spelling = {fold(key): key for key in MEDIA[name]}
    return {spelling.get(fold(key), key): each for key, each in value.items()}


def to_wire(section: str, given: Mapping[str, object]) -> dict[str, object]:
    """Convert an entry of the registration document to one of a section of the wire form."""
    frames = frame_keys(given) if section in {"imageGroups", "dicomSeries"} else []
    made = {name: value for name, value in given.items() if name not in frames}
    if section == "imageGroups":
        made["images"] = [{"url": given[name]} for name in frames]
    elif section == "dicomSeries":
        made["dicomFiles"] = [{"url": given[name], "title": None} for name in frames]
    return {**made, "externalFileType": _FILE_TYPES[section]}
