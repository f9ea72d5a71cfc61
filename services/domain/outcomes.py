"""What became of an entry, and why: outcomes and the causes of failure.

Causes are a reviewed table over Encord's messages. A message the table does not know stays
*unknown*, with its text as it came.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What became of an entry. Better ones first: a family of runs shows the best of each entry."""

    REGISTERED = "registered"
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


RANKS: Final = {outcome: rank for rank, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why Encord could not register an entry, in words that lead to a fix."""

    code: str
    title: str
    remedy: str
    #: Matched against Encord's message, case-insensitively.
    pattern: re.Pattern[str]


def _cause(code: str, title: str, remedy: str, pattern: str) -> Cause:
    return Cause(code=code, title=title, remedy=remedy, pattern=re.compile(pattern, re.IGNORECASE))


UNKNOWN_CAUSE: Final = _cause(
    "unknown",
    "Encord gave a reason we do not know",
    "Read the message; quote its reference to Encord's support if it does not help.",
    "",
)

#: First match wins, so the specific stand before the general.
CAUSES: Final = (
    _cause(
        "wrong-type",
        "The file is not of the type the manifest says",
        "Correct the entry's type in the manifest and submit it again.",
        r"expected an? .{1,40}got a file of type|unsupported (file|media) type",
    ),
    _cause(
        "media-metadata-missing",
        "The integration is strict client-only and the entry has no media metadata",
        "Add the media metadata to the entry, or use an integration that may read the files.",
        r"strict client.only|media metadata",
    ),
    _cause(
        "object-empty",
        "The object is empty",
        "Upload the file again: it has 0 bytes.",
        r"\bempty\b|\b0 bytes\b|zero.length",
    ),
    _cause(
        "object-forbidden",
        "Encord may not read the object",
        "Give the integration's service account Storage Object Viewer on the bucket or prefix, "
        "then retry.",
        r"\b403\b|forbidden|permission|access denied|not authori[sz]ed",
    ),
    _cause(
        "object-missing",
        "The object is not in the bucket",
        "Upload the file or correct its URL, then retry.",
        r"\b404\b|not found|no such (object|key)|does not exist",
    ),
    _cause(
        "object-unreadable",
        "The file could not be read as the type it claims to be",
        "Open the file yourself: it may be damaged or have the wrong ending.",
        r"corrupt|could not (be )?(decode|read|parse)|cannot (decode|identify)",
    ),
)

BY_CODE: Final = {cause.code: cause for cause in (*CAUSES, UNKNOWN_CAUSE)}


def cause_of(message: str) -> Cause:
    """Return the cause that Encord's message names."""
    return next((cause for cause in CAUSES if cause.pattern.search(message)), UNKNOWN_CAUSE)
