"""One map from what the services say to the word, icon and color a person sees."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import streamlit as st

from services.domain.bucket_checks import Verdict
from services.domain.findings import Severity
from services.domain.outcomes import Outcome
from services.domain.runs import RunState
from services.ledger.views import Counts, RunView

Color = Literal["red", "orange", "blue", "green", "gray"]

#: Without a change for this long, a run that Encord processes is shown as stalled.
STALLED_AFTER: Final = timedelta(hours=2)
#: Without an answer for this long, the page says that there is no news.
SILENT_AFTER: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Status:
    """How one state looks. Never the color alone: the word and the icon say it too."""

    word: str
    icon: str
    color: Color


#: States that a run leaves only when somebody asks for it, and that are not its end.
WAITING_FOR_A_PERSON: Final = frozenset({RunState.NEEDS_ATTENTION, RunState.PAUSED})

RUNNING: Final = ":material/progress_activity:"
COMPLETE_WITH_FAILURES: Final = Status("Complete with failures", ":material/warning:", "orange")
STALLED: Final = Status("Stalled", ":material/hourglass_disabled:", "orange")

RUN_STATES: Final = {
    RunState.QUEUED: Status("Queued", ":material/schedule:", "gray"),
    RunState.SUBMITTING: Status("Submitting", RUNNING, "blue"),
    RunState.PROCESSING: Status("Processing", RUNNING, "blue"),
    RunState.LINKING: Status("Linking", RUNNING, "blue"),
    RunState.VERIFYING: Status("Verifying", RUNNING, "blue"),
    RunState.PAUSED: Status("Paused", ":material/pause_circle:", "gray"),
    RunState.COMPLETE: Status("Complete", ":material/check_circle:", "green"),
    RunState.NEEDS_ATTENTION: Status("Needs attention", ":material/front_hand:", "orange"),
    RunState.CANCELLING: Status("Cancelling", RUNNING, "gray"),
    RunState.CANCELLED: Status("Cancelled", ":material/cancel:", "gray"),
    RunState.FAILED: Status("Failed", ":material/error:", "red"),
}

OUTCOMES: Final = {
    Outcome.REGISTERED: Status("Registered", ":material/check_circle:", "green"),
    Outcome.ALREADY_THERE: Status("Already there", ":material/done_all:", "green"),
    Outcome.PENDING: Status("Waiting", ":material/schedule:", "gray"),
    Outcome.CANCELLED: Status("Cancelled", ":material/cancel:", "gray"),
    Outcome.FAILED: Status("Failed", ":material/error:", "red"),
    Outcome.UNKNOWN: Status("Unknown", ":material/help:", "orange"),
}

SEVERITIES: Final = {
    Severity.ERROR: Status("Error", ":material/error:", "red"),
    Severity.WARNING: Status("Warning", ":material/warning:", "orange"),
    Severity.INFO: Status("Note", ":material/info:", "blue"),
}

#: Verdicts on a bucket's checks.
CHECKS: Final = {
    Verdict.PASS: Status("Pass", ":material/check_circle:", "green"),
    Verdict.WARN: Status("Warn", ":material/warning:", "orange"),
    Verdict.FAIL: Status("Fail", ":material/error:", "red"),
    Verdict.NOT_CHECKED: Status("Not checked", ":material/help:", "gray"),
}

VERDICTS: Final = {
    "matched": Status("Matched", ":material/check_circle:", "green"),
    "missing": Status("Missing", ":material/error:", "red"),
    "wrong type": Status("Wrong type", ":material/category:", "orange"),
    "wrong metadata": Status("Wrong metadata", ":material/data_object:", "orange"),
    "frames differ": Status("Frames differ", ":material/burst_mode:", "orange"),
    "ambiguous": Status("Ambiguous", ":material/alt_route:", "orange"),
    "unexpected": Status("Unexpected", ":material/help:", "orange"),
    "duplicate": Status("Duplicate", ":material/content_copy:", "orange"),
}


def of_run(run: RunView, counts: Counts | None = None, *, now: datetime | None = None) -> Status:
    """Return how a run looks; `counts` after all retries, where the caller has them."""
    failed = counts.failed if counts else run.still_failed
    if run.state is RunState.COMPLETE and failed:
        return COMPLETE_WITH_FAILURES
    if is_stalled(run, now=now):
        return STALLED
    return RUN_STATES[run.state]


def is_active(run: RunView) -> bool:
    """Tell whether a run goes on by itself."""
    return not run.state.is_final and run.state not in WAITING_FOR_A_PERSON


def is_stalled(run: RunView, *, now: datetime | None = None) -> bool:
    """Tell whether nothing has changed for too long while Encord processes a run."""
    last = run.progress_at or run.created_at
    processing = run.state is RunState.PROCESSING and not run.paused
    return processing and (now or datetime.now(UTC)) - last > STALLED_AFTER


def is_silent(run: RunView, *, now: datetime | None = None) -> bool:
    """Tell whether nothing was heard of an active run for too long."""
    last = max(run.heard_at or run.updated_at, run.updated_at)
    return is_active(run) and (now or datetime.now(UTC)) - last > SILENT_AFTER


def badge(status: Status) -> None:
    """Draw a status."""
    st.badge(status.word, icon=status.icon, color=status.color)
