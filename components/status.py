"""One map from what the services say to the word, icon and color a person sees."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

import streamlit as st

from components.text import number
from services.domain.bucket_checks import CheckVerdict
from services.domain.findings import Severity
from services.domain.outcomes import Outcome
from services.domain.runs import STALLED_AFTER, AttemptState, RunState
from services.domain.verification import Stage, Verdict
from services.ledger.buckets import TrialState
from services.ledger.views import Counts, RunFilter, RunView

Color = Literal["red", "orange", "blue", "green", "gray"]

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
SILENT: Final = Status("No news", ":material/hourglass_disabled:", "orange")

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

#: Every look that a run can have, by its word.
RUN_LOOKS: Final = {
    look.word: look for look in (*RUN_STATES.values(), COMPLETE_WITH_FAILURES, STALLED)
}
#: Word to the runs that look so.
RUN_FILTERS: Final = {
    **{look.word: RunFilter(state=state) for state, look in RUN_STATES.items()},
    RUN_STATES[RunState.COMPLETE].word: RunFilter(state=RunState.COMPLETE, with_failures=False),
    COMPLETE_WITH_FAILURES.word: RunFilter(state=RunState.COMPLETE, with_failures=True),
    RUN_STATES[RunState.PROCESSING].word: RunFilter(state=RunState.PROCESSING, stalled=False),
    STALLED.word: RunFilter(state=RunState.PROCESSING, stalled=True),
}

#: Attempts to upload a chunk, by the words of the ledger.
UPLOADS: Final[dict[str, Status]] = {
    AttemptState.INTENT: Status("Not sent yet", ":material/schedule:", "gray"),
    AttemptState.SENDING: Status("Sending", RUNNING, "blue"),
    AttemptState.ACKED: Status("Taken", RUNNING, "blue"),
    AttemptState.FINISHED: Status("Finished", ":material/check_circle:", "green"),
    AttemptState.ADOPTED: Status("Adopted", ":material/check_circle:", "green"),
    AttemptState.REJECTED: Status("Refused", ":material/error:", "red"),
    AttemptState.NOT_SENT: Status("Not sent", ":material/error:", "red"),
    AttemptState.UNKNOWN: Status("Unknown", ":material/help:", "orange"),
    AttemptState.ABANDONED: Status("Abandoned", ":material/cancel:", "gray"),
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
    CheckVerdict.PASS: Status("Pass", ":material/check_circle:", "green"),
    CheckVerdict.WARN: Status("Warn", ":material/warning:", "orange"),
    CheckVerdict.FAIL: Status("Fail", ":material/error:", "red"),
    CheckVerdict.NOT_CHECKED: Status("Not checked", ":material/help:", "gray"),
}

#: Trials of an integration.
TRIALS: Final = {
    TrialState.RUNNING: Status("Under way", RUNNING, "blue"),
    TrialState.PROVEN: Status("Proven", ":material/check_circle:", "green"),
    TrialState.FAILED: Status("Not proven", ":material/error:", "red"),
    TrialState.UNKNOWN: Status("Not known", ":material/help:", "orange"),
    TrialState.INTERRUPTED: Status("Interrupted", ":material/warning:", "orange"),
}

#: What a browser does with a page's request, by whether it lets it pass.
BROWSER: Final = {
    True: Status("Allows", ":material/check_circle:", "green"),
    False: Status("Refuses", ":material/block:", "red"),
}

#: Verdicts of a verification, by the words of its rows.
VERDICTS: Final[dict[str, Status]] = {
    Verdict.MATCHED: Status("Matched", ":material/check_circle:", "green"),
    Verdict.MISSING: Status("Missing", ":material/error:", "red"),
    Verdict.WRONG_TYPE: Status("Wrong type", ":material/category:", "orange"),
    Verdict.WRONG_METADATA: Status("Wrong metadata", ":material/data_object:", "orange"),
    Verdict.FRAMES_DIFFER: Status("Frames differ", ":material/burst_mode:", "orange"),
    Verdict.AMBIGUOUS: Status("Ambiguous", ":material/alt_route:", "orange"),
    Verdict.UNEXPECTED: Status("Unexpected", ":material/help:", "orange"),
    Verdict.DUPLICATE: Status("Duplicate", ":material/content_copy:", "orange"),
}

#: Where a missing entry stopped, by the words of a verification's rows.
STAGES: Final[dict[str, Status]] = {
    Stage.NEVER_SENT: Status("Never sent", ":material/schedule:", "orange"),
    Stage.FAILED: Status("Failed", ":material/error:", "red"),
    Stage.CANCELLED: Status("Cancelled", ":material/cancel:", "orange"),
    Stage.NOT_LINKED: Status("Registered but not linked", ":material/link_off:", "orange"),
    Stage.OTHER_FOLDER: Status("Not in this folder", ":material/folder_off:", "orange"),
    Stage.UNKNOWN: Status("Not known", ":material/help:", "orange"),
}


class StepState(StrEnum):
    """Where a step of the onboarding stands."""

    DONE = "done"
    CURRENT = "current"
    BLOCKED = "blocked"
    LATER = "later"
    OPTIONAL = "optional"


STEPS: Final = {
    StepState.DONE: Status("Done", ":material/check_circle:", "green"),
    StepState.CURRENT: Status("Next", ":material/arrow_circle_right:", "blue"),
    StepState.BLOCKED: Status("Blocked", ":material/block:", "red"),
    StepState.LATER: Status("Later", ":material/schedule:", "gray"),
    StepState.OPTIONAL: Status("Optional", ":material/circle:", "gray"),
}

#: Entries of a manifest.
READY: Final = Status("Ready", ":material/check_circle:", "green")
TO_FIX: Final = Status("To fix", ":material/error:", "red")

SANDBOX: Final = Status("Sandbox", ":material/science:", "orange")
DEMO_DATA: Final = Status("Demo data", ":material/dataset:", "gray")
ENCORD: Final = Status("Encord", ":material/check_circle:", "green")
OWN_DOMAIN: Final = Status("Own domain", ":material/check_circle:", "green")
KEY_FORGOTTEN: Final = Status("Key forgotten", ":material/key_off:", "orange")
STARTING: Final = Status("Starting the sandbox", RUNNING, "gray")
NOT_CONNECTED: Final = Status("Not connected", ":material/link_off:", "gray")
#: What is chosen among several: a connection, a scenario.
IN_USE: Final = Status("In use", ":material/check_circle:", "green")

_ALERTS: Final = {"green": st.success, "orange": st.warning, "red": st.error}


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


def badge(status: Status, words: str = "") -> None:
    """Draw a status; by other words than its own, such as how many there are."""
    st.badge(words or status.word, icon=status.icon, color=status.color)


def inline(status: Status) -> str:
    """Write a status as a badge within a text."""
    return f":{status.color}-badge[{status.icon} {status.word}]"


def counted(status: Status, value: int) -> None:
    """Draw how many have a status."""
    badge(status, f"{number(value)} {status.word.lower()}")


def alert(status: Status, body: str) -> None:
    """Say what a status means here, in an alert of its color. The text static, or `text.code`."""
    _ALERTS.get(status.color, st.info)(body, title=status.word, icon=status.icon)
