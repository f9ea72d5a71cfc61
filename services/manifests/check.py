"""Check one manifest: one pass over its bytes gives columns, findings and a summary in a folder."""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from services.domain.findings import Summary
from services.domain.rules import RULES
from services.jobs import Progress
from services.manifests.collector import CODES, Collector, Where, always, nowhere
from services.manifests.columns import ColumnWriter
from services.manifests.csv_reader import read_csv
from services.manifests.document import Content, Document, DocumentError, open_document
from services.manifests.duplicates import report_duplicates
from services.manifests.faults import Fault
from services.manifests.finding_columns import write_findings, write_marks
from services.manifests.json_reader import read_json
from services.manifests.json_split import SplitError
from services.manifests.jsonl_reader import looks_like_jsonl, read_jsonl
from services.manifests.options import CheckOptions
from services.manifests.sink import Sink
from services.manifests.stamp import SUMMARY, stamp

MAX_ITEMS: Final = 500_000
MAX_URLS: Final = 1_000_000
MAX_DOCUMENT: Final = 100_000_000

LAYOUT: Final = "layout.json"
_TURN_SECONDS: Final = 200e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJob:
    """One manifest to check, and where the answer goes."""

    source: Path
    name: str
    fingerprint: str
    #: Takes the document when the source is not plain UTF-8.
    spool: Path
    #: An empty folder.
    target: Path
    options: CheckOptions
    max_bytes: int


def run_check(job: CheckJob, progress: Progress) -> None:
    """Check a manifest; whatever its bytes are, the target folder then holds a report."""
    collector = Collector(job.options.samples)
    writer = ColumnWriter(job.target)
    try:
        document = open_document(job.source, job.spool, max_bytes=job.max_bytes)
    except DocumentError as problem:
        document = Document(job.source, b"", "unknown", highest=0)
        where = Where(line=problem.line, column=problem.column)
        collector.add(problem.fault, None, always(where))
    sink = Sink(document, job.options, collector, writer, progress)
    if document.data:
        with no_collection(), quick_turns():
            _read(sink)
    with no_collection():
        sink.hash_pending()
        _report_limits(sink)
        writer.finish()
        report_duplicates(sink, job.target)
        _write(job, sink)
    progress(1.0)


@contextmanager
def no_collection() -> Iterator[None]:
    """Switch the cyclic garbage collector off: a pass makes many objects and no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def quick_turns() -> Iterator[None]:
    """Hand the interpreter over within 200 microseconds of being asked, instead of 5,000.

    A pass has a few threads, and those that mostly need no interpreter ask for it a thousand
    times, for a moment each.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _read(sink: Sink) -> None:
    """Read the document in the format its name and first character tell."""
    reader = choose_reader(sink.options.reading, sink.document.data)
    try:
        reader(sink)
    except SplitError as problem:
        where = Where(offset=problem.offset)
        sink.format = sink.format or "json"
        sink.collector.add(problem.fault, None, always(where))


def reading_of(name: str) -> str:
    """Return what a name says about the format; the same bytes may be read in more than one."""
    stem = name.lower().removesuffix(".gz")
    endings = {"jsonl": (".jsonl", ".ndjson"), "csv": (".csv", ".tsv"), "json": (".json",)}
    return next((word for word, each in endings.items() if stem.endswith(each)), "any")


def choose_reader(reading: str | None, data: Content) -> Callable[[Sink], None]:
    """Choose how to read a document."""
    first = data[:65_536].lstrip(b" \t\r\n")[:1]
    if reading == "jsonl":
        return read_jsonl
    if reading == "csv" and first != b"{":
        return read_csv
    if first in {b"{", b"["}:
        return read_jsonl if looks_like_jsonl(data) else read_json
    return read_json if reading == "json" else read_csv


def _report_limits(sink: Sink) -> None:
    for code, count, limit in (
        ("limit-items", sink.index, MAX_ITEMS),
        ("limit-urls", sink.urls, MAX_URLS),
        ("limit-bytes", len(sink.document.data), MAX_DOCUMENT),
    ):
        if count > limit:
            sink.collector.add(Fault(code, details={"count": f"{count:,}"}), None, nowhere)


def _write(job: CheckJob, sink: Sink) -> None:
    collector = sink.collector
    places = sink.document.places(collector.offsets())
    write_findings(collector, places, job.target)
    write_marks(collector, job.target)
    layout = {
        "document": str(sink.document.path.name),
        "buckets": {bucket: n for bucket, n in sink.buckets.most_common() if bucket},
        "options": job.options.to_json(),
        "csv": {"headers": sink.layouts, "delimiter": sink.delimiter} if sink.layouts else None,
    }
    (job.target / LAYOUT).write_text(json.dumps(layout), encoding="utf-8")
    summary = _summarize(job, sink)
    (job.target / SUMMARY).write_bytes(msgspec.json.encode({"stamp": stamp(), **asdict(summary)}))


def _summarize(job: CheckJob, sink: Sink) -> Summary:
    counts = sink.collector.counts
    return Summary(
        name=job.name,
        format=sink.format or "unknown",
        bytes=job.source.stat().st_size,
        fingerprint=job.fingerprint,
        entries=sink.index,
        urls=sink.urls,
        valid_entries=sink.writer.valid,
        by_type=dict(sink.writer.by_type.most_common()),
        counts={code: counts[code] for code in CODES if counts[code]},
        samples_per_code=job.options.samples,
        errors=sink.collector.errors,
        encoding=sink.document.encoding,
        delimiter=sink.delimiter,
        notes=tuple(sink.notes),
        flags=sink.flags,
    )


def read_summary(folder: Path) -> Summary:
    """Read the summary of a finished check."""
    return msgspec.json.decode((folder / SUMMARY).read_bytes(), type=Summary)


assert len(RULES) < 256, "a code's number is one byte on disk"  # noqa: PLR2004
