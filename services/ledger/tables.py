"""The ledger's tables. The constraints here are what makes a run safe; code only obeys them.

`lease_until`, `next_at` and `sent_at` are seconds of the ledger's own clock (`clock`), never wall
time. Times a person reads are ISO 8601 in UTC.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.domain.runs import OPEN_ATTEMPTS

METADATA: Final = MetaData()

#: SQLite grows a 64-bit key only from a column declared INTEGER.
SERIAL: Final = BigInteger().with_variant(Integer, "sqlite")

META: Final = Table(
    "meta",
    METADATA,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

RUN: Final = Table(
    "run",
    METADATA,
    Column("id", String(32), primary_key=True),
    #: One submission, one run: see `Submission.idem`.
    Column("idem", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    #: A submission, or a task about what is in Encord already (`Purpose`).
    Column("purpose", String(10), nullable=False, server_default="submit"),
    #: What a task links or verifies, as `Question.to_json` writes it.
    Column("question", Text, nullable=False, server_default=""),
    #: The run that a task is about, should it be about one.
    Column("about", String(32), index=True),
    Column("state", String(20), nullable=False),
    Column("problem", String(40)),
    Column("problem_detail", Text, nullable=False, server_default=""),
    Column("connection", String(64), nullable=False),
    Column("connection_label", Text, nullable=False),
    Column("account", String(64), nullable=False),
    Column("manifest", String(64), nullable=False),
    Column("manifest_name", Text, nullable=False),
    Column("check_options", Text, nullable=False),
    #: The entries to send (`Ranges`); NULL means every valid one.
    Column("selection", Text),
    Column("folder_uuid", String(36)),
    Column("folder_name", Text, nullable=False),
    Column("folder_description", Text, nullable=False),
    Column("integration", String(64), nullable=False),
    Column("integration_title", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("dataset_uuid", String(36)),
    Column("dataset_title", Text),
    Column("dataset_description", Text, nullable=False, server_default=""),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("registered", Integer, nullable=False, server_default="0"),
    Column("already_there", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("cancelled", Integer, nullable=False, server_default="0"),
    Column("unknown", Integer, nullable=False, server_default="0"),
    #: Entries of a first run that fail even after its retries.
    Column("still_failed", Integer, nullable=False, server_default="0"),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    #: Nothing new is sent while this is set; what runs at Encord goes on.
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("chunks", Integer, nullable=False, server_default="0"),
    Column("chunks_done", Integer, nullable=False, server_default="0"),
    #: When the counts last changed: a run whose jobs stand still is stalled.
    Column("progress_at", String(32)),
    #: A job that was started elsewhere and is followed here.
    Column("adopted_job", String(64)),
    Column("parent", String(32), ForeignKey("run.id")),
    #: The first run of the family; its own id for a run that retries nothing.
    Column("root", String(32), nullable=False, index=True),
    #: How many runs of the family came before this one.
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("receipt", String(32)),
    Column("created_by", Text, nullable=False),
    Column("created_at", String(32), nullable=False, index=True),
    Column("updated_at", String(32), nullable=False),
    Column("heard_at", String(32)),
    Index("run_state", "state", "created_at"),
)

WORK: Final = Table(
    "work",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("run", String(32), ForeignKey("run.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    #: Makes a command that is repeated one piece of work.
    Column("idem", String(64), unique=True),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("lease_until", Float, nullable=False, server_default="0"),
    Column("next_at", Float, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("entries", Text, nullable=False, server_default=""),
    Column("entry_count", Integer, nullable=False, server_default="0"),
    Column("url_count", Integer, nullable=False, server_default="0"),
    Column("digest", String(64), nullable=False, server_default=""),
    Column("units_done", Integer, nullable=False, server_default="0"),
    Column("units_error", Integer, nullable=False, server_default="0"),
    Column("units_cancelled", Integer, nullable=False, server_default="0"),
    Column("problem", String(40)),
    Column("problem_detail", Text, nullable=False, server_default=""),
    UniqueConstraint("run", "kind", "seq"),
    Index("work_due", "state", "next_at"),
)

#: Which worker holds which connection's key, and until when it said so (`holders`).
HOLDER: Final = Table(
    "holder",
    METADATA,
    Column("owner", String(64), primary_key=True),
    Column("connection", String(64), primary_key=True),
    Column("until", Float, nullable=False),
)

ATTEMPT: Final = Table(
    "attempt",
    METADATA,
    Column("token", String(32), primary_key=True),
    Column("work", SERIAL, ForeignKey("work.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    #: What Encord called it: a job id, a folder UUID or a dataset UUID.
    Column("result", String(64), unique=True),
    Column("fence", Integer, nullable=False),
    #: The entries this attempt carries (`Ranges`).
    Column("entries", Text, nullable=False, server_default=""),
    Column("sent_at", Float, nullable=False, server_default="0"),
    #: How often the folder was looked at after an unclear answer, and what was there.
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("seen", Integer, nullable=False, server_default="-1"),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("work", "n"),
    Index(
        "one_open_attempt",
        "work",
        unique=True,
        sqlite_where=text(f"state IN {tuple(str(s) for s in OPEN_ATTEMPTS)}"),
        postgresql_where=text(f"state IN {tuple(str(s) for s in OPEN_ATTEMPTS)}"),
    ),
)

#: The last thing Encord said about an attempt, compressed JSON, stored at first sight.
ANSWER: Final = Table(
    "answer",
    METADATA,
    Column("attempt", String(32), ForeignKey("attempt.token"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

OUTCOME: Final = Table(
    "outcome",
    METADATA,
    Column("run", String(32), ForeignKey("run.id"), primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("root", String(32), nullable=False),
    #: 0 for the first run of the family, 1 for its first retry, and so on.
    Column("generation", Integer, nullable=False, server_default="0"),
    #: `Outcome.rank`: the best of a family is the smallest.
    Column("rank", Integer, nullable=False),
    Column("cause", String(40)),
    Column("message", Text, nullable=False, server_default=""),
    Column("type", String(20), nullable=False),
    Column("title", Text),
    Column("url", Text, nullable=False),
    #: `outcomes.url_key` of the URL, so that one object is found however its URL is spelled.
    Column("url_key", BigInteger, index=True),
    Column("url_count", Integer, nullable=False),
    Column("item_uuid", String(36), index=True),
    Column("job_id", String(64)),
    Column("subtask_uuid", String(64)),
    #: Whether another run of the family has a better or newer word on the entry.
    Column("superseded", Boolean, nullable=False, server_default=text("false")),
    Index("outcome_order", "root", "superseded", "entry"),
    Index("outcome_rank", "root", "superseded", "rank", "entry", "cause"),
    Index("outcome_entry", "root", "entry", "rank", "generation"),
    Index("outcome_title", "title"),
)

#: How many outcomes of each kind there are, so that no page counts rows. Counted when outcomes are
#: decided, gone when they change: see `tally`.
TALLY: Final = Table(
    "tally",
    METADATA,
    Column("run", String(32), ForeignKey("run.id"), primary_key=True),
    #: Whether the outcomes are those of the run's whole family, or its own alone.
    Column("family", Boolean, primary_key=True),
    Column("rank", Integer, primary_key=True),
    #: Empty where there is none.
    Column("cause", String(40), primary_key=True),
    Column("entries", Integer, nullable=False),
)

#: What a search looks into first: the words of neighbouring outcomes in one text, see `words`.
WORDS: Final = Table(
    "words",
    METADATA,
    Column("root", String(32), ForeignKey("run.id"), primary_key=True),
    #: The first entry of the block.
    Column("first", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)

#: How far a run was, when; a line for the plot and the estimate, written when counts change.
PROGRESS: Final = Table(
    "progress",
    METADATA,
    Column("run", String(32), ForeignKey("run.id"), primary_key=True),
    Column("at", String(32), primary_key=True),
    Column("settled", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
)

EVENT: Final = Table(
    "event",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("run", String(32), index=True),
    Column("work", SERIAL),
    Column("attempt", String(32)),
    Column("what", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

RECEIPT: Final = Table(
    "receipt",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("run", String(32), ForeignKey("run.id"), nullable=False, index=True),
    Column("dataset_uuid", String(36)),
    Column("dataset_title", Text),
    Column("at", String(32), nullable=False),
    Column("proven", Boolean, nullable=False),
    #: What the receipt is about, in words.
    Column("name", Text, nullable=False),
    Column("folder_uuid", String(36)),
    #: Lines by verdict, as JSON.
    Column("counts", Text, nullable=False),
    Column("rows_sha256", String(64), nullable=False),
    #: The receipt of the same question before this one.
    Column("earlier", String(32)),
    Column("body", Text, nullable=False),
)

#: The last check of a bucket by one identity over one connection.
BUCKET_CHECK: Final = Table(
    "bucket_check",
    METADATA,
    Column("connection", String(64), primary_key=True),
    #: Who asked Google: see `Accounts`.
    Column("account", String(64), primary_key=True),
    Column("bucket", String(222), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("verdict", String(12), nullable=False),
    #: Every check, as JSON.
    Column("body", Text, nullable=False),
)

#: One trial of an integration with one object.
TRIAL: Final = Table(
    "trial",
    METADATA,
    Column("id", String(32), primary_key=True),
    #: One click, one trial.
    Column("idem", String(64), nullable=False, unique=True),
    Column("connection", String(64), nullable=False),
    Column("integration", String(64), nullable=False),
    Column("integration_title", Text, nullable=False),
    Column("bucket", String(222), nullable=False),
    Column("state", String(12), nullable=False),
    Column("folder_uuid", String(36)),
    #: Whether nothing of it is left at Encord.
    Column("clean", Boolean, nullable=False, server_default=text("false")),
    Column("actor", Text, nullable=False),
    Column("begun_at", String(32), nullable=False),
    Column("heard_at", String(32), nullable=False),
    #: Every step, as JSON; written at the end.
    Column("body", Text, nullable=False, server_default="[]"),
    Index(
        "one_running_trial",
        "connection",
        "integration",
        "bucket",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index("trial_of", "connection", "bucket", "begun_at"),
)

#: A metadata schema as Encord answered it, kept before and after each change.
SCHEMA_SNAPSHOT: Final = Table(
    "schema_snapshot",
    METADATA,
    Column("id", String(32), primary_key=True),
    #: Whose view it is: nobody else is shown it.
    Column("connection", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    #: What was about to happen, or had happened.
    Column("reason", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Index("snapshot_order", "connection", "at"),
)
