"""The fields of a JSON entry as flat text, and flat text back to typed fields."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from services.domain.metadata import MetadataSchema
from services.domain.nearest import fold
from services.manifests.csv_layout import KEY_PREFIX
from services.manifests.csv_values import read_cell
from services.manifests.faults import Path
from services.manifests.media_check import MEDIA
from services.manifests.repair import values
from services.manifests.repair.actions import Action, Put, Remove, as_json, as_text
from services.manifests.repair.errors import InvalidEditError
from services.manifests.repair.json_subject import JsonSubject

#: The name of an entry's whole text, where it is no object with fields.
RAW: Final = "raw"

_OBJECTS: Final = ("clientMetadata", *MEDIA)


def fields_of(subject: JsonSubject) -> dict[str, str]:
    """Return the fields of an entry; members of metadata objects are fields of their own."""
    if not subject.given:
        return {RAW: subject.text}
    return {name: as_text(subject.value(path)) or "" for name, path in _paths(subject.given)}


def _paths(given: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    for key, value in given.items():
        if key in _OBJECTS and isinstance(value, Mapping) and value:
            prefix = KEY_PREFIX if key == "clientMetadata" else f"{key}."
            for member in value:
                yield f"{prefix}{member}", (key, member)
        else:
            yield key, (key,)


def edited(
    subject: JsonSubject, wanted: Mapping[str, str | None], schema: MetadataSchema | None
) -> JsonSubject:
    """Return an entry with some fields written anew.

    Raises:
        InvalidEditError: The raw text is no JSON value, or has line breaks in JSON Lines.
    """
    if RAW in wanted and not subject.given:
        return replace(subject, text=_valid(subject, wanted[RAW] or ""))
    known = dict(_paths(subject.given))
    actions: list[Action] = []
    for name, text in wanted.items():
        path = known.get(name) or _path_of(name)
        value = None if text is None else _typed(path, text, subject.value(path), schema)
        actions.append(Remove(path) if text is None else Put(path, value))
    return subject.mended(actions)


def _valid(subject: JsonSubject, text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InvalidEditError(subject.index) from problem
    return as_json(value) if "\n" in text else text


def _path_of(name: str) -> Path:
    """Return the path of a field that the entry does not have yet."""
    if name.startswith(KEY_PREFIX):
        return ("clientMetadata", name.removeprefix(KEY_PREFIX))
    head, dot, rest = name.partition(".")
    return (head, rest) if dot and head in MEDIA else (name,)


def _typed(path: Path, text: str, old: object, schema: MetadataSchema | None) -> object:
    """Read text as the type that its place has: declared, known, or as it was."""
    head = str(path[0])
    if head == "clientMetadata" and len(path) > 1:
        declared = (schema or {}).get(str(path[1]))
        if declared:
            return read_cell(text, is_json=False, declared=declared)
    if head in MEDIA and len(path) > 1:
        is_text = any(
            kind == "text" for name, kind in MEDIA[head].items() if fold(name) == fold(str(path[1]))
        )
        return text if is_text else _sure(values.to_number(text), text)
    if head == "createVideo":
        return _sure(values.to_boolean(text), text)
    is_object = len(path) == 1 and head in {*_OBJECTS, "scene", "settings"}
    if head.lower().startswith("objecturl") or head in {"title", "type"}:
        return text
    is_json = is_object or not isinstance(old, str | None)
    return read_cell(text, is_json=is_json, declared=None)


def _sure(value: object, text: str) -> object:
    return text if value is values.UNSURE else value
