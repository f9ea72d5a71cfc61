"""A run: the submission of a manifest, its states, and what it is asked to do.

State and history are two things. The state is derived from the work that remains; the history is
the ledger's append-only events.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import orjson

from services.domain.chunks import MAX_ENTRIES, Ranges


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    PROCESSING = "processing"
    LINKING = "linking"
    VERIFYING = "verifying"
    PAUSED = "paused"
    COMPLETE = "complete"
    NEEDS_ATTENTION = "needs attention"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen unless somebody asks for it."""
        return self in FINAL


FINAL: Final = (RunState.COMPLETE, RunState.CANCELLED, RunState.FAILED)

#: Without a change for this long, a run that Encord processes is stalled.
STALLED_AFTER: Final = timedelta(hours=2)


class WorkKind(StrEnum):
    """What a piece of work does, in the order in which a run needs it."""

    #: Cut the manifest into chunks.
    PLAN = "plan"
    #: Make sure the folder exists.
    FOLDER = "folder"
    #: Send one chunk as an upload job and follow the job.
    CHUNK = "chunk"
    #: List the folder and match its items to entries by URL.
    MATCH = "match"
    #: Write down what a task is about.
    EXPECT = "expect"
    #: Make sure the dataset exists.
    DATASET = "dataset"
    #: Link one slice of the run's items.
    LINK = "link"
    #: Take one slice of rows out of the dataset.
    UNLINK = "unlink"
    #: Compare what was asked for with what Encord lists.
    VERIFY = "verify"
    #: Rebuild a run from what a folder holds.
    RESCUE = "rescue"
    #: Tell somebody outside what became of the run; no part of the run itself.
    NOTIFY = "notify"


class WorkState(StrEnum):
    """Where a piece of work stands."""

    #: Something before it is not done yet.
    WAITING = "waiting"
    OPEN = "open"
    DONE = "done"
    #: Held back by a person; nothing of it was sent.
    PAUSED = "paused"
    #: Cannot go on without a person; the problem says why.
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """Where one attempt at a request that must not be repeated stands (see `engine.chunk`)."""

    INTENT = "intent"
    SENDING = "sending"
    ACKED = "acked"
    FINISHED = "finished"
    REJECTED = "rejected"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    ADOPTED = "adopted"
    ABANDONED = "abandoned"


#: At most one attempt of a piece of work is in one of these at any time (a database constraint).
OPEN_ATTEMPTS: Final = (
    AttemptState.INTENT,
    AttemptState.SENDING,
    AttemptState.UNKNOWN,
    AttemptState.ACKED,
)


class Problem(StrEnum):
    """Why a run needs attention."""

    RECONNECT = "reconnect"
    NOT_AUTHENTICATED = "not-authenticated"
    NOT_AUTHORIZED = "not-authorized"
    FOLDER_GONE = "folder-gone"
    INTEGRATION_GONE = "integration-gone"
    DATASET_GONE = "dataset-gone"
    ALREADY_LINKED = "already-linked"
    NOTHING_TO_LINK = "nothing-to-link"
    REQUEST_REFUSED = "request-refused"
    MANIFEST_CHANGED = "manifest-changed"
    UNCONFIRMED_GROUPS = "unconfirmed-groups"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderChoice:
    """An existing folder by UUID, or a new one by name."""

    uuid: str | None = None
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetChoice:
    """An existing dataset by UUID, or a new one by title."""

    uuid: str | None = None
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How chunks are sent. The defaults protect people."""

    skip_duplicate_urls: bool = True
    upsert_metadata: bool = False
    max_chunk_entries: int = MAX_ENTRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything a person decided on the Submit page; the same submission is the same run."""

    name: str
    connection: str
    #: Fingerprint of the account's public key: another account must not continue this run.
    account: str
    #: Fingerprint of the manifest; empty when the folder is to say what the run was.
    manifest: str
    #: The check that says which entries are valid, as `CheckOptions.to_json` writes it.
    check: str
    #: Entries to send; None means every valid entry of the manifest.
    entries: Ranges | None = None
    folder: FolderChoice
    integration: str
    integration_title: str
    options: RunOptions = RunOptions()
    dataset: DatasetChoice | None = None
    #: Made when the review is first shown, replaced when the draft changes.
    nonce: str
    created_by: str
    #: The run whose failures this one retries.
    parent: str | None = None
    #: An upload job of these entries that was started elsewhere: followed, not started.
    adopted_job: str | None = None

    @property
    def idem(self) -> str:
        """The key that makes a double click, a second tab and a reload one submission."""
        asked = {
            "account": self.account,
            "folder": asdict(self.folder),
            "integration": self.integration,
            "manifest": self.manifest,
            "options": asdict(self.options),
            "parent": self.parent,
            "adopted_job": self.adopted_job,
            "nonce": self.nonce,
        }
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
