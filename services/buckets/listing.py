"""List a bucket: pages of 1,000, several ranges of names at once, gone on with after a kill."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Final

import polars as pl

from services.buckets.patience import patiently
from services.buckets.reach import OpenReader
from services.buckets.spool import SCHEMA, Scope, Span, Spool, Totals, frame_of
from services.cloud_storage.interface import BucketReader, ObjectPage

#: Requests open at once.
PARALLEL: Final = 8
#: Pages in one part on disk: what a killed process has to ask for again, at most, for each range.
PART_PAGES: Final = 50
#: Requests spent on finding folders, at most: they are for speed only.
LOOKS: Final = 16
#: Where the names of one folder are cut when it has no folders of its own.
CUTS: Final = "123456789AGMSaegimosw"

#: Takes the number of objects so far; raises to stop.
Advance = Callable[[int], None]


def list_objects(spool: Spool, scope: Scope, open_reader: OpenReader, advance: Advance) -> Totals:
    """List a scope into a spool, or go on with a listing that was interrupted.

    Raises:
        StorageError: Google refused, or could not be reached for a while. What is on disk stays.
    """
    spool.begin(scope)
    if spool.spans() is None:
        spool.plan(find_spans(open_reader(), scope))
    _Listing(spool, scope.bucket, open_reader, advance).run()
    return spool.finish()


def find_spans(reader: BucketReader, scope: Scope) -> list[Span]:
    """Cut a scope into ranges that can be listed at once: its folders, or cuts of a large one."""
    waiting, looks = list(_outermost(scope.prefixes)), 0
    spans: list[Span] = []
    while waiting and looks < LOOKS and len(waiting) + len(spans) < PARALLEL:
        prefix = waiting.pop(0)
        page = patiently(partial(reader.list_page, scope.bucket, prefix, delimiter="/"))
        looks += 1
        spans += _around(prefix, page)
        waiting += [] if page.token else page.folders
    return [*spans, *(Span(prefix=prefix) for prefix in waiting)]


def _outermost(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what lies inside another one, so that nothing is listed twice."""
    chosen = sorted(set(prefixes)) or [""]
    return tuple(
        each for each in chosen if not any(each != o and each.startswith(o) for o in chosen)
    )


def _around(prefix: str, page: ObjectPage) -> list[Span]:
    """Return the ranges of one folder: itself without its folders, or cut up when it is large."""
    if not page.token:
        return [Span(prefix=prefix, flat=True)] if page.names else []
    bounds = ["", *(prefix + cut for cut in CUTS), ""]
    return [Span(prefix=prefix, start=start, end=end) for start, end in pairwise(bounds)]


@dataclass(slots=True)
class _Listing:
    """Ranges being listed, several at once."""

    spool: Spool
    bucket: str
    open_reader: OpenReader
    advance: Advance
    objects: int = 0
    #: Readers that nobody uses just now; another one costs a connection, and perhaps a token.
    idle: list[BucketReader] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        spans = list(enumerate(self.spool.spans() or []))
        left = [(n, span) for n, span in spans if not self.spool.checkpoint(n).done]
        self.objects = sum(self.spool.checkpoint(n).objects for n, _ in spans)
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="listing") as pool:
            tasks = [pool.submit(self._list, number, span) for number, span in left]
            done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
            self.stopped.set()
        for task in done:
            task.result()

    def _list(self, number: int, span: Span) -> None:
        known = self.spool.checkpoint(number)
        reader = self._reader()
        pages, requests = [pl.DataFrame(schema=SCHEMA)], 0
        for page, more in self._pages(reader, span, known.last):
            pages.append(_inside(page, span, known.last))
            requests += 1
            self._count(pages[-1].height)
            if requests == PART_PAGES or not more:
                frame = pl.concat(pages)
                known = self.spool.add(number, known, frame, requests, done=not more)
                pages, requests = pages[:1], 0
        self.idle.append(reader)

    def _reader(self) -> BucketReader:
        try:
            return self.idle.pop()
        except IndexError:
            return self.open_reader()

    def _count(self, objects: int) -> None:
        with self.lock:
            self.objects += objects
            self.advance(self.objects)

    def _pages(
        self, reader: BucketReader, span: Span, last: str | None
    ) -> Iterator[tuple[ObjectPage, bool]]:
        """Yield the pages of a range and whether more follow."""
        token, more = None, True
        while more and not self.stopped.is_set():
            page = patiently(partial(self._page, reader, span, last, token), self.stopped)
            token, more = page.token, page.token is not None
            yield page, more

    def _page(
        self, reader: BucketReader, span: Span, last: str | None, token: str | None
    ) -> ObjectPage:
        return reader.list_page(
            self.bucket,
            span.prefix,
            start=max(span.start, last or ""),
            end=span.end,
            token=token,
            delimiter="/" if span.flat else None,
        )


def _inside(page: ObjectPage, span: Span, last: str | None) -> pl.DataFrame:
    """Keep what belongs to a range and is not on disk: servers may send more than was asked."""
    name = pl.col("name")
    wanted = (name >= span.start) & (name > last if last is not None else True)
    return frame_of(page).filter(wanted & ((name < span.end) if span.end else True))
