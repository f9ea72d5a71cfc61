"""The words of a verification: what it can say about one URL, and what the counts prove."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.domain.entries import EntryType


class Verdict(StrEnum):
    """What verification says about one entry, or about something nobody asked for."""

    MATCHED = "matched"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    WRONG_TYPE = "wrong type"
    WRONG_METADATA = "wrong metadata"
    FRAMES_DIFFER = "frames differ"
    #: Two answers fit, and picking one would be a guess.
    AMBIGUOUS = "ambiguous"
    UNEXPECTED = "unexpected"


class Stage(StrEnum):
    """Where a missing entry stopped."""

    NEVER_SENT = "never sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_LINKED = "registered but not linked"
    OTHER_FOLDER = "not in this folder"
    #: The manifest alone does not say.
    UNKNOWN = "not known"


#: Verdicts about what was asked for; together they are everything that was expected.
ABOUT_EXPECTED: Final = tuple(each for each in Verdict if each is not Verdict.UNEXPECTED)
#: Encord's words for items, then for data rows, by what was asked for.
WORDS_OF_TYPE: Final[Mapping[EntryType, frozenset[str]]] = {
    EntryType.VIDEO: frozenset({"video", "VIDEO"}),
    EntryType.IMAGE: frozenset({"image", "IMAGE"}),
    EntryType.IMAGE_GROUP: frozenset({"imageGroup", "IMG_GROUP"}),
    EntryType.IMAGE_SEQUENCE: frozenset({"imageSequence", "IMG_GROUP"}),
    EntryType.AUDIO: frozenset({"audio", "AUDIO"}),
    EntryType.TEXT: frozenset({"plainText", "PLAIN_TEXT"}),
    EntryType.PDF: frozenset({"pdf", "PDF"}),
    EntryType.NIFTI: frozenset({"nifti", "NIFTI"}),
    EntryType.DICOM_SERIES: frozenset({"dicomSeries", "DICOM"}),
    EntryType.SCENE: frozenset({"scene", "SCENE"}),
    EntryType.TIME_SERIES: frozenset({"timeseries", "TIME_SERIES", "TIMESERIES"}),
}
_KNOWN: Final = frozenset().union(*WORDS_OF_TYPE.values())


def is_wrong_type(expected: str, found: str) -> bool:
    """Tell whether Encord's word contradicts what was asked for; an unknown word does not."""
    asked = WORDS_OF_TYPE.get(EntryType(expected)) if expected in set(EntryType) else None
    return asked is not None and found in _KNOWN and found not in asked


def expected_in(counts: Mapping[str, int]) -> int:
    """Add up everything that was asked for."""
    return sum(counts.get(verdict, 0) for verdict in ABOUT_EXPECTED)


def is_proven(counts: Mapping[str, int]) -> bool:
    """Tell whether something was asked for and all of it arrived, once, as it was asked for."""
    return 0 < expected_in(counts) == counts.get(Verdict.MATCHED, 0)
