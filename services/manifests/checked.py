"""A finished check: tables answered from columns on disk, entries streamed, files written.

Nothing large is held in memory: columns are memory-mapped, and a page of rows is all that becomes
Python objects.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import orjson
import polars as pl

from services.domain.chunks import Ranges, Shares
from services.domain.entries import Entry, EntryRow, EntryType
from services.domain.findings import Finding, FindingGroup, Severity, Summary
from services.domain.paging import Page
from services.domain.rules import ORDER, RULES
from services.jobs import Progress, unwatched
from services.manifests.arrow_files import open_columns
from services.manifests.check import LAYOUT, read_summary
from services.manifests.columns import UNKNOWN, part_paths, rows_at
from services.manifests.csv_rows import CsvRows
from services.manifests.document import open_text
from services.manifests.finding_columns import FINDINGS, MARKS, codes_between, read_findings
from services.manifests.held import write_held
from services.manifests.line_numbers import LineNumbers
from services.manifests.options import CheckOptions
from services.manifests.registration import write_registration
from services.manifests.report import write_report
from services.manifests.sorting import EntryOrder, FindingOrder, sorted_indexes
from services.manifests.stored import Source, shares, valid_entries

__all__ = ["CheckedManifest", "EntryRow", "Page"]

#: The finding about a key that the schema does not have.
UNDECLARED: Final = "metadata-undeclared"
#: Examples under the heading of a code.
EXAMPLES = 5


class CheckedManifest:
    """One manifest with the answer of one check."""

    def __init__(self, folder: Path) -> None:
        #: Holds the columns of entries and findings.
        self.folder = folder
        layout = json.loads((folder / LAYOUT).read_text(encoding="utf-8"))
        #: The manifest as UTF-8 text, as the check read it.
        self.document = folder.parent / str(layout["document"])
        csv = layout["csv"]
        self._buckets: dict[str, int] = layout["buckets"]
        self.options = CheckOptions.from_json(layout["options"])
        self.summary: Summary = read_summary(folder)
        self._csv = CsvRows(csv["headers"], csv["delimiter"], self.options.schema) if csv else None

    @cached_property
    def _findings(self) -> pl.DataFrame:
        return open_columns(self.folder / FINDINGS)

    @cached_property
    def _marks(self) -> pl.DataFrame:
        return open_columns(self.folder / MARKS)

    @cached_property
    def source(self) -> Source:
        """Where the text of entries comes from."""
        text, flags = open_text(self.document), self.summary.flags
        return Source(self.folder, text, self._csv, flags, self.options.schema)

    @cached_property
    def lines(self) -> LineNumbers:
        """Where the lines of the document begin."""
        return LineNumbers(self.document)

    def _entries(self) -> pl.LazyFrame | None:
        parts = part_paths(self.folder)
        return pl.scan_ipc(parts) if parts else None

    @cached_property
    def groups(self) -> tuple[FindingGroup, ...]:
        """Findings by code, worst first, with up to five examples each."""
        codes = sorted(self.summary.counts, key=ORDER.__getitem__)
        return tuple(map(self._group, codes))

    def _group(self, code: str) -> FindingGroup:
        rule = RULES[code]
        examples = self._findings.filter(pl.col("code") == code).head(EXAMPLES)
        return FindingGroup(
            code=code,
            severity=rule.severity,
            count=self.summary.counts[code],
            title=rule.title,
            fix=rule.fix,
            samples=read_findings(examples),
            fixes=tuple(fix.value for fix in rule.fixes),
        )

    def undeclared(self) -> frozenset[str]:
        """Return the keys that the schema does not have, as far as their findings were kept."""
        found = self._findings.filter(pl.col("code") == UNDECLARED)
        return frozenset(found["value"].drop_nulls())

    def findings(
        self,
        *,
        code: str | None = None,
        severity: Severity | None = None,
        search: str = "",
        order: FindingOrder = FindingOrder.FILE,
        offset: int = 0,
        limit: int = 100,
    ) -> Page[Finding]:
        """Return one page of the kept findings."""
        frame = self._findings
        if code is not None:
            frame = frame.filter(pl.col("code") == code)
        if severity is not None:
            frame = frame.filter(pl.col("severity") == severity.value)
        if search:
            frame = frame.filter(_contains(("value", "message", "pointer", "code"), search))
        if order is not FindingOrder.FILE:
            frame = frame.sort(_rank(order), nulls_last=True, maintain_order=True)
        return Page(read_findings(frame.slice(offset, limit)), frame.height)

    def entries(
        self,
        *,
        valid: bool | None = None,
        type: EntryType | None = None,  # noqa: A002 - the word of the contract
        search: str = "",
        order: EntryOrder = EntryOrder.FILE,
        offset: int = 0,
        limit: int = 100,
    ) -> Page[EntryRow]:
        """Return one page of entries."""
        chosen = self._chosen(valid=valid, kind=type, search=search)
        if order is not EntryOrder.FILE and len(chosen):
            chosen = self._in_order(chosen, order)
        page = chosen.slice(offset, limit)
        known = self.rows(page)
        return Page(tuple(known[index] for index in page), len(chosen))

    def _chosen(self, *, valid: bool | None, kind: EntryType | None, search: str) -> pl.Series:
        """Return the indexes of the entries that are asked for, in the order of the file."""
        table = self._entries()
        if table is None or (valid is None and kind is None and not search):
            return pl.int_range(self.summary.entries, dtype=pl.UInt32, eager=True)
        if valid is not None:
            table = table.filter(pl.col("valid") == valid)
        if kind is not None:
            table = table.filter(pl.col("type") == kind.value)
        if search:
            table = table.filter(_contains(("title", "url"), search))
        return table.select(pl.col("index")).collect()["index"]

    def _in_order(self, chosen: pl.Series, order: EntryOrder) -> pl.Series:
        every = sorted_indexes(self.folder, order)
        return every if len(chosen) == len(every) else every.filter(every.is_in(chosen.implode()))

    def rows(self, indexes: pl.Series) -> dict[int, EntryRow]:
        """Return entries by index, each with what was found about it."""
        return {row.index: row for row in self._rows(indexes.unique().sort())}

    def _rows(self, indexes: pl.Series) -> Iterator[EntryRow]:
        """Read the rows of a page and what was found about them."""
        page = rows_at(self.folder, indexes)
        if page.is_empty():
            return
        codes = codes_between(self._marks, page["index"][0], page["index"][-1])
        for row in page.drop("payload", "length").iter_rows(named=True):
            kind, line, start = row.pop("type"), row.pop("line"), row.pop("start")
            yield EntryRow(
                type=None if kind == UNKNOWN else EntryType(kind),
                line=line or self.lines.line_of(start or 0),
                codes=codes.get(row["index"], ()),
                **row,
            )

    def valid_indexes(self) -> Ranges:
        """Return the entries without errors: what can be submitted."""
        return self._indexes(valid=True)

    def held_indexes(self) -> Ranges:
        """Return the entries with errors: what is held back."""
        return self._indexes(valid=False)

    def selected(self, chosen: Ranges | None) -> Ranges:
        """Return the chosen entries; where nothing was chosen, those that can be submitted."""
        return self.valid_indexes() if chosen is None else chosen

    def _indexes(self, *, valid: bool) -> Ranges:
        parts = [open_columns(path, columns=["index", "valid"]) for path in part_paths(self.folder)]
        if not parts:
            return Ranges()
        table = pl.concat(parts)
        chosen = table["index"].filter(table["valid"] == valid).to_numpy()
        if not chosen.size:
            return Ranges()
        gaps = np.flatnonzero(np.diff(chosen) != 1)
        firsts = chosen[np.concatenate(([0], gaps + 1))]
        lasts = chosen[np.concatenate((gaps, [chosen.size - 1]))]
        return Ranges(tuple(zip(firsts.tolist(), lasts.tolist(), strict=True)))

    def read(self, ranges: Ranges, kinds: Collection[EntryType] | None = None) -> Iterator[Entry]:
        """Stream entries, all or of some types, in index order.

        Only a part of the columns is in memory at a time.
        """
        return valid_entries(self.source, ranges, kinds)

    def shares(self, ranges: Ranges) -> Iterator[Shares]:
        """Stream what `plan` and `digest_of` need of entries, in index order."""
        return shares(self.source, ranges)

    def write_registration(
        self,
        ranges: Ranges,
        target: Path,
        *,
        skip_duplicate_urls: bool = True,
        upsert_metadata: bool = False,
    ) -> None:
        """Write Encord's registration JSON of some entries."""
        flags = {"skip_duplicate_urls": skip_duplicate_urls, "upsert_metadata": upsert_metadata}
        write_registration(self.source, ranges, target, flags)

    def preview(self, limit: int = 3) -> str:
        """Show what Encord receives for the first valid entries."""
        document: dict[str, object] = {"skip_duplicate_urls": True}
        for entry in self.read(_first(self.valid_indexes(), limit)):
            section = document.setdefault(entry.type.section, [])
            if isinstance(section, list):
                section.append(orjson.loads(entry.payload))
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()

    def write_held(self, target: Path, *, progress: Progress = unwatched) -> int:
        """Write the entries with errors and the reasons as CSV; returns how many."""
        held = self.held_indexes()
        reasons = self._reasons(held)
        write_held(self.source, held, reasons, target, progress)
        return len(held)

    def _reasons(self, held: Ranges) -> dict[int, str]:
        """Phrase why entries are held: kept messages, and the headings of codes without one."""
        reasons: dict[int, dict[str, list[str]]] = {}
        errors = self._findings.filter(
            (pl.col("severity") == Severity.ERROR.value) & pl.col("entry").is_not_null()
        )
        for entry, code, message in errors.select("entry", "code", "message").iter_rows():
            told = reasons.setdefault(entry, {}).setdefault(code, [])
            told.append(f"{code}: {message}")
        if held.pairs:
            marked = codes_between(self._marks, held.pairs[0][0], held.pairs[-1][1])
            for entry, codes in marked.items():
                by_code = reasons.setdefault(entry, {})
                for code in filter(_is_error, codes):
                    by_code.setdefault(code, [f"{code}: {RULES[code].title}."])
        return {entry: _joined(texts.values()) for entry, texts in reasons.items()}

    def write_report(self, target: Path) -> None:
        """Write the report as JSON, or as CSV when the name ends in .csv."""
        write_report(self.summary, self._findings, target)

    def buckets(self) -> dict[str, int]:
        """Return how many URLs each bucket has, most first."""
        return dict(self._buckets)


def _rank(order: FindingOrder) -> pl.Expr:
    """Return what findings are sorted by; severities from error to info."""
    if order is FindingOrder.SEVERITY:
        ranks = {severity.value: rank for rank, severity in enumerate(Severity)}
        return pl.col("severity").cast(pl.String).replace_strict(ranks)
    return pl.col(order.value).cast(pl.String)


def _joined(texts: Iterable[list[str]]) -> str:
    """Write texts one after the other, each once."""
    return " ".join(dict.fromkeys(chain.from_iterable(texts)))


def _is_error(code: str) -> bool:
    return RULES[code].severity is Severity.ERROR


def _contains(columns: tuple[str, ...], text: str) -> pl.Expr:
    """Match rows that hold a text in any of some columns, whatever its case."""
    wanted = text.lower()
    matches = [
        pl.col(name).str.to_lowercase().str.contains(wanted, literal=True) for name in columns
    ]
    return pl.any_horizontal(matches).fill_null(value=False)


def _first(ranges: Ranges, limit: int) -> Ranges:
    """Return the first few indexes of ranges."""
    taken: list[tuple[int, int]] = []
    for first, last in ranges.pairs:
        if limit <= 0:
            break
        taken.append((first, min(last, first + limit - 1)))
        limit -= last - first + 1
    return Ranges(tuple(taken))
