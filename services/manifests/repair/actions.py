"""What can be done to one entry, as data, whatever format it is written in."""

import json
from dataclasses import dataclass

from services.manifests.faults import Path


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value at a path; a missing last step is added."""

    path: Path
    value: object


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the key at a path another name."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the key or list member at a path."""

    path: Path


@dataclass(frozen=True, slots=True)
class KeepLast:
    """Of a key that is repeated, or cells that contradict, keep the one that is read."""

    path: Path


@dataclass(frozen=True, slots=True)
class Frames:
    """Keep these frames of a composite, by their keys, and number them from 0."""

    keep: tuple[str, ...]
    drop: tuple[str, ...] = ()


Action = Put | Rename | Remove | KeepLast | Frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value before and after."""

    #: 0-based entry; None when the change is about the file.
    entry: int | None
    #: 1-based physical line where the entry begins.
    line: int | None
    field: str
    #: None when there was nothing.
    before: str | None
    #: None when it is removed.
    after: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: how much in all, and the first few changes."""

    #: Exact, however few are shown.
    count: int
    changes: tuple[Change, ...]


def as_json(value: object) -> str:
    """Write a value as JSON text, plain characters as they are."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() or _encodes(text) else json.dumps(value)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_text(value: object) -> str | None:
    """Write a value as a person reads it: text bare, anything else as JSON."""
    if value is None:
        return None
    return value if isinstance(value, str) else as_json(value)
