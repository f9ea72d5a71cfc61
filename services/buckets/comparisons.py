"""Comparisons of manifests with their buckets: the jobs, and their findings page by page.

    <root>/compared/<digest>/price.job/      the estimate
                             00001/          a comparison: its listings and findings
                             00001.job/      the job that makes it

A digest stands for one check of a manifest as one identity sees its buckets.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from services.buckets.catalog import Catalog
from services.buckets.orders import CompareOrder, PriceOrder, write_order
from services.buckets.prices import Price
from services.buckets.reach import Reach
from services.buckets.truth import FINDINGS, Compared
from services.domain import content_types
from services.domain.findings import Finding
from services.domain.paging import Page
from services.domain.rules import RULES
from services.jobs import RESULT, JobState
from services.manifests.checked import CheckedManifest, EntryRow
from services.manifests.faults import article

_PRICE: Final = "price.job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A checked manifest, compared by one identity."""

    checked: CheckedManifest
    reach: Reach

    @property
    def digest(self) -> str:
        """Name it: somebody else's comparison of the same manifest is another one."""
        world = "sandbox" if self.reach.is_sandbox else "google"
        check = f"{self.checked.summary.fingerprint}\n{self.checked.folder.name}"
        text = f"{world}\n{self.reach.account}\n{check}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]


class Comparisons:
    """All comparisons of one data directory."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def start_price(self, subject: Subject) -> None:
        """Estimate what a comparison takes, anew if that was done; asks one page of each prefix."""
        order = PriceOrder(
            manifest=subject.checked.summary.fingerprint, options=subject.checked.options.to_json()
        )
        job = self._folder(subject) / _PRICE
        job.parent.mkdir(parents=True, exist_ok=True)
        self._catalog.jobs.start(job, write_order(order), whisper=subject.reach.line())

    def price_state(self, subject: Subject) -> JobState:
        """Return how far the estimate is."""
        return self._catalog.jobs.state(self._folder(subject) / _PRICE)

    def price(self, subject: Subject) -> Price:
        """Return the estimate."""
        content = (self._folder(subject) / _PRICE / RESULT).read_bytes()
        return msgspec.json.decode(content, type=Price)

    def start(self, subject: Subject) -> None:
        """Compare; goes on with a comparison that stopped half way."""
        folder = self._next(subject)
        order = CompareOrder(
            manifest=subject.checked.summary.fingerprint,
            options=subject.checked.options.to_json(),
            folder=folder,
        )
        if self.state(subject).phase != "running":
            folder.mkdir(parents=True, exist_ok=True)
            self._catalog.jobs.start(
                folder.with_suffix(".job"), write_order(order), whisper=subject.reach.line()
            )

    def state(self, subject: Subject) -> JobState:
        """Return how far the newest comparison is."""
        last = self._last(subject)
        return self._catalog.jobs.state(_job(last)) if last else JobState(phase="none")

    def cancel(self, subject: Subject) -> None:
        """Stop it; starting it again goes on."""
        last = self._last(subject)
        if last:
            self._catalog.jobs.cancel(_job(last))

    def result(self, subject: Subject) -> Compared | None:
        """Return the newest finished comparison."""
        for folder in reversed(self._all(subject)):
            if (_job(folder) / RESULT).exists():
                return msgspec.json.decode((_job(folder) / RESULT).read_bytes(), type=Compared)
        return None

    def findings(
        self, subject: Subject, *, code: str | None = None, offset: int = 0, limit: int = 25
    ) -> Page[Finding]:
        """Return one page of what the newest finished comparison found, in manifest order."""
        done = [each for each in self._all(subject) if (_job(each) / RESULT).exists()]
        if not done:
            return Page((), 0)
        table = pl.scan_parquet(done[-1] / FINDINGS)
        if code is not None:
            table = table.filter(pl.col("code") == code)
        total = int(table.select(pl.len()).collect().item())
        rows = table.slice(offset, limit).collect()
        kinds = subject.checked.rows(rows["entry"])
        return Page([_finding(row, kinds) for row in rows.iter_rows(named=True)], total)

    def _next(self, subject: Subject) -> Path:
        """Return the folder to compare in: of one that stopped half way, else a new one."""
        last = self._last(subject)
        if last is None:
            return self._folder(subject) / f"{1:05}"
        if not (_job(last) / RESULT).exists():
            return last
        self._forget_before(last)
        return last.with_name(f"{int(last.name) + 1:05}")

    def _forget_before(self, last: Path) -> None:
        for folder in last.parent.glob("[0-9]*"):
            if folder.stem < last.name:
                shutil.rmtree(folder, ignore_errors=True)

    def _last(self, subject: Subject) -> Path | None:
        known = self._all(subject)
        return known[-1] if known else None

    def _all(self, subject: Subject) -> list[Path]:
        folders = self._folder(subject).glob("[0-9]*")
        return sorted(each for each in folders if not each.suffix)

    def _folder(self, subject: Subject) -> Path:
        return (self._catalog.root / "compared" / subject.digest).absolute()


def _job(folder: Path) -> Path:
    return folder.with_suffix(".job")


def _finding(row: dict[str, Any], entries: Mapping[int, EntryRow]) -> Finding:
    """Phrase a finding; its entry tells the line and what the object should be."""
    rule, entry = RULES[row["code"]], entries[row["entry"]]
    details = {
        "hint": row["hint"],
        "found": row["content_type"],
        "article": article(entry.type.label) if entry.type else "such a file",
        "bytes": f"{row['size'] or 0:,}",
        "limit": f"{content_types.ADVISED_BYTES:,}",
    }
    return Finding(
        code=rule.code,
        severity=rule.severity,
        line=entry.line,
        column=None,
        pointer=None,
        entry=entry.index,
        field="objectUrl" if entry.url_count == 1 else f"objectUrl_{row['nth']}",
        value=row["url"],
        message=rule.say(details),
        fix=rule.fix,
    )
