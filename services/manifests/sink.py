"""Where readers put what they read: findings to the collector, entries to the columns."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, NamedTuple

import msgspec
import numpy as np
import polars as pl

from services.domain import urls
from services.domain.entries import EntryType
from services.jobs import Progress
from services.manifests.collector import Collector, Locate, pointer
from services.manifests.columns import UNKNOWN, ColumnWriter, Row, same
from services.manifests.document import Document
from services.manifests.entry_check import Examined
from services.manifests.faults import Fault
from services.manifests.options import CheckOptions


class Span(NamedTuple):
    """The bytes of an entry in the document."""

    start: int | None
    length: int | None


NO_SPAN: Final = Span(None, None)
#: Where a URL stands: its entry, its place among the entry's URLs, line and column.
_PLACES: Final = ("entry", "nth", "line", "column")


@dataclass(frozen=True, slots=True)
class Pending:
    """URLs of examined entries that are still to be counted and hashed."""

    urls: list[str] = field(default_factory=list)
    #: Where each stands, as `_PLACES` names it.
    places: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Sink:
    """Everything one check fills, and the flags and notes of the file."""

    document: Document
    options: CheckOptions
    collector: Collector
    writer: ColumnWriter
    progress: Progress
    format: str = ""
    delimiter: str | None = None
    notes: list[str] = field(default_factory=list)
    flags: dict[str, bool] = field(default_factory=dict)
    #: Whether entries are in the SDK's typed form.
    is_wire: bool = False
    buckets: Counter[str] = field(default_factory=Counter)
    urls: int = 0
    pending: Pending = field(default_factory=Pending)
    #: With the texts of URLs of examined entries, which may be spelled in ways of their own.
    hashes: list[pl.DataFrame] = field(default_factory=list)
    #: First entry and header cells of each stretch of a CSV.
    layouts: list[tuple[int, list[str]]] = field(default_factory=list)
    #: First entry and key of each JSON section.
    sections: list[tuple[int, str]] = field(default_factory=list)

    @property
    def index(self) -> int:
        """The index the next entry gets."""
        return self.writer.count

    def examined(
        self,
        made: Examined,
        locate: Locate,
        *,
        more: list[Fault] | None = None,
        span: Span = NO_SPAN,
        payload: bytes | None = None,
    ) -> None:
        """Take one examined entry."""
        faults = [*(more or ()), *made.faults]
        row = self.judge(self.index, made, faults, locate, span=span)
        self.writer.add(row._replace(payload=payload) if payload else row)

    def judge(
        self,
        index: int,
        made: Examined,
        faults: list[Fault],
        locate: Locate,
        *,
        places: list[tuple[int, int]] | None = None,
        span: Span = NO_SPAN,
    ) -> Row:
        """Count an examined entry and its faults; returns its row."""
        valid = self.collector.add_all(faults, index, locate)
        self._take_urls(made.urls, index, places or [])
        rewritten = made.rewritten if valid else None
        return Row(
            type=made.kind.value,
            title=made.title,
            url=made.urls[0] if made.urls else None,
            url_count=len(made.urls),
            valid=valid,
            start=span.start,
            length=span.length,
            line=None,
            payload=None if rewritten is None else msgspec.json.encode(rewritten),
        )

    def refused(self, fault: Fault, locate: Locate, *, span: Span = NO_SPAN) -> None:
        """Take an entry that cannot be examined; it is held as it is."""
        self.writer.add(self.judge_refused(self.index, fault, locate, None, span=span))

    def judge_refused(
        self,
        index: int,
        fault: Fault,
        locate: Locate,
        kind: EntryType | None,
        *,
        span: Span = NO_SPAN,
    ) -> Row:
        """Count an entry that cannot be examined; returns its row."""
        self.collector.add(fault, index, locate)
        word = kind.value if kind else UNKNOWN
        return Row(word, None, None, 0, False, span.start, span.length, None, None)

    def accepted(self, frame: pl.DataFrame, found: pl.DataFrame, buckets: Counter[str]) -> None:
        """Take a batch of rows; `found` has the URLs of those that needed no examination.

        Its columns are `url`, `entry`, `nth`, `line` and `column`.
        """
        self.buckets.update(buckets)
        self.urls += found.height
        none = same(None, found.height, pl.String())
        self.hashes.append(found.select(*_PLACES, hash=pl.col("url").hash(), url=none))
        self.writer.extend(frame)

    def _take_urls(self, found: list[str], index: int, places: list[tuple[int, int]]) -> None:
        for nth, url in enumerate(found):
            # One row may hold several URLs, such as a scene's.
            line, column = places[min(nth, len(places) - 1)] if places else (0, 0)
            self.pending.urls.append(url)
            self.pending.places.append((index, nth, line, column))

    def take_pending(self) -> Pending:
        """Take what is pending away, to have it hashed on another thread."""
        pending, self.pending = self.pending, Pending()
        return pending

    def hash_pending(self, pending: Pending | None = None) -> None:
        """Count and hash the URLs of examined entries, for the search for duplicates."""
        some = self.take_pending() if pending is None else pending
        if not some.urls:
            return
        self.urls += len(some.urls)
        self.buckets.update(urls.bucket_of(url) or "" for url in some.urls)
        columns = np.array(some.places, np.uint32).T
        found = pl.DataFrame(
            {
                **dict(zip(_PLACES, columns, strict=True)),
                "url": pl.Series(some.urls, dtype=pl.String),
            }
        )
        self.hashes.append(found.select(*_PLACES, hash=pl.col("url").hash(), url="url"))

    def pointer_of(self, index: int) -> str:
        """Return the RFC 6901 pointer of a JSON entry."""
        if not self.sections:
            return f"/{index}"
        at = bisect_right(self.sections, index, key=itemgetter(0)) - 1
        first, key = self.sections[at]
        return pointer("", (key, index - first))
