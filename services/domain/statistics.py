"""What is in a manifest as figures: its composition, and per metadata key what values it holds."""

from dataclasses import dataclass

from services.domain.metadata import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many entries have one value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """How many values lie in a range."""

    #: Seconds since 1970 (UTC) for points in time.
    start: float
    #: The first value that is not in it any more; in the last bin it is.
    end: float
    count: int

    @property
    def width(self) -> float:
        """The length of the range."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatistics:
    """The values of one metadata key in all entries."""

    key: str
    #: None where the schema does not know the key, or there is no schema.
    declared: ValueType | None
    #: Entries that have a value other than null.
    filled: int
    #: What the values are: text, number, true or false, list, object; most first.
    kinds: tuple[Share, ...] = ()
    #: How many values differ; None when more than are worth counting.
    distinct: int | None = None
    #: The most frequent texts and truth values, most first.
    top: tuple[Share, ...] = ()
    #: Texts and truth values that are not among them.
    others: int = 0
    #: The distribution of numbers, or of points in time where `is_time`.
    bins: tuple[Bin, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    is_time: bool = False
    #: Whether all numbers are whole, each with a bin of its own.
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A manifest as figures."""

    entries: int
    #: Entries with at least one key.
    with_metadata: int
    #: Most filled first; at most as many as a person can look at.
    keys: tuple[KeyStatistics, ...]
    #: Keys that are not among them.
    further_keys: int
    types: tuple[Share, ...]
    buckets: tuple[Share, ...]
    #: Of the first object of each entry.
    extensions: tuple[Share, ...]
