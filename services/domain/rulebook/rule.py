"""The shape of one rule: a finding code with everything a person needs to know about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.domain.findings import Severity


class Fix(StrEnum):
    """The machine fixes a person can preview, apply and undo."""

    TRIM = "trim"
    PERCENT_ENCODE = "percent-encode"
    DROP_DUPLICATE = "drop-duplicate"
    RENAME_KEY = "rename-key"
    RETYPE = "retype"
    RENUMBER = "renumber"
    PARSE_DATETIME = "parse-datetime"
    CASE_ENUM = "case-enum"
    REMOVE_KEY = "remove-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One finding code. Codes are a public contract: they are never renamed or reused."""

    code: str
    severity: Severity
    #: A few words, as a heading over its findings.
    title: str
    #: When the finding is made.
    what: str
    #: What would happen at Encord, or why nobody can tell.
    why: str
    #: The smallest input that has it.
    example: str
    #: What a person does about it, in one sentence.
    fix: str
    #: The message of one finding; `{names}` are filled from the finding's details.
    message: str
    fixes: tuple[Fix, ...] = ()

    def say(self, details: Mapping[str, object]) -> str:
        """Render the message of one finding."""
        return self.message.format_map(_Details(details))


class _Details(dict[str, object]):
    """Details of a finding; one that was not given reads as an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "..."


def error(code: str, title: str, *fixes: Fix, **texts: str) -> Rule:
    """Write down a rule that holds its entry back."""
    return _rule(code, Severity.ERROR, title, fixes, texts)


def warning(code: str, title: str, *fixes: Fix, **texts: str) -> Rule:
    """Write down a rule that lets its entry pass."""
    return _rule(code, Severity.WARNING, title, fixes, texts)


def info(code: str, title: str, **texts: str) -> Rule:
    """Write down something worth knowing."""
    return _rule(code, Severity.INFO, title, (), texts)


def _rule(
    code: str, severity: Severity, title: str, fixes: tuple[Fix, ...], texts: Mapping[str, str]
) -> Rule:
    return Rule(
        code=code,
        severity=severity,
        title=title,
        fixes=fixes,
        what=texts["what"],
        why=texts["why"],
        example=texts["example"],
        fix=texts["fix"],
        message=texts["message"],
    )
