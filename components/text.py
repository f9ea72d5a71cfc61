"""Words and numbers as a person reads them, and untrusted text made harmless."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

#: Seconds in a unit, the unit, and from how many seconds on it is used.
UNITS: Final = (
    (86_400, "day", 129_600),
    (3_600, "hour", 5_400),
    (60, "minute", 90),
    (1, "second", 2),
)
THOUSAND: Final = 1000
#: As many characters of an id as are read out, and mostly tell it from others.
SHORT_ID: Final = 8


def code(value: object) -> str:
    """Return untrusted text as Markdown inline code, the one form in which nothing is parsed."""
    text = str(value).replace("\r", " ").replace("\n", " ")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[:1] in "` " or text[-1:] in "` " else ""
    return f"{fence}{pad}{text or ' '}{pad}{fence}"


def number(value: int) -> str:
    """Return a number with separators."""
    return f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, e.g. `1 entry`, `8,120 entries`."""
    if many is None:
        many = f"{one[:-1]}ies" if one.endswith("ry") else f"{one}s"
    return f"{value:,} {one if value == 1 else many}"


def told_apart(words: Mapping[str, str]) -> dict[str, str]:
    """Return the words for each id; behind words that several ids share comes the id.

    Streamlit knows an option by its words: of several with the same only one can be chosen.
    """
    shared = _shared(words)
    named = {
        each: f"{word} ({each[:SHORT_ID]})" if word in shared else word
        for each, word in words.items()
    }
    alike = _shared(named)
    return {
        each: f"{words[each]} ({each})" if word in alike else word for each, word in named.items()
    }


def _shared(words: Mapping[str, str]) -> set[str]:
    return {word for word, many in Counter(words.values()).items() if many > 1}


def duration(seconds: float) -> str:
    """Return a length of time in its one fitting unit, e.g. `3 minutes`."""
    for size, unit, start in UNITS:
        if seconds >= start:
            return count(round(seconds / size), unit)
    return "a moment"


def ago(then: datetime, now: datetime | None = None) -> str:
    """Return how long ago something was, e.g. `3 minutes ago`."""
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    return "just now" if seconds < UNITS[-1][2] else f"{duration(seconds)} ago"


def stamp(at: datetime) -> str:
    """Return the absolute time, in UTC.

    For options of a list, where one whose words change is another option: the one that is chosen
    has its `moment` beside the list. Everywhere else a person reads `moment`.
    """
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def moment(at: datetime, now: datetime | None = None) -> str:
    """Return the absolute time and how long ago it was."""
    return f"{stamp(at)} ({ago(at, now)})"


def size(value: float) -> str:
    """Return a number of bytes in its fitting unit, by thousands as Encord states its limits."""
    unit = "B"
    for larger in ("kB", "MB", "GB"):
        if value < THOUSAND:
            break
        value, unit = value / THOUSAND, larger
    return f"{f'{value:,.1f}'.removesuffix('.0')} {unit}"
