"""What became of an entry, and why.

The reasons are a reviewed table (`causes`) over Encord's messages. A message the table does not
know stays *unknown*, with its text as it came.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from services.domain.causes import CAUSES, UNKNOWN_CAUSE, Cause

__all__ = ["BY_CODE", "BY_RANK", "CAUSES", "UNKNOWN_CAUSE", "Cause", "Outcome", "cause_of"]


class Outcome(StrEnum):
    """What became of an entry. Better ones first: a family of runs shows the best of each entry."""

    REGISTERED = "registered"
    #: Encord has the item, and nothing says that the run brought it.
    ALREADY_THERE = "already there"
    PENDING = "pending"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 is best."""
        return RANKS[self]

    @property
    def arrived(self) -> bool:
        """Whether Encord has the item."""
        return self in {Outcome.REGISTERED, Outcome.ALREADY_THERE}


BY_RANK: Final = tuple(Outcome)
RANKS: Final = {outcome: rank for rank, outcome in enumerate(BY_RANK)}

BY_CODE: Final = {cause.code: cause for cause in (*CAUSES, UNKNOWN_CAUSE)}

#: What parts the words of a message. Points inside words stay: `storage.objects.get`, `404.jpg`.
_PARTS: Final = re.compile(r"[^\w.'/:]+|:(?!//)")
#: A name with blanks in it ends within so many words, at one of these.
_NAME_WORDS: Final = 8
_ENDING: Final = re.compile(
    r".+\.(?:jpe?g|png|gif|bmp|tiff?|webp|heic|mp[34]|m4[av]|mov|avi|mkv|webm|wav|flac|ogg|pdf|txt"
    r"|html?|csv|json|xml|dcm|nii|gz|zip|pcd|ply|las)",
    re.ASCII,
)
_PHRASES: Final = tuple(
    (cause, tuple(f" {part}" for part in phrase.split(" * ")))
    for cause in CAUSES
    for phrase in cause.phrases
)


def cause_of(message: str) -> Cause:
    """Return the cause that Encord's message names.

    Names of objects are not read: `No such object: demo/empty/403.jpg` is a missing object.
    """
    text = f" ^ {' '.join(_without_names(_PARTS.split(message.lower())))} "
    for cause, parts in _PHRASES:
        if parts[0] in text and (len(parts) == 1 or _in_order(text, parts)):
            return cause
    return UNKNOWN_CAUSE


def _in_order(text: str, parts: tuple[str, ...]) -> bool:
    at = 0
    for part in parts:
        at = text.find(part, at) + len(part)
        if at < len(part):
            return False
    return True


def _without_names(words: list[str]) -> Iterator[str]:
    """Leave out paths and URLs, to the end of a file name that has blanks in it."""
    skip_to = 0
    for place, word in enumerate(words):
        if "/" in word:
            skip_to = max(skip_to, _end_of_name(words, place))
        elif place >= skip_to and (bare := word.strip(".'")):
            yield bare


def _end_of_name(words: list[str], place: int) -> int:
    """Return the place after a name: after its ending if one follows soon, else after its path."""
    for offset, word in enumerate(words[place : place + _NAME_WORDS]):
        if _ENDING.fullmatch(word.rstrip(".'")):
            return place + offset + 1
    return place + 1
