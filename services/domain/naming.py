"""What object names say: parts by a pattern, frame numbers, gaps between them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from services.domain.globs import PatternError

_PART: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: Parts every object has, whatever the pattern.
OWN_PARTS: Final = ("folder", "file", "stem")

NO_PART: Final = "The pattern names no part; write for example {{site}}/{{frame}}.jpg."
NOT_A_PART: Final = (
    "{{{name}}} is not a part: use small letters, digits and _, beginning with a letter."
)
TWICE: Final = "The part {{{name}}} stands twice, or is one every object has."
UNKNOWN_PART: Final = "{{{name}}} is not a part here; there are {known}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Frame numbers that are not there."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def gaps(numbers: Iterable[int]) -> list[Gap]:
    """Return what is missing between the numbers; where they start is their own business."""
    ordered = sorted(set(numbers))
    pairs = pairwise(ordered)
    return [Gap(first=a + 1, last=b - 1) for a, b in pairs if b > a + 1]


def repeated(numbers: Sequence[int]) -> list[int]:
    """Return the numbers that more than one frame has, ascending."""
    seen: set[int] = set()
    twice: set[int] = set()
    for number in numbers:
        (twice if number in seen else seen).add(number)
    return sorted(twice)


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern with named parts, `{site}/{series}/{frame}.dcm`, and its regular expression."""

    text: str
    parts: tuple[str, ...]
    #: Searched from the end of a name backwards: the pattern need not start at the bucket's root.
    expression: str


def path_pattern(text: str) -> PathPattern:
    """Read a pattern with named parts; a part is any run of characters within a folder.

    Raises:
        PatternError: A part's name cannot be used, or stands twice.
    """
    pieces = ["(?:^|/)"]
    parts: list[str] = []
    for number, piece in enumerate(_PART.split(text.strip().lstrip("/"))):
        if number % 2:
            _check_part(piece, parts)
            parts.append(piece)
            pieces.append(f"(?P<{piece}>[^/]+?)")
        else:
            pieces.append(re.escape(piece).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*"))
    if not parts:
        raise PatternError(NO_PART)
    return PathPattern(text, tuple(parts), f"{''.join(pieces)}$")


def _check_part(name: str, parts: Sequence[str]) -> None:
    if not _NAME.fullmatch(name):
        raise PatternError(NOT_A_PART, name=name)
    if name in parts or name in OWN_PARTS:
        raise PatternError(TWICE, name=name)


def template_parts(template: str, known: Sequence[str]) -> list[str]:
    """Split a title template into texts and, at odd places, the parts it names.

    Raises:
        PatternError: It names a part nobody knows.
    """
    pieces = _PART.split(template)
    for name in pieces[1::2]:
        if name not in known:
            raise PatternError(UNKNOWN_PART, name=name, known=", ".join(known))
    return pieces
