"""Propose the type of a key from what its values read as: counts in, a judgement out.

A type is proposed when nearly all values fit it; those that do not are shown with their places, so
that a person can tell a slip from a wrong proposal. Rare spellings of a frequent option are slips.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from services.domain.metadata import EMBEDDING_LIMIT, MetadataKey, ValueType
from services.domain.nearest import distance, fold
from services.domain.schema.draft import OPTION_LIMIT
from services.domain.schema.readings import Example, KeyReadings, Option, Reading, Shape

#: A type is proposed when this share of the values that are not blank fits.
MOST: Final = 0.9
#: So many values, all fitting, leave no doubt; with so few nothing is more than a guess.
MANY, FEW = 20, 5
#: A share of values that fit which may well be all but a few slips.
NEARLY: Final = 0.99
#: Texts are a choice when there are at most so many, each used this often on average.
CHOICES, USES = 50, 5
#: A text that occurs once is no option where the others are used this often on average.
ONCE: Final = 10
#: What people write where they have no value.
_NOTHING: Final = frozenset({"n/a", "na", "nan", "null", "nil", "tbd", "?", "-", "--", "#n/a"})
#: An option has at most so many characters.
OPTION_LENGTH: Final = 60
#: A text is a slip of another that is so much more frequent: where they differ in case, blanks or
#: hyphens, and where a letter of words this long is different.
SPELLING_RATIO, SLIP_RATIO, SLIP_LENGTH = 5, 20, 4
#: A key with texts this long is one of prose.
PROSE: Final = 1_024
#: Examples of values that do not fit.
EXAMPLES: Final = 5

#: What reads as a type by itself.
_BARE: Final[Mapping[ValueType, Shape]] = {
    ValueType.BOOLEAN: Shape.BOOLEAN,
    ValueType.NUMBER: Shape.NUMBER,
    ValueType.DATETIME: Shape.DATETIME,
    ValueType.UUID: Shape.UUID,
    ValueType.GEOSPATIAL: Shape.PLACE,
}


class Certainty(StrEnum):
    """How sure a proposal is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "a guess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfits:
    """Values that do not fit a type."""

    count: int
    #: The first few, in the order of the manifest.
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a key could be declared as."""

    key: str
    #: None where no type fits its values, or there are none.
    kind: MetadataKey | None
    filled: int
    misfits: Misfits
    certainty: Certainty
    #: How many values have each shape, most first.
    composition: tuple[tuple[Shape, int], ...] = ()


def propose(found: KeyReadings) -> Proposal:
    """Judge what the values of a key are."""
    kind = _kind(found)
    wrong = misfits(found, kind) if kind else None
    if wrong is None:
        wrong = Misfits(count=found.filled, examples=_first(found.readings))
    return Proposal(
        key=found.key,
        kind=kind,
        filled=found.filled,
        misfits=wrong,
        certainty=_certainty(found.filled, wrong.count),
        composition=_composition(found),
    )


def _composition(found: KeyReadings) -> tuple[tuple[Shape, int], ...]:
    counts: Counter[Shape] = Counter()
    for each in found.readings:
        counts[each.shape] += each.count
    return tuple(counts.most_common())


def _certainty(filled: int, wrong: int) -> Certainty:
    if filled < FEW or filled - wrong < NEARLY * filled:
        return Certainty.GUESS
    return Certainty.CERTAIN if filled >= MANY and not wrong else Certainty.LIKELY


def _kind(found: KeyReadings) -> MetadataKey | None:
    """Return the narrowest type that nearly all values fit, else one of text."""
    judged = found.filled - found.counted(Shape.BLANK)
    candidates = (_of_one_shape(found), _embedding(found), _enum(found), _text(found))
    for kind in candidates:
        wrong = misfits(found, kind) if kind else None
        blank = 0 if kind and _takes_text(kind) else found.counted(Shape.BLANK)
        if kind and wrong and judged and judged - (wrong.count - blank) >= MOST * judged:
            return kind
    return None


def _takes_text(kind: MetadataKey) -> bool:
    return kind.type in {ValueType.VARCHAR, ValueType.TEXT}


def _of_one_shape(found: KeyReadings) -> MetadataKey | None:
    """Return the bare type that most values read as; codes of digits are no numbers."""
    kind = max(_BARE, key=lambda kind: found.counted(_BARE[kind]))
    is_code = kind is ValueType.NUMBER and found.counted(Shape.CODE)
    return None if is_code or not found.counted(_BARE[kind]) else MetadataKey(kind)


def _embedding(found: KeyReadings) -> MetadataKey | None:
    sizes = [each for each in found.readings if each.shape is Shape.NUMBERS and each.size]
    if not sizes:
        return None
    size = max(sizes, key=lambda each: each.count).size
    return MetadataKey(ValueType.EMBEDDING, (), size) if size <= EMBEDDING_LIMIT else None


def _enum(found: KeyReadings) -> MetadataKey | None:
    """Return the options, should the texts be few and used again and again."""
    if not found.options:
        return None
    options = _without_strays(_without_slips(found.options))
    uses = sum(each.count for each in options)
    is_choice = len(options) <= CHOICES and uses >= USES * len(options)
    if not is_choice or any(len(each.value) > OPTION_LENGTH for each in options):
        return None
    return MetadataKey(ValueType.ENUM, tuple(sorted(each.value for each in options)))


def _without_slips(options: Iterable[Option]) -> list[Option]:
    """Leave out rare spellings of frequent options, which come first; ends at one too many."""
    kept: list[Option] = []
    for each in options:
        if len(kept) > OPTION_LIMIT:
            break
        if each.value.strip() and not any(_is_slip(each, other) for other in kept):
            kept.append(each)
    return kept


def _without_strays(options: list[Option]) -> list[Option]:
    """Leave out what stands for no value, and single texts among such as are used often."""
    said = [each for each in options if each.value.strip().lower() not in _NOTHING]
    often = [each for each in said if each.count > 1]
    is_used = sum(each.count for each in often) >= ONCE * len(often) > 0
    return often if is_used else said


def _is_slip(rare: Option, frequent: Option) -> bool:
    # Told first, as it is of nearly all pairs where texts are many.
    if rare.count * min(SPELLING_RATIO, SLIP_RATIO) > frequent.count:
        return False
    one, other = fold(rare.value.strip()), fold(frequent.value)
    if one == other:
        return rare.count * SPELLING_RATIO <= frequent.count
    if rare.count * SLIP_RATIO > frequent.count or min(len(one), len(other)) < SLIP_LENGTH:
        return False
    # Words with numbers are a series: cam-1, cam-2.
    return not any(map(str.isdigit, one + other)) and distance(one, other) == 1


def _text(found: KeyReadings) -> MetadataKey:
    is_prose = found.longest > PROSE
    return MetadataKey(ValueType.TEXT if is_prose else ValueType.VARCHAR)


def misfits(found: KeyReadings, kind: MetadataKey) -> Misfits | None:
    """Return the values that do not fit a type; None when the counts cannot tell.

    Args:
        found: What the values of a key read as.
        kind: Any type, proposed or declared.
    """
    if kind.type is ValueType.ENUM:
        return _outside(found, kind.options)
    if kind.type in {ValueType.USER, ValueType.UNREADABLE}:
        return None
    counted = [(each, _unfit(each, kind)) for each in found.readings]
    return Misfits(
        count=sum(count for _, count in counted),
        examples=_first(each for each, count in counted if count),
    )


def _unfit(reading: Reading, kind: MetadataKey) -> int:
    """Return how many values of a reading do not fit a type."""
    if kind.type is ValueType.TEXT or kind.type is ValueType.VARCHAR:
        is_long = kind.type is ValueType.VARCHAR and reading.shape is Shape.LONG_TEXT
        return reading.count if is_long else reading.count - reading.texts
    if kind.type is ValueType.EMBEDDING:
        fits = reading.shape is Shape.NUMBERS and kind.size in {None, reading.size}
    elif kind.type is ValueType.GEOSPATIAL:
        # A place may be written as text, which nobody here can read.
        fits = reading.shape is Shape.PLACE or reading.texts == reading.count
    else:
        fits = reading.shape is _BARE[kind.type]
    return 0 if fits else reading.count


def _outside(found: KeyReadings, options: tuple[str, ...]) -> Misfits | None:
    """Return the values that are not among options; None when not every text was counted."""
    if found.options is None:
        return None
    others = [each for each in found.options if each.value not in options]
    untold = [each for each in found.readings if each.texts < each.count]
    count = sum(each.count for each in others) + sum(each.count - each.texts for each in untold)
    examples = [each.first for each in others] + [one for each in untold for one in each.examples]
    return Misfits(count=count, examples=_in_order(examples))


def _first(readings: Iterable[Reading]) -> tuple[Example, ...]:
    return _in_order(one for each in readings for one in each.examples)


def _in_order(examples: Iterable[Example]) -> tuple[Example, ...]:
    ordered: Iterator[Example] = iter(sorted(examples, key=lambda each: each.entry))
    return tuple(islice(ordered, EXAMPLES))
