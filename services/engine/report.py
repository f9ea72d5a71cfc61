"""The completion report of a run: one row a URL, as CSV for people and JSON lines for machines.

Every run has one, also a cancelled one. The head, a JSON file beside the rows, holds counts that
add up to the run's entries and URLs, and the size and SHA-256 of both files. What did not arrive
can be had as a manifest to submit again.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Self

import orjson
from sqlalchemy import Connection, select

from services.domain.outcomes import Outcome
from services.engine.report_rows import BATCH, ReportRow, entries_that, rows_of
from services.engine.spreadsheet import csv_bytes
from services.ledger.events import utc_now
from services.ledger.specs import RunSpec, run_spec
from services.ledger.store import Ledger
from services.ledger.tables import RUN
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

#: What may be submitted again.
NOT_ARRIVED: Final = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.CANCELLED)
_FORMAT: Final = "encord-onboarding-report-1"
_MARK: Final = "\ufeff".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A report on disk."""

    head: Path
    csv: Path
    jsonl: Path


class Reports:
    """Reports of the runs in one ledger.

    `after_retries` decides what a row tells: what this run did, which never changes once the run
    has ended, or what its entries have become after all retries.
    """

    def __init__(self, ledger: Ledger, manifests: ManifestStore) -> None:
        self._ledger = ledger
        self._manifests = manifests

    def rows(self, run: str, *, after_retries: bool = False) -> Iterator[ReportRow]:
        """Stream one row a URL, in the manifest's order."""
        with self._ledger.reading() as cx:
            yield from self._rows(cx, run_spec(cx, run), after_retries=after_retries)

    def csv(self, run: str, *, after_retries: bool = False) -> Iterator[bytes]:
        """Stream a CSV that a spreadsheet opens and never runs."""
        yield _MARK + csv_bytes([ReportRow._fields])
        yield from map(csv_bytes, _batches(self.rows(run, after_retries=after_retries)))

    def jsonl(self, run: str, *, after_retries: bool = False) -> Iterator[bytes]:
        """Stream one JSON object a line, every value as it is."""
        yield from map(_lines, _batches(self.rows(run, after_retries=after_retries)))

    def write(self, run: str, folder: Path, *, after_retries: bool = False) -> Written:
        """Write rows and head into a folder; the head comes last and vouches for the rows."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        at = utc_now()
        path = folder / f"report-{run[:8]}-{at[:10]}"
        tally = _Tally()
        with (
            _Sink(path.with_suffix(".csv")) as table,
            _Sink(path.with_suffix(".jsonl")) as lines,
            self._ledger.reading() as cx,
        ):
            spec = run_spec(cx, run)
            about = _about(cx, spec)
            table.write(_MARK + csv_bytes([ReportRow._fields]))
            for batch in _batches(self._rows(cx, spec, after_retries=after_retries)):
                tally.add(batch)
                table.write(csv_bytes(batch))
                lines.write(_lines(batch))
        head = {"format": _FORMAT, "generated_at": at, "after_retries": after_retries, **about}
        files = [sink.as_record(tally.rows) for sink in (table, lines)]
        with _Sink(path.with_suffix(".json")) as sink:
            sink.write(_document({**head, **tally.counts(), "files": files}))
        return Written(head=sink.path, csv=table.path, jsonl=lines.path)

    def resubmittable(
        self,
        run: str,
        target: Path,
        *,
        wanted: Iterable[Outcome] = NOT_ARRIVED,
        after_retries: bool = True,
    ) -> int:
        """Write the entries that did not arrive as a registration manifest; return how many.

        The target is not touched when there are none.
        """
        with self._ledger.reading() as cx:
            spec = run_spec(cx, run)
            if not spec.manifest:
                return 0
            manifest = self._manifest(spec)
            chosen = entries_that(cx, spec, manifest, wanted, after_retries=after_retries)
        if chosen.pairs:
            manifest.write_registration(
                chosen,
                target,
                skip_duplicate_urls=spec.options.skip_duplicate_urls,
                upsert_metadata=spec.options.upsert_metadata,
            )
        return len(chosen)

    def _manifest(self, spec: RunSpec) -> CheckedManifest:
        return self._manifests.check(spec.manifest, CheckOptions.from_json(spec.check))

    def _rows(self, cx: Connection, spec: RunSpec, *, after_retries: bool) -> Iterator[ReportRow]:
        if spec.manifest:  # a rescue has none until it has read its folder
            yield from rows_of(cx, spec, self._manifest(spec), after_retries=after_retries)


@dataclass(slots=True)
class _Tally:
    """Counts of rows as they pass; an entry is counted at its first URL."""

    rows: int = 0
    urls: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, batch: list[ReportRow]) -> None:
        first = [row for row in batch if row.position == 0]
        self.rows += len(batch)
        self.urls.update(row.outcome for row in batch)
        self.entries.update(row.outcome for row in first)
        self.causes.update(row.cause for row in first if row.cause)

    def counts(self) -> dict[str, object]:
        return {
            "entries": _by_outcome(self.entries),
            "urls": _by_outcome(self.urls),
            "causes": dict(self.causes.most_common()),
        }


class _Sink:
    """A file that appears when it is complete, with its size and SHA-256.

    Of two that are written at once the later one stays, whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        self._digest = hashlib.sha256()
        self._bytes = 0

    def __enter__(self) -> Self:
        self._stream = self._aside.open("wb")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stream.close()
        if kind is None:
            self._aside.replace(self.path)
        else:
            self._aside.unlink()

    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def as_record(self, rows: int) -> dict[str, object]:
        sha256 = self._digest.hexdigest()
        return {"name": self.path.name, "rows": rows, "bytes": self._bytes, "sha256": sha256}


def _about(cx: Connection, spec: RunSpec) -> dict[str, object]:
    row = cx.execute(select(RUN).where(RUN.c.id == spec.place.run)).one()
    run = ("id", "name", "state", "parent", "created_by", "created_at")
    return {
        "run": {name: getattr(row, name) for name in run},
        "manifest": {"name": row.manifest_name, "fingerprint": row.manifest},
        "folder": {"uuid": row.folder_uuid, "name": row.folder_name},
        "integration": {"id": row.integration, "title": row.integration_title},
        "held_back": row.held,
    }


def _by_outcome(counts: Counter[str]) -> dict[str, int]:
    return {"total": counts.total()} | {each.value: counts[each.value] for each in Outcome}


def _batches(rows: Iterator[ReportRow]) -> Iterator[list[ReportRow]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _lines(rows: Iterable[ReportRow]) -> bytes:
    return b"".join(orjson.dumps(row._asdict()) + b"\n" for row in rows)


def _document(content: dict[str, object]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"
