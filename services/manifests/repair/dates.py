"""Read dates and times in the notations people use; what can be read two ways is not guessed.

Whether `03/04/2025` is in March or April is told by the other values of the same key: one with a
day over 12 settles it, unless another one says the opposite. That is for the caller to gather.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from services.manifests.metadata_check import is_datetime

Order = Literal["day-first", "month-first"]

_TIME: Final = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>\d{4})(?P<sep>[-/._])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})" + _TIME
)
_YEAR_LAST: Final = re.compile(
    r"(?P<one>\d{1,2})(?P<sep>[-/.])(?P<two>\d{1,2})(?P=sep)(?P<year>\d{4})" + _TIME
)
_COMPACT: Final = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T ](?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<part>)(?P<half>)(?P<zone>Z)?)?"
)
_NAMED: Final = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -]+(?P<month>[A-Za-z]{3,9})\.?,?"
    r"|(?P<month2>[A-Za-z]{3,9})\.? +(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?)"
    r"[ -]+(?P<year>\d{4})" + _TIME
)
_EPOCH: Final = re.compile(r"\d{10}(?:\d{3})?")
#: Ten digits that are a day and an hour as well as a second of the 2030s.
_HOUR: Final = re.compile(r"20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])")
_MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MILLISECONDS: Final = 13
_SHORTEST: Final = 3
_NOON: Final = 12


def parse(text: str, order: Order | None = None) -> str | None:
    """Return a date, or date and time, in ISO 8601; None when it cannot be told.

    Args:
        text: What the manifest says.
        order: How `03/04/2025` is to be read; None leaves such values alone.
    """
    bare = " ".join(text.split())
    if is_datetime(bare):
        return bare
    for read in (_year_first, _named, _mail, epoch):
        made = read(bare)
        if made:
            return made
    return _year_last(bare, order)


def order_of(text: str) -> Order | None:
    """Return whether the day or the month comes first, where only one of the two is a date."""
    match = _YEAR_LAST.fullmatch(" ".join(text.split()))
    return _sure_order(match) if match and match["sep"] != "." else None


def _sure_order(match: re.Match[str]) -> Order | None:
    """Return the order when only one of the two is a date."""
    day_first = _written(match, match["two"], match["one"])
    month_first = _written(match, match["one"], match["two"])
    if bool(day_first) == bool(month_first):
        return None
    return "day-first" if day_first else "month-first"


def _year_first(text: str) -> str | None:
    match = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    return _written(match, match["month"], match["day"]) if match else None


def _year_last(text: str, order: Order | None) -> str | None:
    match = _YEAR_LAST.fullmatch(text)
    if match is None:
        return None
    if match["sep"] == "." or match["one"] == match["two"]:
        order = "day-first"  # dots are written where the day comes first
    order = _sure_order(match) or order
    if order is None:
        return None
    day, month = (match["one"], match["two"])[:: 1 if order == "day-first" else -1]
    return _written(match, month, day)


def _named(text: str) -> str | None:
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    word = (match["month"] or match["month2"]).lower()
    numbers = [n for n, name in enumerate(_MONTHS, 1) if name.startswith(word)]
    return _written(match, str(sum(numbers)), match["day"] or match["day2"]) if numbers else None


def _mail(text: str) -> str | None:
    """Read the form of mail headers, `Thu, 03 Apr 2025 12:00:00 +0000`."""
    if text[_SHORTEST : _SHORTEST + 1] != ",":
        return None
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(text).isoformat().replace("+00:00", "Z")
    return None


def epoch(text: str) -> str | None:
    """Read seconds or milliseconds since 1970, by their number of digits."""
    if not _EPOCH.fullmatch(text) or _HOUR.fullmatch(text):
        return None
    step = timedelta(milliseconds=1) if len(text) == _MILLISECONDS else timedelta(seconds=1)
    moment = datetime.fromtimestamp(0, UTC) + step * int(text)
    return moment.isoformat(timespec="auto").replace("+00:00", "Z")


def _written(match: re.Match[str], month: str, day: str) -> str | None:
    """Write the parts of a match; None when there is no such day or time."""
    date = f"{match['year']}-{int(month):02}-{int(day):02}"
    made = date + (_time(match) if match["hour"] else "")
    return made if is_datetime(made) else None


def _time(match: re.Match[str]) -> str:
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= _NOON:
            return "T?"
        hour = hour % _NOON + (_NOON if match["half"].lower() == "pm" else 0)
    part = f".{match['part']}" if match["part"] else ""
    zone = match["zone"] or ""
    zone = "Z" if zone.upper() in {"Z", "UTC", "GMT"} else zone
    return f"T{hour:02}:{match['minute']}:{match['second'] or '00'}{part}{zone}"
