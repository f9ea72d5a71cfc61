"""Findings and marks on disk: samples as rows, and for every finding its entry and code."""

from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import polars as pl

from services.domain.findings import Finding, Severity
from services.domain.rules import ORDER, RULES
from services.manifests.collector import CODES, Collector, Sample
from services.manifests.faults import Path as FaultPath
from services.manifests.faults import shown

#: Byte offsets to lines and columns.
Places = dict[int, tuple[int, int]]
#: Line, column and what is there.
_Placed = tuple[int | None, int | None, Sample]

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


assert list(_SCHEMA) == [each.name for each in fields(Finding)]


def write_findings(collector: Collector, places: Places, folder: Path) -> None:
    """Render the samples and write them, in the order of the file."""
    kept = sorted(((*_place(each, places), each) for each in collector.samples), key=_file_order)
    samples = [sample for _, _, sample in kept]
    faults = [sample.fault for sample in samples]
    rules = [RULES[fault.code] for fault in faults]
    # Columns at once: a finding as an object takes as long as all that is in it.
    values: dict[str, list[Any]] = {
        "code": [fault.code for fault in faults],
        "severity": [rule.severity for rule in rules],
        "line": [line for line, _, _ in kept],
        "column": [column for _, column, _ in kept],
        "pointer": [sample.where.pointer for sample in samples],
        "entry": [sample.entry for sample in samples],
        "field": [_field_of(fault.path) for fault in faults],
        "value": [shown(fault.value) for fault in faults],
        "message": [rule.say(fault.details) for rule, fault in zip(rules, faults, strict=True)],
        "fix": [rule.fix for rule in rules],
    }
    columns = {name: _column(values[name], kind) for name, kind in _SCHEMA.items()}
    pl.DataFrame(columns).write_ipc(folder / FINDINGS, compression="uncompressed")


def _place(sample: Sample, places: Places) -> tuple[int | None, int | None]:
    where = sample.where
    return (where.line, where.column) if where.offset is None else places[where.offset]


def _field_of(path: FaultPath) -> str | None:
    """Name the field a path leads to, as a person writes it."""
    return ".".join(str(step) for step in path) or None


def _file_order(kept: _Placed) -> tuple[int, int, int, int]:
    line, column, sample = kept
    entry = -1 if sample.entry is None else sample.entry
    return entry, line or 0, column or 0, ORDER[sample.fault.code]


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
