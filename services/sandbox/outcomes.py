"""What becomes of one unit: decided from the bucket, the integration and what it asks for."""

import re
import sqlite3
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from services.sandbox import hosted, objects
from services.sandbox.documents import Unit
from services.sandbox.unit_errors import (
    AccessDeniedError,
    DamagedFileError,
    EmptyFileError,
    FaultyEntryError,
    ForeignUrlError,
    MetadataNeededError,
    MissingTagsError,
    NoSuchObjectError,
    OddFactError,
    WrongTypeError,
)
from services.sandbox.wire import Object

#: Kind of unit -> (what Encord expects, its article and name, item type).
_EXPECTED: dict[str, tuple[re.Pattern[str], str, str]] = {
    "video": (re.compile(r"video/.*"), "a video", "video"),
    "image": (re.compile(r"image/.*"), "an image", "image"),
    "group": (re.compile(r"image/.*"), "an image", "image"),
    "audio": (re.compile(r"audio/.*"), "an audio file", "audio"),
    "text": (re.compile(r"text/.*"), "a text file", "plainText"),
    "pdf": (re.compile(r"application/pdf"), "a PDF", "pdf"),
    "nifti": (re.compile(r"application/(x-nifti|gzip)"), "a NIfTI file", "nifti"),
    "dicom": (re.compile(r"application/dicom"), "a DICOM file", "dicomFile"),
    "timeseries": (re.compile(r"text/.*"), "a CSV file", "timeseries"),
    "scene": (re.compile(r".*"), "a scene file", "scene"),
}
#: Kinds a strict client-only integration takes no entry of without its media metadata [documented].
_STRICT_KINDS = frozenset({"video", "image", "audio", "text", "pdf"})
_HOST_BUCKET = re.compile(r"([a-z0-9][a-z0-9._-]+)\.storage\.googleapis\.com")


@dataclass(frozen=True, kw_only=True)
class Integration:
    """What an integration lets Encord do."""

    bucket: str
    strict: bool
    forbidden: tuple[str, ...]
    #: Whose local files may be used beside the bucket's.
    organization: str = ""


@dataclass(frozen=True, kw_only=True)
class File:
    """One object of a unit that may be registered."""

    url: str
    size: int | None
    #: Media facts in item field names.
    facts: Object


def item_type(unit: Unit) -> str:
    """Return the type of the item a unit becomes."""
    if unit.kind in ("group", "from_items"):
        return "imageSequence" if unit.create_video else "imageGroup"
    return "dicomSeries" if unit.kind == "dicom" else _EXPECTED[unit.kind][2]


def frame_type(unit: Unit) -> str:
    """Return the type of the items inside a group or series."""
    return "dicomFile" if unit.kind == "dicom" else "image"


def integration(connection: sqlite3.Connection, uuid: str | None) -> Integration | None:
    """Return an integration by its UUID, or None."""
    row = connection.execute("SELECT * FROM integrations WHERE uuid = ?", (uuid,)).fetchone()
    if row is None:
        return None
    prefixes = connection.execute(
        "SELECT prefix FROM forbidden WHERE bucket = ?", (row["bucket"],)
    ).fetchall()
    return Integration(
        bucket=row["bucket"],
        strict=bool(row["strict"]),
        forbidden=tuple(prefix["prefix"] for prefix in prefixes),
        organization=row["organization"],
    )


def files(connection: sqlite3.Connection, unit: Unit, access: Integration) -> tuple[File, ...]:
    """Return a unit's files in order, or raise why it cannot be registered."""
    if unit.fault is not None:
        raise FaultyEntryError(unit.fault)
    if access.strict and unit.kind in _STRICT_KINDS:
        return (_unseen(unit),)
    return tuple(_file(connection, url, unit, access) for url in unit.urls)


def _unseen(unit: Unit) -> File:
    """Take the customer's word: a strict integration never downloads [documented]."""
    if unit.media is None:
        raise MetadataNeededError(unit.kind)
    return File(url=unit.urls[0], size=_given_size(unit.media), facts=_given(unit.media))


def _file(connection: sqlite3.Connection, url: str, unit: Unit, access: Integration) -> File:
    bucket, name = _reached(connection, url, access)
    stored = objects.find(connection, bucket, name)
    if stored is None:
        raise NoSuchObjectError(bucket, name)
    if stored.size == 0:
        raise EmptyFileError(bucket, name)
    facts = stored.media()
    _check_type(unit.kind, facts)
    if unit.media is not None:
        facts = {**facts, **_given(unit.media)}
    return File(url=url, size=stored.size, facts=facts)


def _reached(connection: sqlite3.Connection, url: str, access: Integration) -> tuple[str, str]:
    """Return bucket and name of what may be read, or raise."""
    uuid = hosted.uuid_of(url)
    if uuid is not None:
        query = "SELECT 1 FROM placeholders WHERE uuid = ? AND organization = ?"
        if connection.execute(query, (uuid, access.organization)).fetchone() is None:
            raise NoSuchObjectError(hosted.BUCKET, url)
        return hosted.BUCKET, url
    bucket, name = split_url(url)
    if bucket != access.bucket or name.startswith(access.forbidden):
        raise AccessDeniedError(bucket, name)
    return bucket, name


def _check_type(kind: str, facts: Object) -> None:
    pattern, name, _ = _EXPECTED[kind]
    mime = str(facts["mimeType"])
    if not pattern.fullmatch(mime):
        raise WrongTypeError(name, mime)
    if facts.get("broken"):
        raise DamagedFileError
    missing = facts.get("missingTags")
    if isinstance(missing, list):
        raise MissingTagsError([str(tag) for tag in missing])


def split_url(url: str) -> tuple[str, str]:
    """Return (bucket, object name) of an object URL in any form Google's buckets are named by."""
    if url.startswith("gs://"):
        # A "?" or "#" belongs to the name here: gs:// has no query.
        bucket, _, name = url.removeprefix("gs://").partition("/")
        return bucket, name
    parts = urlsplit(url)
    path = parts.path.removeprefix("/")
    if parts.scheme == "https" and parts.netloc in (
        "storage.googleapis.com",
        "storage.cloud.google.com",
    ):
        bucket, _, name = path.partition("/")
        return bucket, unquote(name)
    hosted = _HOST_BUCKET.fullmatch(parts.netloc)
    if parts.scheme == "https" and hosted:
        return hosted.group(1), unquote(path)
    raise ForeignUrlError(url)


_GIVEN = {
    "mimeType": "mimeType",
    "width": "width",
    "height": "height",
    "duration": "duration",
    "fps": "fps",
    "sampleRate": "audioSampleRate",
    "bitDepth": "audioBitDepth",
    "codec": "audioCodec",
    "numChannels": "audioNumChannels",
    "numPages": "frameCount",
    # The registration guide's own spelling beside the SDK's.
    "mime_type": "mimeType",
    "sample_rate": "audioSampleRate",
    "bit_depth": "audioBitDepth",
    "num_channels": "audioNumChannels",
    "num_pages": "frameCount",
}
#: Facts that are words, and numbers that may have a fraction; all others are whole numbers.
_WORDS = frozenset({"mimeType", "audioCodec"})
_FRACTIONS = frozenset({"duration", "fps"})


def _given(media: Object) -> Object:
    """Return the customer's facts; one of another type would make its whole page unreadable."""
    known = {name: found for name, found in media.items() if name in _GIVEN and found is not None}
    for name, found in known.items():
        if not _fits(_GIVEN[name], found):
            raise OddFactError(name)
    return {_GIVEN[name]: found for name, found in known.items()}


def _fits(fact: str, found: object) -> bool:
    if fact in _WORDS:
        return isinstance(found, str)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return False
    return fact in _FRACTIONS or float(found).is_integer()


def _given_size(media: Object) -> int | None:
    size = media.get("fileSize", media.get("file_size"))
    return size if isinstance(size, int) else None
