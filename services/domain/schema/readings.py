"""What the values of metadata keys read as, counted: all that a proposal of a schema rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Shape(StrEnum):
    """What one value reads as, the most telling word first."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    DATETIME = "datetime"
    UUID = "uuid"
    #: Digits that a number would not keep: leading zeros, or more than are exact.
    CODE = "code"
    #: Text without anything to read in it.
    BLANK = "blank"
    TEXT = "text"
    #: Text that is longer than a varchar may be.
    LONG_TEXT = "long text"
    #: A list of numbers.
    NUMBERS = "numbers"
    #: An object in GeoJSON.
    PLACE = "place"
    #: Any other object or list.
    OTHER = "other"


#: What a value of each shape is called in a sentence, for many of them.
PLURALS: Final[Mapping[Shape, str]] = {
    Shape.BOOLEAN: "true or false",
    Shape.NUMBER: "numbers",
    Shape.DATETIME: "dates",
    Shape.UUID: "UUIDs",
    Shape.CODE: "codes of digits",
    Shape.BLANK: "blank",
    Shape.TEXT: "texts",
    Shape.LONG_TEXT: "long texts",
    Shape.NUMBERS: "lists of numbers",
    Shape.PLACE: "places",
    Shape.OTHER: "objects or lists",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One value and where it stands."""

    #: 0-based entry.
    entry: int
    #: 1-based physical line of the manifest; None when it is not known.
    line: int | None
    #: As written, cut to what a table shows.
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The values of a key that read alike."""

    shape: Shape
    #: How many numbers each list has; 0 for other shapes, and for lists of ever other lengths.
    size: int = 0
    count: int
    #: How many of them are written as text, as every cell of a CSV is.
    texts: int
    #: The first few.
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One text that values of a key have in common."""

    value: str
    count: int
    #: Where it stands first.
    first: Example


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReadings:
    """The values of one key in all entries."""

    key: str
    #: Entries that have a value other than null.
    filled: int
    readings: tuple[Reading, ...]
    #: Every text that occurs, most frequent first; None when there are too many to choose from.
    options: tuple[Option, ...] | None = None
    #: Characters of the longest text.
    longest: int = 0

    def counted(self, *shapes: Shape) -> int:
        """Return how many values have one of these shapes."""
        return sum(each.count for each in self.readings if each.shape in shapes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The metadata of a manifest, key by key."""

    entries: int
    #: Most filled first.
    keys: tuple[KeyReadings, ...]
    #: Keys beyond those that are looked at.
    further_keys: int
