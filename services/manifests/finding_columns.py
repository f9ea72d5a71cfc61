"""Findings and marks on disk: samples as rows, and for every finding its entry and code."""

from dataclasses import fields
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from services.domain.findings import Finding, Severity
from services.domain.rules import ORDER, RULES
from services.manifests.collector import CODES, Collector, Sample
from services.manifests.faults import Path as FaultPath
from services.manifests.faults import shown

#: Byte offsets to lines and columns.
Places = dict[int, tuple[int, int]]

FINDINGS: Final = "findings.arrow"
MARKS: Final = "marks.arrow"

_SCHEMA: Final = {
    "code": pl.String(),
    "severity": pl.String(),
    "line": pl.UInt32(),
    "column": pl.UInt32(),
    "pointer": pl.String(),
    "entry": pl.UInt32(),
    "field": pl.String(),
    "value": pl.String(),
    "message": pl.String(),
    "fix": pl.String(),
}


class _Row(NamedTuple):
    """A finding as the columns hold it; the fields are those of `_SCHEMA`."""

    code: str
    severity: str
    line: int | None
    column: int | None
    pointer: str | None
    entry: int | None
    field: str | None
    value: str | None
    message: str
    fix: str


assert list(_SCHEMA) == [each.name for each in fields(Finding)] == list(_Row._fields)


def write_findings(collector: Collector, places: Places, folder: Path) -> None:
    """Render the samples and write them, in the order of the file."""
    rows = sorted((_row(sample, places) for sample in collector.samples), key=_file_order)
    values = zip(*rows, strict=True) if rows else [()] * len(_SCHEMA)
    columns = {
        name: _column(list(each), kind)
        for (name, kind), each in zip(_SCHEMA.items(), values, strict=True)
    }
    pl.DataFrame(columns).write_ipc(folder / FINDINGS, compression="uncompressed")


def _row(sample: Sample, places: Places) -> _Row:
    fault, where = sample.fault, sample.where
    rule = RULES[fault.code]
    line, column = where.line, where.column
    if where.offset is not None:
        line, column = places[where.offset]
    return _Row(
        fault.code,
        rule.severity,
        line,
        column,
        where.pointer,
        sample.entry,
        _field_of(fault.path),
        shown(fault.value),
        rule.say(fault.details),
        rule.fix,
    )


def _field_of(path: FaultPath) -> str | None:
    """Name the field a path leads to, as a person writes it."""
    return ".".join(str(step) for step in path) or None


def _file_order(row: _Row) -> tuple[int, int, int, int]:
    entry = -1 if row.entry is None else row.entry
    return entry, row.line or 0, row.column or 0, ORDER[row.code]


def _column(values: list[object], dtype: pl.DataType) -> pl.Series:
    try:
        return pl.Series(values, dtype=dtype)
    except UnicodeEncodeError:
        return pl.Series(list(map(_clean, values)), dtype=dtype)


def _clean(value: object) -> object:
    """Write out half surrogates, which no column can hold."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def read_findings(frame: pl.DataFrame) -> tuple[Finding, ...]:
    """Turn rows back into findings."""
    return tuple(
        Finding(**{**row, "severity": Severity(row["severity"])})
        for row in frame.iter_rows(named=True)
    )


def write_marks(collector: Collector, folder: Path) -> None:
    """Write entry and code of every finding that has an entry, sorted by entry."""
    frame = pl.DataFrame(
        {
            "entry": pl.Series(collector.entries, dtype=pl.UInt32),
            "code": pl.Series(collector.codes, dtype=pl.UInt8),
        }
    )
    frame.sort("entry", maintain_order=True).write_ipc(folder / MARKS, compression="uncompressed")


def codes_between(marks: pl.DataFrame, first: int, last: int) -> dict[int, tuple[str, ...]]:
    """Return the codes of entries from `first` to `last`, worst first."""
    low = marks["entry"].search_sorted(first, side="left")
    high = marks["entry"].search_sorted(last, side="right")
    found: dict[int, set[str]] = {}
    for entry, code in marks.slice(low, high - low).iter_rows():
        found.setdefault(entry, set()).add(CODES[code])
    return {entry: tuple(sorted(codes, key=ORDER.__getitem__)) for entry, codes in found.items()}
