"""What pages read from the ledger: immutable snapshots, small whatever the size of the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.domain.outcomes import Cause, Outcome
from services.domain.runs import Problem, RunState
from services.domain.tasks import Purpose
from services.domain.verification import Verdict, expected_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Entries of a run by what became of them. They add up to `entries`."""

    entries: int = 0
    registered: int = 0
    already_there: int = 0
    failed: int = 0
    cancelled: int = 0
    unknown: int = 0

    @property
    def arrived(self) -> int:
        """Entries whose item is in Encord."""
        return self.registered + self.already_there

    @property
    def settled(self) -> int:
        """Entries whose outcome is known or known to be unknown."""
        return self.arrived + self.failed + self.cancelled + self.unknown

    @property
    def pending(self) -> int:
        """Entries still to be settled."""
        return self.entries - self.settled


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as a page shows it."""

    id: str
    name: str
    purpose: Purpose = Purpose.SUBMIT
    #: The run that a task is about.
    about: str | None = None
    state: RunState
    problem: Problem | None
    #: What happened, in a sentence; empty unless `problem`.
    problem_detail: str
    manifest: str
    manifest_name: str
    connection: str
    connection_label: str
    folder_uuid: str | None
    folder_name: str
    integration: str
    integration_title: str
    dataset_uuid: str | None
    dataset_title: str | None
    #: This run's own entries; progress while it runs comes from the jobs' unit counts.
    counts: Counts
    #: Entries that fail even after the retries of this run.
    still_failed: int
    chunks: int
    chunks_done: int
    paused: bool
    #: When the counts last changed.
    progress_at: datetime | None
    adopted_job: str | None
    #: Entries held back from the manifest because they have errors.
    held: int
    parent: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    #: When Encord last answered about this run; None before the first answer.
    heard_at: datetime | None
    receipt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs are looked for: by their state, and by what a state alone does not say."""

    state: RunState
    #: Those with entries that fail even after retries, or those without; None for both.
    with_failures: bool | None = None
    #: Those in which nothing has changed for `STALLED_AFTER`, or the others; None for both.
    stalled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderView:
    """A folder that runs went to, by the name the newest of them knew."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGroup:
    """Failures with one cause: what a person fixes once."""

    cause: Cause
    count: int
    #: Up to five (URL, Encord's message, reference) examples.
    samples: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One entry's outcome."""

    entry: int
    type: str
    title: str | None
    url: str
    url_count: int
    outcome: Outcome
    cause: str | None
    message: str
    item_uuid: str | None
    job_id: str | None
    subtask_uuid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One line of a run's history."""

    seq: int
    at: datetime
    actor: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """One verification's record."""

    id: str
    run: str
    run_name: str
    dataset_uuid: str | None
    dataset_title: str | None
    at: datetime
    #: Whether everything expected arrived, once, and nothing is ambiguous.
    proven: bool
    #: What was verified, in words.
    name: str
    folder_uuid: str | None
    #: Lines by verdict.
    counts: Mapping[str, int]
    rows_sha256: str
    #: The receipt of the same question before this one.
    earlier: str | None

    @property
    def expected(self) -> int:
        """Everything that was asked for."""
        return expected_in(self.counts)

    @property
    def matched(self) -> int:
        """What arrived, once, as it was asked for."""
        return self.counts.get(Verdict.MATCHED, 0)

    @property
    def lines(self) -> int:
        """Rows of the result: what was asked for, and strangers."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView:
    """All runs at a glance."""

    runs: int
    active: int
    #: Entries registered, over all runs.
    registered: int
    failed: int
