"""Findings: what a check says about a manifest, as data. Texts are rendered from the rule."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: only an error holds its entry back."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing the check found, with its place and its fix."""

    code: str
    severity: Severity
    #: 1-based physical line and column in the file; None when the finding is about the whole file.
    line: int | None
    column: int | None
    #: RFC 6901 pointer into the JSON document, or `/<entry>/<field>` for CSV.
    pointer: str | None
    #: 0-based entry; None when the finding is about the file.
    entry: int | None
    field: str | None
    #: The offending value, cut at 200 characters.
    value: str | None
    message: str
    #: What to do about it, in one sentence.
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Exact counts of one check; findings themselves are sampled."""

    name: str
    #: `json`, `json-wire`, `jsonl`, `csv-encord` or `csv`.
    format: str
    bytes: int
    #: SHA-256 of the file's bytes, hex.
    fingerprint: str
    entries: int
    urls: int
    valid_entries: int
    by_type: dict[str, int]
    counts: dict[str, int]
    samples_per_code: int

    @property
    def held_entries(self) -> int:
        """Entries that have an error and would be held back."""
        return self.entries - self.valid_entries
