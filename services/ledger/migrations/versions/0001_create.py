"""Create the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "bucket_check",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("bucket", sa.String(length=222), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "account", "bucket"),
    )
    op.create_table(
        "event",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=True),
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attempt", sa.String(length=32), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index(op.f("ix_event_run"), "event", ["run"], unique=False)
    op.create_table(
        "holder",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "connection"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("idem", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=10), server_default="submit", nullable=False),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("about", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("problem_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("connection_label", sa.Text(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.String(length=64), nullable=False),
        sa.Column("manifest_name", sa.Text(), nullable=False),
        sa.Column("check_options", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=True),
        sa.Column("folder_uuid", sa.String(length=36), nullable=True),
        sa.Column("folder_name", sa.Text(), nullable=False),
        sa.Column("folder_description", sa.Text(), nullable=False),
        sa.Column("integration", sa.String(length=64), nullable=False),
        sa.Column("integration_title", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=True),
        sa.Column("dataset_title", sa.Text(), nullable=True),
        sa.Column("dataset_description", sa.Text(), server_default="", nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("registered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("already_there", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancelled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unknown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("still_failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("chunks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("chunks_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("progress_at", sa.String(length=32), nullable=True),
        sa.Column("adopted_job", sa.String(length=64), nullable=True),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.Column("root", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("receipt", sa.String(length=32), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("heard_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idem"),
    )
    op.create_index(op.f("ix_run_about"), "run", ["about"], unique=False)
    op.create_index(op.f("ix_run_created_at"), "run", ["created_at"], unique=False)
    op.create_index(op.f("ix_run_root"), "run", ["root"], unique=False)
    op.create_index("run_state", "run", ["state", "created_at"], unique=False)
    op.create_table(
        "trial",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("idem", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("integration", sa.String(length=64), nullable=False),
        sa.Column("integration_title", sa.Text(), nullable=False),
        sa.Column("bucket", sa.String(length=222), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("folder_uuid", sa.String(length=36), nullable=True),
        sa.Column("clean", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.String(length=32), nullable=False),
        sa.Column("heard_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idem"),
    )
    op.create_index(
        "one_running_trial",
        "trial",
        ["connection", "integration", "bucket"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("trial_of", "trial", ["connection", "bucket", "begun_at"], unique=False)
    op.create_table(
        "outcome",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.BigInteger(), nullable=True),
        sa.Column("url_count", sa.Integer(), nullable=False),
        sa.Column("item_uuid", sa.String(length=36), nullable=True),
        sa.Column("job_id", sa.String(length=64), nullable=True),
        sa.Column("subtask_uuid", sa.String(length=64), nullable=True),
        sa.Column("superseded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"]),
        sa.PrimaryKeyConstraint("run", "entry"),
    )
    op.create_index(op.f("ix_outcome_item_uuid"), "outcome", ["item_uuid"], unique=False)
    op.create_index(op.f("ix_outcome_url_key"), "outcome", ["url_key"], unique=False)
    op.create_index(
        "outcome_entry", "outcome", ["root", "entry", "rank", "generation"], unique=False
    )
    op.create_index("outcome_order", "outcome", ["root", "superseded", "entry"], unique=False)
    op.create_index(
        "outcome_rank", "outcome", ["root", "superseded", "rank", "entry", "cause"], unique=False
    )
    op.create_index("outcome_title", "outcome", ["title"], unique=False)
    op.create_table(
        "progress",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"]),
        sa.PrimaryKeyConstraint("run", "at"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("dataset_uuid", sa.String(length=36), nullable=True),
        sa.Column("dataset_title", sa.Text(), nullable=True),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder_uuid", sa.String(length=36), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("rows_sha256", sa.String(length=64), nullable=False),
        sa.Column("earlier", sa.String(length=32), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_receipt_run"), "receipt", ["run"], unique=False)
    op.create_table(
        "tally",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("family", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"]),
        sa.PrimaryKeyConstraint("run", "family", "rank", "cause"),
    )
    op.create_table(
        "words",
        sa.Column("root", sa.String(length=32), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["root"], ["run.id"]),
        sa.PrimaryKeyConstraint("root", "first"),
    )
    op.create_table(
        "work",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("idem", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.String(length=64), server_default="", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.Float(), server_default="0", nullable=False),
        sa.Column("next_at", sa.Float(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entries", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("url_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("units_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("units_error", sa.Integer(), server_default="0", nullable=False),
        sa.Column("units_cancelled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("problem_detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idem"),
        sa.UniqueConstraint("run", "kind", "seq"),
    )
    op.create_index("work_due", "work", ["state", "next_at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.Float(), server_default="0", nullable=False),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["work"], ["work.id"]),
        sa.PrimaryKeyConstraint("token"),
        sa.UniqueConstraint("result"),
        sa.UniqueConstraint("work", "n"),
    )
    op.create_index(
        "one_open_attempt",
        "attempt",
        ["work"],
        unique=True,
        sqlite_where=sa.text("state IN ('intent', 'sending', 'unknown', 'acked')"),
        postgresql_where=sa.text("state IN ('intent', 'sending', 'unknown', 'acked')"),
    )
    op.create_table(
        "answer",
        sa.Column("attempt", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempt.token"]),
        sa.PrimaryKeyConstraint("attempt"),
    )
    op.create_table(
        "schema_snapshot",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("snapshot_order", "schema_snapshot", ["connection", "at"], unique=False)
