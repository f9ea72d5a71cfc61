"""An upload job's document: which sections it has, and what one entry asks for.

Two forms exist. `externalFiles` is the registration JSON: snake_case sections, groups as
`objectUrl_0 ... objectUrl_N` [documented]. `dataItems` is the SDK's typed form: camelCase sections,
groups as `images: [{"url": ...}]` [RUN]. A document of an unknown shape is refused whole; a fault
inside one entry fails that unit alone [assumed].
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from services.sandbox import hosted
from services.sandbox.wire import Object, RefusalError

#: Entries per stored slice: small enough to decode again at each step, large enough to be few.
SLICE = 250
MAX_TITLE = 300

#: Section name in either form -> kind of unit.
EXTERNAL = {
    "videos": "video",
    "images": "image",
    "image_groups": "group",
    "audio": "audio",
    "text": "text",
    "pdfs": "pdf",
    "pdf": "pdf",
    "nifti": "nifti",
    "dicom_series": "dicom",
    "scenes": "scene",
    "time_series": "timeseries",
}
TYPED = {
    "videos": "video",
    "images": "image",
    "imageGroups": "group",
    "imageGroupsFromItems": "from_items",
    "audio": "audio",
    "text": "text",
    "pdf": "pdf",
    "nifti": "nifti",
    "dicomSeries": "dicom",
    "scenes": "scene",
    "timeSeries": "timeseries",
}
#: A misspelled flag is not noticed, and does nothing [assumed].
_IGNORED = frozenset({"skipDuplicateUrls", "upsertMetadata"})
_NUMBERED = re.compile(r"objectUrl_(\d{1,7})")
_MEDIA = ("imageMetadata", "videoMetadata", "audioMetadata", "textMetadata", "pdfMetadata")
_SPACE = re.compile(r"\s")
_BRACE = ord("{")
_NO_ENTRIES: list[msgspec.Raw] = []


@dataclass(frozen=True, kw_only=True)
class Document:
    """A checked document: entries still in their own bytes, so that half a million fit."""

    #: (kind, entries) in the order the sections came.
    sections: tuple[tuple[str, list[msgspec.Raw]], ...]
    skip_duplicates: bool
    upsert_metadata: bool

    def total(self) -> int:
        """Return how many units there are."""
        return sum(len(entries) for _, entries in self.sections)

    def units(self) -> Iterator["Unit"]:
        """Yield every unit; each is decoded for it."""
        for kind, entries in self.sections:
            for entry in entries:
                yield unit(kind, msgspec.json.decode(entry))


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What one entry asks for."""

    kind: str
    urls: tuple[str, ...]
    title: str | None
    client_metadata: Object | None
    create_video: bool
    #: The customer's own media metadata, when given.
    media: Object | None
    #: Item UUIDs, for groups made of items that are registered already.
    items: tuple[str, ...]
    #: Why the entry cannot be used, or None.
    fault: str | None
    #: The titles of a group's frames, where they have any.
    frame_titles: tuple[str | None, ...] = ()

    def is_hosted(self) -> bool:
        """Whether all of it is in Encord's own storage, so that no integration is needed."""
        return all(hosted.uuid_of(url) is not None for url in self.urls)


def parse(raw: msgspec.Raw, *, typed: bool) -> Document:
    """Read the job-level shape of a document, or refuse it."""
    flags = (
        ("skipDuplicateUrls", "upsertMetadata")
        if typed
        else (
            "skip_duplicate_urls",
            "upsert_metadata",
        )
    )
    known = TYPED if typed else EXTERNAL
    try:
        top = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        skip, upsert = (_flag(top.pop(name, None), name) for name in flags)
        sections = tuple(
            (_kind(name, known), _entries(entries, name))
            for name, entries in top.items()
            if typed or name not in _IGNORED
        )
    except msgspec.DecodeError as error:
        raise RefusalError(400, "The document must be an object of lists.") from error
    return Document(sections=sections, skip_duplicates=skip, upsert_metadata=upsert)


def _flag(raw: msgspec.Raw | None, name: str) -> bool:
    try:
        return False if raw is None else msgspec.json.decode(raw, type=bool)
    except msgspec.ValidationError as error:
        raise RefusalError(400, f"{name} must be true or false.") from error


def _kind(name: str, known: dict[str, str]) -> str:
    if name not in known:
        raise RefusalError(400, f"Unknown key in the document: {name}")
    return known[name]


def _entries(raw: msgspec.Raw, name: str) -> list[msgspec.Raw]:
    if bytes(raw) == b"null":
        return _NO_ENTRIES
    try:
        entries = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise RefusalError(400, f"{name} must be a list of objects.") from error
    if any(memoryview(entry)[0] != _BRACE for entry in entries):
        raise RefusalError(400, f"{name} must be a list of objects.")
    return entries


def unit(kind: str, entry: Object) -> Unit:
    """Return what an entry asks for; a fault in it is named, not raised."""
    urls, fault = _urls(kind, entry)
    title = entry.get("title")
    if title is not None and not isinstance(title, str):
        title, fault = None, fault or "title must be text"
    metadata = entry.get("clientMetadata")
    if metadata is not None and not isinstance(metadata, dict):
        metadata, fault = None, fault or "clientMetadata must be an object"
    media = next((entry[name] for name in _MEDIA if isinstance(entry.get(name), dict)), None)
    items = entry.get("imageItems") if kind == "from_items" else None
    return Unit(
        kind=kind,
        urls=urls,
        title=title,
        client_metadata=metadata,
        create_video=entry.get("createVideo") is True,
        media=media if isinstance(media, dict) else None,
        items=tuple(map(str, items)) if isinstance(items, list) else (),
        fault=fault or _title_fault(kind, title),
        frame_titles=_frame_titles(kind, entry),
    )


def _frame_titles(kind: str, entry: Object) -> tuple[str | None, ...]:
    listed = _frames(entry) if kind in ("group", "dicom") else None
    titles = [frame.get("title") for frame in listed or [] if isinstance(frame, dict)]
    return tuple(title if isinstance(title, str) else None for title in titles)


def _title_fault(kind: str, title: str | None) -> str | None:
    if title is None:
        missing = kind in ("group", "dicom", "scene", "from_items")
        return "title is required for groups, DICOM series and scenes" if missing else None
    return f"title is longer than {MAX_TITLE} characters" if len(title) > MAX_TITLE else None


def _urls(kind: str, entry: Object) -> tuple[tuple[str, ...], str | None]:
    if kind in ("group", "dicom"):
        found = _group_urls(entry)
    elif kind == "scene":
        found = list(_scene_urls(entry.get("scene")))
    elif kind == "from_items":
        return (), None
    else:
        found = [_address(entry, "objectUrl")]
    texts = tuple(url for url in found if isinstance(url, str) and url)
    if not texts or len(texts) != len(found):
        return texts, "objectUrl is missing"
    if any(map(_SPACE.search, texts)):
        return texts, "objectUrl contains whitespace"
    if not all(map(_is_address, texts)):
        return texts, "objectUrl is not an address"
    return texts, None


def _is_address(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:  # of what is bracketed and no address
        return False
    return True


def _group_urls(entry: Object) -> list[object]:
    """Return frame URLs in frame order; a gap in the numbering adds a None."""
    listed = _frames(entry)
    if listed is not None:
        return [_address(frame, "url") if isinstance(frame, dict) else None for frame in listed]
    numbers = {
        int(match.group(1)): url
        for key, url in entry.items()
        if (match := _NUMBERED.fullmatch(key))
    }
    gap = [None] if max(numbers, default=-1) >= len(numbers) else []
    return [*(numbers[number] for number in sorted(numbers)), *gap]


def _frames(entry: Object) -> list[object] | None:
    """Return the frames of the SDK's typed form."""
    listed = entry.get("images") or entry.get("dicomFiles")
    return listed if isinstance(listed, list) else None


def _address(entry: Object, name: str) -> object:
    """Return a file's address; a placeholder wins over what the address says [READ]."""
    placeholder = entry.get("placeholderItemUuid")
    return hosted.key(placeholder) if isinstance(placeholder, str) else entry.get(name)


def _scene_urls(scene: object) -> list[str]:
    if isinstance(scene, str):
        return [scene]
    if isinstance(scene, list):
        return [url for part in scene for url in _scene_urls(part)]
    if not isinstance(scene, dict):
        return []
    own = [scene[name] for name in ("uri", "url") if isinstance(scene.get(name), str)]
    parts = [part for part in scene.values() if isinstance(part, (dict, list))]
    return own + [url for part in parts for url in _scene_urls(part)]
