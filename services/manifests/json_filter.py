"""Accept filters: decoders that refuse every entry that may have a finding, at the speed of C.

A filter knows less than the rules of `entry_check` and refuses too much rather than too little:
what it accepts has no finding inside the entry, what it refuses is examined. URLs and titles are
looked at as whole columns later; repeated keys are found by counting, hence the counts here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import GenericAlias
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple

from services.domain.entries import SHAPES, EntryType
from services.domain.metadata import MetadataSchema
from services.manifests.entry_check import MAX_TITLE
from services.manifests.json_metadata import (
    MOST_FIELDS,
    Accepted,
    Metadata,
    metadata_of,
    usual_metadata,
)
from services.manifests.media_check import MEDIA
from services.manifests.options import CheckOptions

Title = Annotated[str, Meta(min_length=1, max_length=MAX_TITLE)]

_POSITIVE: Final = {
    "text": Annotated[str, Meta(min_length=1)],
    "a whole number": Annotated[int, Meta(gt=0, le=2**63 - 1)],
    "a number": Annotated[float, Meta(gt=0)],
}
Decode = Callable[[Any], Any]


@dataclass(slots=True)
class SingleFilter:
    """Accepts entries with one URL: as most entries are, or else in any known form."""

    kind: EntryType
    #: Decodes only what every sampled entry has, so that the number of keys is known.
    usual: Decode
    usual_keys: int
    #: Decodes whatever may be accepted.
    general: Decode
    #: The metadata of the general form.
    metadata: Metadata
    #: Keys of a full media metadata object, and the key it stands under.
    media_keys: int

    def accept(self, raw: msgspec.Raw) -> tuple[Accepted, int]:
        """Decode an unusual entry and count its keys; None when it has to be examined."""
        try:
            value = self.general(raw)
        except msgspec.DecodeError:
            return None, 0
        keys = self._keys_of(value)
        return (value, keys) if keys > 0 else (None, 0)

    def _keys_of(self, value: Accepted) -> int:
        """Count the keys in an entry of the general form; negative for odd metadata."""
        keys = 1 if value.title is None else 2
        metadata = value.clientMetadata
        if metadata is not None:
            inner = self.metadata.count(metadata)
            if inner < 0:
                return -1
            keys += inner + 1
        return keys + (self.media_keys if value.media is not None else 0)


def single_filter(
    kind: EntryType, options: CheckOptions, sample: Sequence[msgspec.Raw]
) -> SingleFilter:
    """Make the filter of a type with one URL per entry, tuned to the metadata of a sample."""
    media = _media_model(kind)
    general = metadata_of(options.schema)
    usual = _learn_entry(kind, sample, options.schema)
    needs_media = options.strict_client_only and media is not None
    every: frozenset[str] = frozenset({"media"}) if needs_media else frozenset()
    field_name = SHAPES[kind].media
    media_keys = len(MEDIA[field_name]) + 1 if field_name else 0
    present = usual.present | every
    keys = 1 + ("title" in present) + media_keys * ("media" in present)
    if usual.metadata:
        keys += 1 + usual.metadata.count(None)
    return SingleFilter(
        kind=kind,
        usual=_entry_model(kind, usual.metadata, media, present, exact=True),
        usual_keys=keys,
        general=_entry_model(kind, general, media, every, exact=False),
        metadata=general,
        media_keys=media_keys,
    )


@dataclass(frozen=True, slots=True)
class _Usual:
    """What all sampled entries have in common."""

    #: Of `title` and `media`, those that every one has.
    present: frozenset[str]
    metadata: Metadata | None


def _learn_entry(
    kind: EntryType, sample: Sequence[msgspec.Raw], schema: MetadataSchema | None
) -> _Usual:
    entries = [entry for raw in sample if (entry := _loosely(raw)) is not None]
    names = {"title": "title", "media": SHAPES[kind].media}
    # A few odd ones must not decide how the many are read.
    most = max(len(entries) // 2, 1)
    present = frozenset(
        role for role, name in names.items() if sum(name in entry for entry in entries) >= most
    )
    metadata = [entry["clientMetadata"] for entry in entries if "clientMetadata" in entry]
    return _Usual(
        present, usual_metadata([each for each in metadata if isinstance(each, dict)], schema)
    )


def _loosely(raw: msgspec.Raw) -> dict[str, Any] | None:
    """Decode an entry whatever is in it; None when it is no object."""
    try:
        entry = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _media_model(kind: EntryType) -> Accepted | None:
    name = SHAPES[kind].media
    if name is None:
        return None
    fields = [(key, _POSITIVE[wanted]) for key, wanted in MEDIA[name].items()]
    return msgspec.defstruct("Media", fields, forbid_unknown_fields=True, gc=False)


def _entry_model(
    kind: EntryType,
    metadata: Metadata | None,
    media: Accepted | None,
    present: frozenset[str],
    *,
    exact: bool,
) -> Decode:
    """Make the decoder of whole entries; an exact one takes what is present and nothing else."""
    parts: list[tuple[str, Accepted, bool]] = [
        ("objectUrl", str, True),
        ("title", Title, "title" in present),
        ("clientMetadata", metadata.type if metadata else None, exact and metadata is not None),
        ("media", media, "media" in present),
    ]
    required = [(name, kind_of) for name, kind_of, needed in parts if needed]
    # What is absent is None; a null is refused. No value has the type of what nothing may be.
    optional = [
        (name, UnsetType if exact or kind_of is None else kind_of, None)
        for name, kind_of, needed in parts
        if not needed
    ]
    made = msgspec.defstruct(
        "Entry",
        [*required, *optional],
        rename={"media": SHAPES[kind].media or "(no media metadata)"},
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(made).decode


@dataclass(slots=True)
class CompositeFilter:
    """Accepts groups and series: a title, frames 0 to N in any order, metadata."""

    kind: EntryType
    metadata: Metadata
    decode: Decode
    #: Decodes entries with as many frames as most of the sample have.
    usual: Decode | None = None
    _expected: dict[int, list[str]] = field(default_factory=dict)

    def accept(self, raw: msgspec.Raw) -> "Composite | None":
        """Decode one entry; None when it has to be examined."""
        if self.usual is not None:
            try:
                return self._of_usual(*astuple(self.usual(raw)))
            except msgspec.DecodeError:
                pass
        return self._accept_any(raw)

    def _of_usual(
        self, title: str, video: Accepted, metadata: Accepted, *urls: str
    ) -> "Composite | None":
        keys = 1 + len(urls) + (video is not UNSET)
        if metadata is not UNSET:
            count = self.metadata.count(metadata)
            if count < 0:
                return None
            keys += 1 + count
        return Composite(title, urls, video is True, keys)

    def _accept_any(self, raw: msgspec.Raw) -> "Composite | None":
        try:
            found = self.decode(raw)
        except msgspec.DecodeError:
            return None
        keys = len(found)
        title, video = found.pop("title", None), found.pop("createVideo", None)
        metadata = found.pop("clientMetadata", None)
        if metadata is not None:
            count = -1 if isinstance(metadata, str | bool) else self.metadata.count(metadata)
            if count < 0:
                return None
            keys += count
        frames = self._frames(found)
        if frames is None or not self._is_choice(video):
            return None
        if not isinstance(title, str) or not 0 < len(title) <= MAX_TITLE:
            return None
        return Composite(title, frames, video is True, keys)

    def _is_choice(self, video: object) -> bool:
        if self.kind is EntryType.DICOM_SERIES:
            return video is None
        return video is None or isinstance(video, bool)

    def _frames(self, found: dict[str, Any]) -> list[str] | None:
        """Return the URLs in frame order when the numbers are right."""
        count = len(found)
        expected = self._expected.get(count)
        if expected is None:
            expected = [f"objectUrl_{number}" for number in range(count)]
            self._expected[count] = expected
        if list(found) == expected:
            frames = list(found.values())
        elif found.keys() == set(expected):
            frames = [found[key] for key in expected]
        else:
            return None
        return frames if set(map(type, frames)) == {str} else None


@dataclass(slots=True)
class Composite:
    """An accepted composite entry."""

    title: str
    urls: Sequence[str]
    is_video: bool
    #: Keys in the entry and its metadata.
    keys: int


def composite_filter(
    kind: EntryType, options: CheckOptions, sample: Sequence[msgspec.Raw]
) -> CompositeFilter:
    """Make the filter of a composite type, tuned to the number of frames in a sample."""
    metadata = metadata_of(options.schema)
    members = GenericAlias(dict, (str, str | bool | metadata.type))
    decode = msgspec.json.Decoder(members).decode
    return CompositeFilter(kind, metadata, decode, _usual_composite(kind, metadata, sample))


def _usual_composite(
    kind: EntryType, metadata: Metadata, sample: Sequence[msgspec.Raw]
) -> Decode | None:
    """Make the decoder of entries with as many frames as most have; None when they differ."""
    entries = [entry for raw in sample if (entry := _loosely(raw)) is not None]
    seen = Counter(sum(map(_is_frame, entry)) for entry in entries).most_common(1)
    if not seen or seen[0][1] * 2 < len(sample) or not 0 < seen[0][0] <= MOST_FIELDS:
        return None
    frames = [f"objectUrl_{number}" for number in range(seen[0][0])]
    video = UnsetType if kind is EntryType.DICOM_SERIES else bool | UnsetType
    made = msgspec.defstruct(
        "Composite",
        [
            ("title", Title),
            ("createVideo", video, UNSET),
            ("clientMetadata", metadata.type | UnsetType, UNSET),
            *((name, str) for name in frames),
        ],
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )
    return msgspec.json.Decoder(made).decode


def _is_frame(key: str) -> bool:
    return key.startswith("objectUrl_")
