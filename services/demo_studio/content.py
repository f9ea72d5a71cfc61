"""The manifests of the scenarios, made under a seed: the same seed gives the same bytes.

They name objects of the sandbox's demo bucket, whose names `services.sandbox.demo` tells.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final

from services.sandbox import demo

#: The folder that the integrations may not read in the scenario about it.
FORBIDDEN_FOLDER: Final = "images/field/"
_HEADER: Final = (
    "ObjectURL",
    "Type",
    "Title",
    "metadata.site",
    "metadata.quality",
    "metadata.taken_at",
)
#: Of each kind of mistake, so many rows.
_FEWEST, _MOST = 2, 5
_FORBIDDEN_SHARE: Final = 3


@dataclass(slots=True)
class Row:
    """One row of a CSV, before its mistakes."""

    url: str
    type: str
    title: str
    site: str
    quality: str
    taken_at: str
    more: tuple[str, ...] = ()

    def cells(self) -> tuple[str, ...]:
        """Return the row as the header names it."""
        own = (self.url, self.type, self.title, self.site, self.quality, self.taken_at)
        return (*own, *self.more)


def make(scenario: str, *, seed: int, size: int) -> bytes:
    """Return the manifest of a scenario with about so many entries."""
    # Chance makes a demo look real; nothing secret comes of it.
    return _MAKERS[scenario](Random(f"{scenario} {seed}"), size)  # noqa: S311


def _first_onboarding(dice: Random, size: int) -> bytes:
    rows = _rows(dice, dice.sample(_readable(), size))
    kinds = dice.sample(ERRORS, 4)
    for spoil, row in zip(kinds, dice.sample(rows[1:], len(kinds)), strict=True):
        spoil(row, rows[0])
    for key in (*demo.MISSING, f"{demo.FORBIDDEN_PREFIX}0001.jpg"):
        rows.insert(dice.randrange(1, size), _row(dice, key))
    return _csv(rows)


def _vendor_mistakes(dice: Random, size: int) -> bytes:
    numbers = dice.sample(range(demo.BULK_COUNT), size)
    rows = _rows(dice, [demo.bulk_key(number) for number in numbers])
    sound = dice.sample(rows[1:], len(MISTAKES) * _MOST)
    for spoil in MISTAKES:
        for _ in range(dice.randint(_FEWEST, _MOST)):
            spoil(sound.pop(), rows[0])
    return _csv(rows)


def _forbidden(dice: Random, size: int) -> bytes:
    closed = [key for key in _readable() if key.startswith(FORBIDDEN_FOLDER)]
    others = [key for key in _readable() if not key.startswith(FORBIDDEN_FOLDER)]
    count = size // _FORBIDDEN_SHARE
    keys = [*dice.sample(closed, count), *dice.sample(others, size - count)]
    dice.shuffle(keys)
    return _csv(_rows(dice, keys))


def _bulk(dice: Random, size: int) -> bytes:
    first = dice.randrange(demo.BULK_COUNT - size)
    entries = [
        {
            "objectUrl": demo.url(demo.bulk_key(first + number)),
            "clientMetadata": {"site": dice.choice(demo.SITES), "quality": dice.randint(1, 5)},
        }
        for number in range(size)
    ]
    return json.dumps({"images": entries, "skip_duplicate_urls": True}).encode()


def _schema_conflict(dice: Random, size: int) -> bytes:
    rows = _rows(dice, dice.sample(_readable(), size))
    weathers = ("sunny", "overcast", "rain", "fog")
    for row in rows:
        row.more = (dice.choice(weathers), f"{dice.uniform(2, 40):.1f}")
        if not dice.randrange(3):
            row.quality = dice.choice(("good", "poor"))
    return _csv(rows, "metadata.weather", "metadata.wind_speed")


def _readable() -> list[str]:
    """Return the images that a fresh bucket lets everybody read."""
    return [key for key in sorted(demo.keys()) if key.startswith("images/")]


def _rows(dice: Random, keys: Sequence[str]) -> list[Row]:
    return [_row(dice, key) for key in keys]


def _row(dice: Random, key: str) -> Row:
    stem = key.rpartition(".")[0]
    day, hour, minute = dice.randint(1, 28), dice.randint(6, 19), dice.randrange(60)
    return Row(
        url=demo.url(key),
        type="image",
        title=" ".join(stem.split("/")[-2:]).capitalize(),
        site=dice.choice(demo.SITES),
        quality=str(dice.randint(1, 5)),
        taken_at=f"2026-10-{day:02d}T{hour:02d}:{minute:02d}:00Z",
    )


def _csv(rows: Sequence[Row], *more: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*_HEADER, *more))
    writer.writerows(row.cells() for row in rows)
    return out.getvalue().encode()


def _blank_in_url(row: Row, _first: Row) -> None:
    row.url = row.url.replace("/", "/ ", 3).replace("/ / ", "//")


def _by_ftp(row: Row, _first: Row) -> None:
    row.url = row.url.replace("gs://", "ftp://")


def _no_url(row: Row, _first: Row) -> None:
    row.url = ""


def _twice(row: Row, first: Row) -> None:
    row.url = first.url


def _long_title(row: Row, _first: Row) -> None:
    row.title += ", as the vendor's camera described it at length" * 8


def _strange_type(row: Row, _first: Row) -> None:
    row.type = "picture"


def _wrong_type(row: Row, _first: Row) -> None:
    row.type = "video"


def _misspelled_site(row: Row, _first: Row) -> None:
    row.site = "harbour"


def _word_for_number(row: Row, _first: Row) -> None:
    row.quality = "good"


def _local_date(row: Row, _first: Row) -> None:
    row.taken_at = "03/11/2026 9:05"


def _cell_too_much(row: Row, _first: Row) -> None:
    row.more = ("checked by Ana",)


#: What spoils a row, given the first row too; the code it is found as is in the comment.
MISTAKES: Final[tuple[Callable[[Row, Row], None], ...]] = (
    _blank_in_url,  # url-whitespace
    _by_ftp,  # url-scheme
    _no_url,  # url-empty
    _twice,  # url-duplicate
    _long_title,  # title-too-long
    _strange_type,  # entry-type
    _wrong_type,  # url-extension
    _misspelled_site,  # metadata-enum
    _word_for_number,  # metadata-value
    _local_date,  # metadata-datetime
    _cell_too_much,  # csv-row-width
)
#: Those that hold their row back; the others are warnings, and the row is sent.
ERRORS: Final = tuple(spoil for spoil in MISTAKES if spoil not in {_twice, _wrong_type})
_MAKERS: Final = MappingProxyType(
    {
        "first-onboarding": _first_onboarding,
        "vendor-mistakes": _vendor_mistakes,
        "forbidden-cors": _forbidden,
        "outage": _bulk,
        "at-speed": _bulk,
        "schema-conflict": _schema_conflict,
    }
)
NAMES: Final = MappingProxyType(
    {
        "first-onboarding": "Harbor cameras.csv",
        "vendor-mistakes": "From the vendor.csv",
        "forbidden-cors": "Field survey.csv",
        "outage": "Night shift.json",
        "at-speed": "Whole archive.json",
        "schema-conflict": "Weather study.csv",
    }
)
