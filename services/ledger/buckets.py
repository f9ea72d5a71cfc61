"""What is remembered of buckets: the last check of each, every trial, what was last proven.

Everything is asked for by connection, so that nobody sees what another person's key found.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Final

import orjson
from sqlalchemy import Connection, Row, bindparam, select, update

from services.domain.bucket_checks import BucketCheck, CheckVerdict, worst
from services.domain.outcomes import Outcome
from services.domain.urls import bucket_of
from services.ledger.dialect import insert_into
from services.ledger.events import record, utc_now
from services.ledger.store import Ledger
from services.ledger.tables import BUCKET_CHECK, OUTCOME, RUN, TRIAL

#: A trial that was not heard of for this long has ended with its process.
SILENT_AFTER: Final = timedelta(minutes=10)
_OFFERED: Final = 50


class TrialState(StrEnum):
    """Where a trial stands."""

    RUNNING = "running"
    PROVEN = "proven"
    FAILED = "failed"
    #: It ended without an answer that decides.
    UNKNOWN = "not known"
    #: The process that made it ended first; what it left behind can be cleaned up.
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBucket:
    """The last check of a bucket."""

    bucket: str
    at: datetime
    verdict: CheckVerdict
    checks: tuple[BucketCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """One trial as a page shows it."""

    id: str
    integration: str
    integration_title: str
    bucket: str
    state: TrialState
    clean: bool
    begun_at: datetime
    steps: tuple[BucketCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That an integration really delivered from a bucket, and when it last did."""

    integration: str
    bucket: str
    at: datetime


class BucketRecords:
    """The ledger's pages about buckets."""

    def __init__(self, ledger: Ledger) -> None:
        """Take the ledger."""
        self._ledger = ledger

    def note_check(
        self,
        checks: Sequence[BucketCheck],
        *,
        connection: str,
        account: str,
        bucket: str,
        actor: str,
    ) -> None:
        """Remember a check that came to its end, in place of the one before."""
        values = {
            "at": utc_now(),
            "actor": actor,
            "verdict": worst(checks),
            "body": _written(checks),
        }
        key = {"connection": connection, "account": account, "bucket": bucket}
        with self._ledger.transaction() as cx:
            statement = insert_into(cx, BUCKET_CHECK).values(**key, **values)
            cx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))

    def last_check(self, *, connection: str, account: str, bucket: str) -> CheckedBucket | None:
        """Return the last check of a bucket by this identity."""
        with self._ledger.reading() as cx:
            row = cx.execute(
                select(BUCKET_CHECK).where(
                    BUCKET_CHECK.c.connection == connection,
                    BUCKET_CHECK.c.account == account,
                    BUCKET_CHECK.c.bucket == bucket,
                )
            ).one_or_none()
        return _checked(row) if row else None

    def checked(self, connection: str, accounts: Sequence[str]) -> list[CheckedBucket]:
        """List the buckets checked over a connection by these identities, the last one first."""
        with self._ledger.reading() as cx:
            rows = cx.execute(
                select(BUCKET_CHECK)
                .where(
                    BUCKET_CHECK.c.connection == connection,
                    BUCKET_CHECK.c.account.in_(accounts),
                )
                .order_by(BUCKET_CHECK.c.at.desc())
                .limit(_OFFERED)
            )
            return [_checked(row) for row in rows]

    def note_cors(self, bucket: str, *, actor: str) -> None:
        """Record that somebody changed a bucket's CORS rules from here."""
        with self._ledger.transaction() as cx:
            record(cx, "cors applied", actor=actor, detail=bucket)

    def begin_trial(
        self,
        *,
        nonce: str,
        connection: str,
        integration: str,
        title: str,
        bucket: str,
        actor: str,
    ) -> str | None:
        """Claim a trial and return its id; None when the same click or another tab has it.

        One trial of an integration and a bucket runs at a time; a silent one is ended first.
        """
        made = token_hex(16)
        now = utc_now()
        with self._ledger.transaction() as cx:
            _end_silent(cx)
            claimed = cx.execute(
                insert_into(cx, TRIAL)
                .values(
                    id=made,
                    idem=f"{connection[:24]} {nonce}",
                    connection=connection,
                    integration=integration,
                    integration_title=title,
                    bucket=bucket,
                    state=TrialState.RUNNING,
                    actor=actor,
                    begun_at=now,
                    heard_at=now,
                )
                .on_conflict_do_nothing()
            )
            if not claimed.rowcount:
                return None
            record(cx, "trial begun", actor=actor, detail=f"{title} on {bucket}")
        return made

    def note_folder(self, trial: str, folder: str) -> None:
        """Remember what a trial made at Encord."""
        self._set(trial, folder_uuid=folder, heard_at=utc_now())

    def note_alive(self, trial: str) -> None:
        """Remember that a trial goes on."""
        self._set(trial, heard_at=utc_now())

    def note_clean(self, trial: str) -> None:
        """Remember that nothing of a trial is left at Encord."""
        self._set(trial, clean=True)

    def folder_of(self, trial: str) -> str | None:
        """Return the folder a trial made, as far as its id was heard of."""
        with self._ledger.reading() as cx:
            found = cx.scalar(select(TRIAL.c.folder_uuid).where(TRIAL.c.id == trial))
            return str(found) if found else None

    def end_trial(self, trial: str, state: TrialState, steps: Sequence[BucketCheck]) -> None:
        """Write how a trial ended."""
        now = utc_now()
        with self._ledger.transaction() as cx:
            cx.execute(
                update(TRIAL)
                .where(TRIAL.c.id == trial)
                .values(state=state, body=_written(steps), heard_at=now)
            )
            row = cx.execute(select(TRIAL).where(TRIAL.c.id == trial)).one()
            detail = f"{row.integration_title} on {row.bucket}"
            record(cx, f"trial {state}", actor=row.actor, detail=detail)

    def trials(self, *, connection: str, bucket: str, limit: int = 5) -> list[TrialView]:
        """List the trials of a bucket, the last one first."""
        with self._ledger.reading() as cx:
            rows = cx.execute(
                select(TRIAL)
                .where(TRIAL.c.connection == connection, TRIAL.c.bucket == bucket)
                .order_by(TRIAL.c.begun_at.desc())
                .limit(limit)
            )
            return [_trial(row) for row in rows]

    def proofs(self, connection: str) -> list[Proof]:
        """List what was proven, the last first: by a trial, or by a run that registered files."""
        with self._ledger.reading() as cx:
            found = [*_proven_by_trials(cx, connection), *_proven_by_runs(cx, connection)]
        latest: dict[tuple[str, str], Proof] = {}
        for proof in sorted(found, key=lambda each: each.at):
            latest[proof.integration, proof.bucket] = proof
        return sorted(latest.values(), key=lambda each: each.at, reverse=True)

    def _set(self, trial: str, **values: object) -> None:
        with self._ledger.transaction() as cx:
            cx.execute(update(TRIAL).where(TRIAL.c.id == trial).values(**values))


def _long_ago() -> str:
    return (datetime.now(UTC) - SILENT_AFTER).isoformat(timespec="microseconds")


def _end_silent(cx: Connection) -> None:
    cx.execute(
        update(TRIAL)
        .where(TRIAL.c.state == TrialState.RUNNING, TRIAL.c.heard_at < _long_ago())
        .values(state=TrialState.INTERRUPTED)
    )


# Made once, as three pages ask at each drawing and making takes longer than asking.
_TRIALS: Final = select(TRIAL.c.integration, TRIAL.c.bucket, TRIAL.c.heard_at).where(
    TRIAL.c.connection == bindparam("connection"), TRIAL.c.state == TrialState.PROVEN
)
_FIRST_URL: Final = (
    select(OUTCOME.c.url)
    .where(
        OUTCOME.c.root == RUN.c.root,
        OUTCOME.c.superseded.is_(False),
        OUTCOME.c.rank == Outcome.REGISTERED.rank,
    )
    .limit(1)
    .scalar_subquery()
)
_DELIVERED: Final = (
    RUN.c.connection == bindparam("connection"),
    RUN.c.registered > 0,
    RUN.c.adopted_job.is_(None),  # only who started that job knows its integration
)
_DELIVERERS: Final = select(RUN.c.integration).where(*_DELIVERED).distinct()
# One by one: a window over all runs sorts every one of them.
_LAST_RUNS: Final = (
    select(RUN.c.integration, RUN.c.updated_at, _FIRST_URL.label("url"))
    .where(*_DELIVERED, RUN.c.integration == bindparam("integration"))
    .order_by(RUN.c.created_at.desc())
    .limit(_OFFERED)
)


def _proven_by_trials(cx: Connection, connection: str) -> list[Proof]:
    return [
        Proof(integration=row.integration, bucket=row.bucket, at=_time(row.heard_at))
        for row in cx.execute(_TRIALS, {"connection": connection})
    ]


def _proven_by_runs(cx: Connection, connection: str) -> list[Proof]:
    """Take of each integration its last runs that registered files, and where those came from."""
    integrations = cx.scalars(_DELIVERERS, {"connection": connection}).all()
    return [
        Proof(integration=run.integration, bucket=bucket, at=_time(run.updated_at))
        for integration in integrations
        for run in cx.execute(_LAST_RUNS, {"connection": connection, "integration": integration})
        if (bucket := bucket_of(run.url or ""))
    ]


def _written(checks: Sequence[BucketCheck]) -> str:
    return orjson.dumps([asdict(check) for check in checks]).decode()


def _read(body: str) -> tuple[BucketCheck, ...]:
    return tuple(
        BucketCheck(**{**each, "verdict": CheckVerdict(each["verdict"])})
        for each in orjson.loads(body)
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _checked(row: Row[tuple[object, ...]]) -> CheckedBucket:
    return CheckedBucket(
        bucket=row.bucket,
        at=_time(row.at),
        verdict=CheckVerdict(row.verdict),
        checks=_read(row.body),
    )


def _trial(row: Row[tuple[object, ...]]) -> TrialView:
    silent = row.state == TrialState.RUNNING and row.heard_at < _long_ago()
    return TrialView(
        id=row.id,
        integration=row.integration,
        integration_title=row.integration_title,
        bucket=row.bucket,
        state=TrialState.INTERRUPTED if silent else TrialState(row.state),
        clean=row.clean,
        begun_at=_time(row.begun_at),
        steps=_read(row.body),
    )
