"""Findings: what a check says about a manifest, as data. Texts are rendered from the rule."""

from dataclasses import dataclass, field
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
class FindingGroup:
    """All findings of one code, as a heading with examples."""

    code: str
    severity: Severity
    #: Exact, however many samples are kept.
    count: int
    title: str
    fix: str
    #: Up to five.
    samples: tuple[Finding, ...]
    #: Names of the machine fixes that apply.
    fixes: tuple[str, ...] = ()


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
    #: How many findings are errors.
    errors: int = 0
    #: As detected: `utf-8`, `utf-16-le` ...
    encoding: str = "utf-8"
    #: The cell separator of a CSV.
    delimiter: str | None = None
    #: What a person should know about how the file was read, in sentences.
    notes: tuple[str, ...] = ()
    #: The document's own flags, as far as it sets them.
    flags: dict[str, bool] = field(default_factory=dict)

    @property
    def held_entries(self) -> int:
        """Entries that have an error and would be held back."""
        return self.entries - self.valid_entries

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that holds entries or the file back."""
        return self.errors > 0
