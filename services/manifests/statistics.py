"""A checked manifest as figures, in one pass over its entries.

The check itself does not count values: a person who looks at them asks for this, and it runs where
every other order does, in a process of its own unless the manifest is small.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, repeat
from typing import Any, Final

import numpy as np
import polars as pl

from services.domain.metadata import ValueType
from services.domain.statistics import Bin, KeyStatistics, Share, Statistics
from services.jobs import Progress, unwatched
from services.manifests.checked import CheckedManifest
from services.manifests.columns import part_paths
from services.manifests.metadata_check import is_datetime
from services.manifests.stored import metadata_by_part

#: Keys whose values are looked at; a manifest with more has data where keys should be.
MOST_KEYS: Final = 500
#: Keys in the answer.
SHOWN_KEYS: Final = 200
#: Different values that are counted of one key; identifiers have more.
MOST_VALUES: Final = 10_000
TOP: Final = 10
BINS: Final = 20
#: A text longer than this is no category.
LONGEST: Final = 100
#: So many texts tell whether a key that nobody declared holds points in time.
TRIED: Final = 100

_EXTENSION: Final = r"(?i)\.(nii\.gz|[a-z0-9]{1,8})(?:[?#].*)?$"
_NO_EXTENSION: Final = "none"
_LARGEST: Final = 10**300
#: What a JSON value is, in words.
_KINDS: Final[Mapping[type, str]] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    list: "list",
    dict: "object",
}
#: Lengths of time to count in, with the least span in seconds that each is used for.
_EVERY: Final = (
    ("1y", 6 * 366 * 86_400),
    ("1mo", 90 * 86_400),
    ("1d", 4 * 86_400),
    ("1h", 4 * 3_600),
    ("1m", 240),
    ("1s", 0),
)


@dataclass(slots=True)
class _Key:
    """What is known of one key so far."""

    declared: ValueType | None
    filled: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    #: None once there are too many.
    values: Counter[str] | None = field(default_factory=Counter)
    #: Values that were not counted one by one.
    uncounted: int = 0
    numbers: "array[float]" = field(default_factory=lambda: array("d"))
    #: Whether its texts are points in time; None until one was seen.
    is_time: bool | None = None

    def add(self, values: list[object]) -> None:
        """Take the values of some entries, none of them null."""
        self.filled += len(values)
        by_type: dict[type, list[object]] = {}
        for value in values:
            by_type.setdefault(type(value), []).append(value)
        for each, found in by_type.items():
            self.kinds[_KINDS[each]] += len(found)
        texts = Counter(map(str, by_type.get(str, ())))
        if texts and self.is_time is None:
            self.is_time = self._holds_times(texts)
        if self.is_time:
            texts = self._without_times(texts)
        else:
            for each in (int, float):
                self.numbers.extend(map(_number, by_type.get(each, ())))
        self._count(texts)
        self._count(Counter(str(value).lower() for value in by_type.get(bool, ())))

    def _holds_times(self, texts: Iterable[str]) -> bool:
        if self.declared is not None:
            return self.declared is ValueType.DATETIME
        return all(map(is_datetime, islice(texts, TRIED)))

    def _without_times(self, texts: Counter[str]) -> Counter[str]:
        """Take the points in time; return the texts that are none."""
        rest: Counter[str] = Counter()
        for text, count in texts.items():
            if is_datetime(text):
                self.numbers.extend(repeat(_seconds(text), count))
            else:
                rest[text] = count
        return rest

    def _count(self, texts: Counter[str]) -> None:
        if self.values is None:
            self.uncounted += texts.total()
            return
        short = Counter({text: count for text, count in texts.items() if len(text) <= LONGEST})
        self.uncounted += texts.total() - short.total()
        self.values.update(short)
        if len(self.values) > MOST_VALUES:
            self.uncounted += self.values.total()
            self.values = None


def measure(checked: CheckedManifest, *, progress: Progress = unwatched) -> Statistics:
    """Count what all entries of a checked manifest hold."""
    known = checked.options.schema or {}
    keys = {key: _Key(declared.type) for key, declared in known.items()}
    further: set[str] = set()
    with_metadata = done = 0
    for found in metadata_by_part(checked.source, checked.summary.entries):
        columns: dict[str, list[object]] = {}
        for metadata in found:
            if metadata:
                with_metadata += 1
                for key, value in metadata.items():
                    columns.setdefault(key, []).append(value)
        _take(columns, keys, further)
        done += len(found)
        progress(done / max(checked.summary.entries, 1))
    return _statistics(checked, keys, len(further), with_metadata)


def _take(columns: dict[str, list[object]], keys: dict[str, _Key], further: set[str]) -> None:
    for key, values in columns.items():
        if key not in keys and len(keys) >= MOST_KEYS:
            further.add(key)
            continue
        keys.setdefault(key, _Key(None)).add([value for value in values if value is not None])


def _statistics(
    checked: CheckedManifest, keys: dict[str, _Key], further: int, with_metadata: int
) -> Statistics:
    ordered = sorted(keys.items(), key=lambda item: (-item[1].filled, item[0]))
    return Statistics(
        entries=checked.summary.entries,
        with_metadata=with_metadata,
        keys=tuple(_key_statistics(key, found) for key, found in ordered[:SHOWN_KEYS]),
        further_keys=further + max(len(ordered) - SHOWN_KEYS, 0),
        types=_shares(checked.summary.by_type.items()),
        buckets=_shares(checked.buckets().items()),
        extensions=_extensions(checked),
    )


def _key_statistics(key: str, found: _Key) -> KeyStatistics:
    numbers = np.frombuffer(found.numbers, np.float64)
    is_time = bool(found.is_time)
    top = found.values.most_common(TOP) if found.values is not None else []
    counted = found.values.total() if found.values is not None else 0
    bins = () if not len(numbers) else _time_bins(numbers) if is_time else _bins(numbers)
    return KeyStatistics(
        key=key,
        declared=found.declared,
        filled=found.filled,
        kinds=_shares(found.kinds.most_common()),
        distinct=_distinct(found, numbers),
        top=_shares(top),
        others=counted - sum(count for _, count in top) + found.uncounted,
        bins=bins,
        lowest=float(numbers.min()) if len(numbers) else None,
        highest=float(numbers.max()) if len(numbers) else None,
        is_time=is_time,
        is_whole=bool(bins) and not is_time and _is_whole(numbers) and bins[0].width == 1,
    )


def _distinct(found: _Key, numbers: np.ndarray[Any, np.dtype[np.float64]]) -> int | None:
    if found.uncounted or found.values is None or found.kinds.keys() & {"list", "object"}:
        return None
    return len(found.values) + len(np.unique(numbers))


def _bins(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Bin, ...]:
    """Cut the range of numbers into round pieces: whole numbers into whole ones."""
    low, high = float(numbers.min()), float(numbers.max())
    whole = _is_whole(numbers)
    step = _round_step((high - low) / BINS)
    step = max(step, 1.0) if whole else step
    if not step or not np.isfinite((high - low) / step):
        return (Bin(start=low, end=high, count=len(numbers)),)
    first = np.floor(low / step) * step
    edges = first + step * np.arange(int((high - first) // step) + 2)
    counts, _ = np.histogram(numbers, edges)
    return tuple(
        Bin(start=float(start), end=float(end), count=int(count))
        for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )


def _is_whole(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    return bool((numbers == np.floor(numbers)).all())


def _round_step(least: float) -> float:
    """Return the least of 1, 2, 5, 10, ... times a power of ten that is not below a number."""
    if least <= 0 or not np.isfinite(least):
        return 0.0
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least))


def _time_bins(seconds: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Bin, ...]:
    """Count points in time by the year, month, day, hour, minute or second, whichever suits."""
    span = float(seconds.max() - seconds.min())
    every = next(name for name, least in _EVERY if span >= least)
    times = pl.Series("start", (seconds * 1e6).astype(np.int64)).cast(pl.Datetime("us"))
    counts = pl.DataFrame(times.dt.truncate(every)).group_by("start").len().sort("start")
    starts, ends = counts["start"], counts["start"].dt.offset_by(every)
    return tuple(
        Bin(start=start / 1e6, end=end / 1e6, count=count)
        for start, end, count in zip(
            starts.dt.epoch("us"), ends.dt.epoch("us"), counts["len"], strict=True
        )
    )


def _extensions(checked: CheckedManifest) -> tuple[Share, ...]:
    parts = part_paths(checked.folder)
    if not parts:
        return ()
    ending = pl.col("url").str.extract(_EXTENSION).str.to_lowercase().fill_null(_NO_EXTENSION)
    counts = pl.scan_ipc(parts).select(ending.alias("ending")).group_by("ending").len().collect()
    return _shares(sorted(counts.iter_rows(), key=lambda row: (-row[1], row[0])))


def _shares(counts: Iterable[tuple[str, int]]) -> tuple[Share, ...]:
    return tuple(Share(value=value, count=count) for value, count in counts)


def _seconds(text: str) -> float:
    """Return a point in time as seconds since 1970; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(value: object) -> float:
    """Return a number as it is drawn; whole numbers have no limit in JSON."""
    assert isinstance(value, int | float), "JSON has no other numbers"
    return float(max(-_LARGEST, min(_LARGEST, value)))
