"""Write a report: one JSON object, or one CSV row per kept finding."""

import csv
import json
from pathlib import Path
from typing import Final

import polars as pl

from services.domain.findings import Summary
from services.manifests.csv_values import neutralized

_TEXTS: Final = ("value", "message", "field", "pointer")


def report_of(summary: Summary) -> dict[str, object]:
    """Return the head of a report: everything but the findings."""
    manifest = {
        "name": summary.name,
        "format": summary.format,
        "bytes": summary.bytes,
        "fingerprint": summary.fingerprint,
    }
    return {
        "manifest": manifest,
        "entries": summary.entries,
        "urls": summary.urls,
        "by_type": summary.by_type,
        "valid_entries": summary.valid_entries,
        "counts": summary.counts,
        "samples_per_code": summary.samples_per_code,
    }


def write_report(summary: Summary, findings: pl.DataFrame, target: Path) -> None:
    """Write the report in the form its name asks for."""
    if target.suffix.lower() == ".csv":
        _write_csv(findings, target)
    else:
        report = {**report_of(summary), "findings": findings.to_dicts()}
        text = json.dumps(report, ensure_ascii=False, indent=2)
        target.write_text(text + "\n", encoding="utf-8")


def _write_csv(findings: pl.DataFrame, target: Path) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(findings.columns)
        for row in findings.iter_rows(named=True):
            writer.writerow(
                neutralized(value) if name in _TEXTS and value is not None else value
                for name, value in row.items()
            )
