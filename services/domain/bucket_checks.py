"""What is checked about a bucket, and the verdicts: without an answer nothing passes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CheckVerdict(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    #: No answer, or none that decides; never a quiet pass.
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketCheck:
    """One check of a bucket."""

    #: Stable name, e.g. `requester-pays`.
    code: str
    title: str
    verdict: CheckVerdict
    #: What was asked, of what.
    asked: str
    #: What came back; may hold text of others.
    got: str
    #: What has to be true instead; empty when all is well.
    needed: str = ""
    #: A command to paste that makes or shows it; empty when there is none.
    command: str = ""


def worst(checks: Iterable[BucketCheck]) -> CheckVerdict:
    """Return the verdict on all: fail, then not checked, then warn; nothing checked is no pass."""
    found = {check.verdict for check in checks}
    order = (CheckVerdict.FAIL, CheckVerdict.NOT_CHECKED, CheckVerdict.WARN, CheckVerdict.PASS)
    return next((verdict for verdict in order if verdict in found), CheckVerdict.NOT_CHECKED)
