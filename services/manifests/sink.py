"""Where readers put what they read: findings to the collector, entries to the columns."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, NamedTuple

import msgspec
import polars as pl

from services.domain import urls
from services.domain.entries import EntryType
from services.manifests.collector import Collector, Locate, pointer
from services.manifests.columns import ColumnWriter
from services.manifests.document import Document
from services.manifests.entry_check import Examined
from services.manifests.faults import Fault
from services.manifests.options import CheckOptions


class Span(NamedTuple):
    """The bytes of an entry in the document."""

    start: int | None
    length: int | None


NO_SPAN: Final = Span(None, None)

Progress = Callable[[float], None]


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
    by_type: Counter[str] = field(default_factory=Counter)
    buckets: Counter[str] = field(default_factory=Counter)
    urls: int = 0
    valid: int = 0
    #: URLs and their entries since the last part, hashed part by part.
    pending_urls: list[str] = field(default_factory=list)
    pending_entries: list[tuple[int, int, int, int]] = field(default_factory=list)
    hashes: list[pl.DataFrame] = field(default_factory=list)
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
        line: int | None = None,
        payload: bytes | None = None,
        places: list[tuple[int, int]] | None = None,
    ) -> None:
        """Take one examined entry; `places` are the lines and columns of its URLs in a CSV."""
        index = self.index
        valid = self.collector.add_all([*(more or ()), *made.faults], index, locate)
        self.by_type[made.kind.value] += 1
        self.valid += valid
        self._take_urls(made.urls, index, places or [])
        if payload is None and made.rewritten is not None and valid:
            payload = msgspec.json.encode(made.rewritten)
        self.writer.add(
            kind=made.kind,
            title=made.title,
            url=made.urls[0] if made.urls else None,
            url_count=len(made.urls),
            valid=valid,
            start=span.start,
            length=span.length,
            line=line,
            payload=payload,
        )

    def refused(
        self,
        fault: Fault,
        locate: Locate,
        *,
        kind: EntryType | None = None,
        fields: Mapping[str, object] | None = None,
        span: Span = NO_SPAN,
        line: int | None = None,
    ) -> None:
        """Take an entry that cannot be examined; it is held as it is."""
        self.collector.add(fault, self.index, locate)
        self.by_type[kind.value if kind else "unknown"] += 1
        given = dict(fields or {})
        url, title = given.get("objectUrl"), given.get("title")
        self.writer.add(
            kind=kind,
            title=title if isinstance(title, str) else None,
            url=url if isinstance(url, str) else None,
            url_count=0,
            valid=False,
            start=span.start,
            length=span.length,
            line=line,
            payload=msgspec.json.encode(given) if fields is not None else None,
        )

    def _take_urls(self, found: list[str], index: int, places: list[tuple[int, int]]) -> None:
        self.urls += len(found)
        for nth, url in enumerate(found):
            self.pending_urls.append(url)
            line, column = places[nth] if places else (0, 0)
            self.pending_entries.append((index, nth, line, column))
            self.buckets[urls.bucket_of(url) or ""] += 1

    def hash_pending(self) -> None:
        """Hash the URLs collected so far, for the search for duplicates."""
        if self.pending_urls:
            hashes = pl.Series("hash", self.pending_urls, dtype=pl.String).hash()
            names = ("entry", "nth", "line", "column")
            schema = dict.fromkeys(names, pl.UInt32())
            frame = pl.DataFrame(self.pending_entries, schema=schema, orient="row")
            self.hashes.append(frame.with_columns(hashes))
            self.pending_urls, self.pending_entries = [], []

    def pointer_of(self, index: int) -> str:
        """Return the RFC 6901 pointer of a JSON entry."""
        if not self.sections:
            return f"/{index}"
        at = bisect_right(self.sections, index, key=itemgetter(0)) - 1
        first, key = self.sections[at]
        return pointer("", (key, index - first))
