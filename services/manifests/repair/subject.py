"""One entry of a manifest's source while it is mended, whatever the format is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from services.domain.entries import EntryType
from services.manifests.faults import Fault, Path
from services.manifests.options import CheckOptions
from services.manifests.repair.actions import (
    Action,
    Change,
    Frames,
    KeepLast,
    Put,
    Remove,
    Rename,
    as_json,
    as_text,
)

#: Numbers of frames have fewer digits.
_DIGITS: Final = 9
_FRAME: Final = re.compile(r"object_?url_(.*)", re.IGNORECASE | re.DOTALL)


class Subject(Protocol):
    """An entry as its source has it."""

    @property
    def index(self) -> int:
        """Its 0-based place in the manifest."""

    @property
    def kind(self) -> EntryType | None:
        """What it asks for; None when nobody can tell."""

    def faults(self, options: CheckOptions) -> list[Fault]:
        """Find what the check finds about this entry alone."""

    def value(self, path: Path) -> object:
        """Return the value at a path, None when there is none."""

    def frame_keys(self) -> list[str]:
        """Return the keys of a composite's frames in display order."""

    def mended(self, actions: Sequence[Action]) -> Self:
        """Return the entry with actions applied."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one entry; without a subject it is dropped."""

    subject: Subject | None
    actions: tuple[Action, ...] = ()
    #: Field, before and after, where no action tells them.
    told: tuple[tuple[str, str | None, str | None], ...] = ()


Mend = Callable[[Subject], Mended | None]


def in_frame_order(keys: Sequence[str]) -> list[str]:
    """Return the frame keys among keys, by number however it is written."""
    found = [(match[1], key) for key in keys if (match := _FRAME.fullmatch(key))]
    return [key for _, key in sorted(found, key=_number)]


def _number(pair: tuple[str, str]) -> tuple[int, str]:
    number, key = pair
    is_number = number.isdecimal() and len(number) <= _DIGITS
    return (int(number) if is_number else 10**_DIGITS, key)


def field_name(path: Path) -> str:
    """Name a path as a person writes it."""
    return ".".join(str(step) for step in path)


def changes_of(subject: Subject, mended: Mended) -> list[Change]:
    """Describe what was done to an entry, without its line."""
    described = [each for action in mended.actions for each in _described(subject, action)]
    described.extend(mended.told)
    if mended.subject is None:
        url = subject.value(("objectUrl",)) or subject.value(("title",))
        described = [("entry", as_text(url) or "", None)]
    return [
        Change(entry=subject.index, line=None, field=name, before=before, after=after)
        for name, before, after in described
    ]


def _described(subject: Subject, action: Action) -> list[tuple[str, str | None, str | None]]:
    name = field_name(getattr(action, "path", ()))
    match action:
        case Put(path, value):
            return [(name, *_compared(subject.value(path), value))]
        case Rename(path, new):
            return [(name, str(path[-1]), new)]
        case Remove(path):
            return [(name, as_text(subject.value(path)), None)]
        case KeepLast(path):
            kept = as_text(subject.value(path))
            return [(name, f"more than one {path[-1]}", kept)]
        case Frames(keep, drop):
            gone = [(key, as_text(subject.value((key,))), None) for key in drop]
            moved = [(key, key, f"objectUrl_{n}") for n, key in enumerate(keep)]
            return [*gone, *(each for each in moved if each[1] != each[2])]


def _compared(before: object, after: object) -> tuple[str | None, str | None]:
    """Write two values; quotes tell them apart where only the type differs."""
    old, new = as_text(before), as_text(after)
    return (as_json(before), as_json(after)) if old == new else (old, new)
