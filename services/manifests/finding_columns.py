"""Findings and marks on disk: samples as rows, and for every finding its entry and code."""

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Final

import polars as pl

from services.domain.findings import Finding, Severity
from services.domain.rules import ORDER
from services.manifests.collector import CODES, Collector

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


def write_findings(findings: Iterable[Finding], folder: Path) -> None:
    """Write the samples."""
    kept = list(findings)
    columns = {name: _column(list(map(attrgetter(name), kept)), _SCHEMA[name]) for name in _SCHEMA}
    pl.DataFrame(columns).write_ipc(folder / FINDINGS, compression="uncompressed")


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
