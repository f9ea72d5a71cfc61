"""The rules of one entry, in plain Python: the truth that every faster way must agree with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from services.domain.entries import SHAPES, EntryType
from services.domain.nearest import fold, hint
from services.manifests.faults import Fault, article, begun, found
from services.manifests.media_check import media_faults
from services.manifests.metadata_check import metadata_faults
from services.manifests.options import CheckOptions
from services.manifests.scene_check import scene_faults, scene_urls
from services.manifests.url_check import frame_faults, frame_keys, single_faults, url_faults

#: Encord's documented limit for names, in characters.
MAX_TITLE: Final = 300
#: Types of which every entry is examined: no filter is made for them.
UNFILTERED: Final = frozenset({EntryType.SCENE, EntryType.TIME_SERIES})

_FRAME: Final = re.compile(r"objectUrl_.*", re.DOTALL)
_FOLDED_FRAME: Final = re.compile(r"object_?url_(\d+)", re.IGNORECASE)
#: Type to the fields it has, by their spelling without case and separators.
_SPELLINGS: Final = {
    kind: {fold(name): name for name in shape.fields} for kind, shape in SHAPES.items()
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")


@dataclass(slots=True)
class Examined:
    """One entry after its examination."""

    kind: EntryType
    urls: list[str]
    title: str | None
    faults: list[Fault]
    #: The entry in Encord's spelling, when that differs from what the file says.
    rewritten: dict[str, object] | None


def examine(kind: EntryType, given: dict[str, object], options: CheckOptions) -> Examined:
    """Check one entry and read what the tables need from it."""
    faults: list[Fault] = []
    fields = _in_encords_spelling(kind, given, faults)
    if kind is EntryType.IMAGE_GROUP and fields.get("createVideo") is True:
        kind = EntryType.IMAGE_SEQUENCE
    is_implied = kind is EntryType.IMAGE_SEQUENCE and fields.get("createVideo") is None
    if is_implied:
        fields["createVideo"] = True  # a row or a line may say so by its type alone
    faults.extend(_title_faults(fields, kind))
    faults.extend(_location_faults(fields, kind, options))
    faults.extend(_other_faults(fields, kind, options))
    kept = _without_nothing(kind, fields)
    if list(given) != list(fields):
        written = {name: key for key, name in zip(given, fields, strict=False) if key != name}
        faults = [_as_written(fault, written) for fault in faults]
    return Examined(
        kind=kind,
        urls=urls_of(kind, fields),
        title=title if isinstance(title := fields.get("title"), str) and title else None,
        faults=faults,
        rewritten=kept if is_implied or list(kept) != list(given) else None,
    )


def plain_faults(
    kind: EntryType, url: str, title: str | None, options: CheckOptions
) -> list[Fault]:
    """Check an entry in which only its one URL and its title may have findings."""
    fields: dict[str, object] = {"objectUrl": url}
    if title is not None:
        fields["title"] = title
    return [*_title_faults(fields, kind), *single_faults(fields, kind, options)]


def _as_written(fault: Fault, written: dict[str, str]) -> Fault:
    """Point a fault at the key as the file spells it."""
    head = str(fault.path[0]) if fault.path else ""
    if head not in written:
        return fault
    return structs.replace(fault, path=(written[head], *fault.path[1:]))


def _in_encords_spelling(
    kind: EntryType, given: dict[str, object], faults: list[Fault]
) -> dict[str, object]:
    """Rename fields that differ in spelling only, and report them and unknown ones."""
    known = SHAPES[kind].fields
    fields: dict[str, object] = {}
    for key, value in given.items():
        name = key
        if key not in known and not (kind.is_composite and _FRAME.fullmatch(key)):
            name = _respell(kind, key) or key
            if name == key or name in given or name in fields:
                details = {
                    "key": key[:80],
                    "article": article(kind.label),
                    "hint": hint(key, known),
                }
                faults.append(Fault("field-unknown", (key,), key, details, on_key=True))
                name = key
            else:
                details = {"key": key, "expected": name}
                faults.append(Fault("field-case", (key,), key, details, on_key=True))
        fields[name] = value
    return fields


def _respell(kind: EntryType, key: str) -> str | None:
    if kind.is_composite and (frame := _FOLDED_FRAME.fullmatch(key)):
        return f"objectUrl_{frame[1]}"
    return _SPELLINGS[kind].get(fold(key))


def _without_nothing(kind: EntryType, fields: dict[str, object]) -> dict[str, object]:
    """Leave out optional fields that say nothing: null, and an empty title.

    What null says in a field that nobody knows is not ours to tell.
    """
    known = SHAPES[kind].fields
    return {
        key: value
        for key, value in fields.items()
        if key not in known or not (value is None or (key == "title" and value == ""))
    }


def _title_faults(fields: dict[str, object], kind: EntryType) -> Iterator[Fault]:
    title = fields.get("title")
    if title is None or title == "":
        if SHAPES[kind].needs_title:
            at = ("title",) if "title" in fields else ()
            yield Fault("title-missing", at, title, {"article": begun(article(kind.label))})
    elif not isinstance(title, str):
        yield Fault("title-type", ("title",), title, {"found": found(title)})
    elif _CONTROL.search(title):
        yield Fault("title-type", ("title",), title, {"found": "text with control characters"})
    elif len(title) > MAX_TITLE:
        yield Fault("title-too-long", ("title",), title, {"length": f"{len(title):,}"})


def _location_faults(
    fields: dict[str, object], kind: EntryType, options: CheckOptions
) -> Iterator[Fault]:
    if kind.is_composite:
        yield from frame_faults(fields, kind, options)
    elif kind is not EntryType.SCENE:
        yield from single_faults(fields, kind, options)
    elif "scene" not in fields:
        yield Fault("url-missing", details={"field": "scene"})
    else:
        yield from scene_faults(fields["scene"])
        for path, url in scene_urls(fields["scene"]):
            yield from url_faults(url, path, kind, options)


def _other_faults(
    fields: dict[str, object], kind: EntryType, options: CheckOptions
) -> Iterator[Fault]:
    metadata = fields.get("clientMetadata")
    if metadata is not None:
        yield from metadata_faults(metadata, kind, options.schema)
    media = SHAPES[kind].media
    if media and fields.get(media) is not None:
        yield from media_faults(media, fields[media])
    elif media and options.strict_client_only:
        yield Fault("media-metadata-missing", details={"field": media})
    yield from _typed_faults(fields)
    if kind is EntryType.IMAGE_SEQUENCE and fields["createVideo"] is False:
        details = {"field": "createVideo", "found": "false", "expected": "true in a sequence"}
        yield Fault("field-type", ("createVideo",), False, details)


def _typed_faults(fields: dict[str, object]) -> Iterator[Fault]:
    for name, kind, expected in (
        ("createVideo", bool, "true or false"),
        ("settings", dict, "an object"),
    ):
        value = fields.get(name)
        if value is not None and not isinstance(value, kind):
            details = {"field": name, "found": found(value), "expected": expected}
            yield Fault("field-type", (name,), value, details)


def urls_of(kind: EntryType, fields: dict[str, object]) -> list[str]:
    """Return the URLs of an entry in frame order, as far as they are text."""
    if kind.is_composite:
        found_urls: list[object] = [fields[key] for key in frame_keys(fields)]
    elif kind is EntryType.SCENE:
        found_urls = [url for _, url in scene_urls(fields.get("scene"))]
    else:
        found_urls = [fields.get("objectUrl")]
    return [url for url in found_urls if isinstance(url, str)]
