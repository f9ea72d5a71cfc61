"""Put the rows of a stretch in order: accepted ones as columns, the others as they are read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl

from services.manifests.columns import SCHEMA, Row, put_among
from services.manifests.csv_batch import Stretch
from services.manifests.csv_grid import Mask
from services.manifests.csv_views import Offsets, numbers


@dataclass(slots=True)
class Merge:
    """The entries of a stretch, while its suspects are read and what is in doubt is examined."""

    stretch: Stretch
    #: Which lines are entries as they are; a row over many lines takes those it swallows.
    _kept: Mask
    #: How many lines are accepted before each one, at first.
    _before: Offsets
    #: Accepted lines that were examined, and those of them that are not valid.
    _judged: list[int] = field(default_factory=list)
    _invalid: list[int] = field(default_factory=list)
    _swallowed: int = 0
    #: The first line that nobody has read yet.
    _next: int = 0
    _rows: dict[int, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, stretch: Stretch) -> Self:
        """Begin with the accepted lines."""
        before: Offsets = np.cumsum(stretch.accepted) - stretch.accepted
        return cls(stretch, stretch.accepted, before)

    def suspects(self) -> Iterator[int]:
        """Yield the lines to be looked at one by one, but those that an earlier row swallowed."""
        asked = ~self._kept
        asked[list(self.stretch.doubted)] = True
        for place in np.flatnonzero(asked).tolist():
            if place >= self._next:
                yield place

    def count(self, place: int) -> int:
        """Return how many entries there are before a line."""
        return int(self._before[place]) - self._swallowed + len(self._rows)

    def judge(self, place: int, *, valid: bool) -> None:
        """Note what became of an accepted line that was in doubt."""
        self._judged.append(place)
        if not valid:
            self._invalid.append(place)

    def put(self, place: int, behind: int, row: Row | None) -> None:
        """Take what was read from a line up to the one behind it; None when it is no entry."""
        self._swallow(place + 1, behind)
        if row is not None:
            self._rows[place] = row

    @property
    def kept(self) -> int:
        """How many lines are accepted."""
        return int(np.count_nonzero(self._kept))

    @property
    def height(self) -> int:
        """How many entries there are."""
        return self.kept + len(self._rows)

    def cut(self, behind: int) -> None:
        """End the stretch before a line."""
        self._swallow(behind, len(self._kept))

    def _swallow(self, first: int, behind: int) -> None:
        self._next = behind
        if first == behind:
            return
        self._swallowed += int(np.count_nonzero(self._kept[first:behind]))
        self._kept[first:behind] = False

    def accepted(self, index: int, line: int) -> pl.DataFrame:
        """Return the accepted entries, the first of the stretch being `index` and at `line`.

        Beside their columns they have `place`, and `entry`, `nth` and `column` of their URLs.
        """
        frame = self.stretch.frame
        if self._invalid:
            frame = frame.with_columns(valid=self._apart(frame, self._invalid))
        if self._swallowed:
            frame = frame.filter(pl.Series(self._kept[frame["place"]]))
        entry = pl.int_range(index, index + pl.len(), dtype=pl.UInt32)
        if self._rows:
            others = np.searchsorted(list(self._rows), frame["place"])
            entry += numbers(others.astype(np.uint32))
        zero = pl.lit(0, pl.UInt32)
        return frame.with_columns(
            line=pl.col("place") + line,
            entry=entry,
            nth=zero,
            column=zero,
        )

    def clear(self, accepted: pl.DataFrame) -> pl.DataFrame:
        """Return the URLs of the accepted entries that nobody has examined."""
        urls = accepted.select("url", "nth", "entry", "line", "column")
        return urls.filter(self._apart(accepted, self._judged)) if self._judged else urls

    def _apart(self, frame: pl.DataFrame, lines: list[int]) -> pl.Series:
        """Mark the entries that are not at some lines."""
        apart = np.ones(len(self._kept), np.bool_)
        apart[lines] = False
        return pl.Series(apart[frame["place"]])

    def merged(self, accepted: pl.DataFrame) -> pl.DataFrame:
        """Put the rows that were read among the accepted ones."""
        places = accepted["place"].to_numpy()
        return put_among(accepted.select(*SCHEMA), places, self._rows)
