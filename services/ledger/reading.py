"""Read the ledger for pages: one short transaction a question, one page of rows an answer."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import orjson
from sqlalchemy import Connection, Row, and_, func, or_, select

from services.domain.estimate import Estimate
from services.domain.outcomes import BY_CODE, UNKNOWN_CAUSE, Outcome
from services.domain.paging import Page
from services.domain.runs import STALLED_AFTER, Problem, RunState, WorkKind, WorkState
from services.domain.tasks import Purpose
from services.ledger import tally
from services.ledger.choosing import (
    Chosen,
    found,
    kinds_of,
    matching,
    outcomes_of,
    page_of,
)
from services.ledger.dialect import any_contains
from services.ledger.progress import ProgressPoint, points, remaining
from services.ledger.runs import LINKING
from services.ledger.tables import EVENT, OUTCOME, RECEIPT, RUN, WORK
from services.ledger.views import (
    CauseGroup,
    Counts,
    EventRow,
    FolderView,
    OutcomeRow,
    OverviewView,
    ReceiptView,
    RunFilter,
    RunView,
)

SAMPLES = 5
SUBMITTED = RUN.c.purpose == Purpose.SUBMIT
ACTIVE = tuple(state for state in RunState if not state.is_final)


class Reading(ABC):
    """The questions pages ask. `Ledger` adds the writing half."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only reads."""

    def overview(self) -> OverviewView:
        """Summarize all runs."""
        with self.reading() as cx:
            totals = cx.execute(
                select(
                    func.count(),
                    func.coalesce(func.sum(RUN.c.registered), 0),
                    func.coalesce(func.sum(RUN.c.failed), 0),
                ).where(SUBMITTED)
            ).one()
            # Told by what they are, not by what they are not, so that an index finds the few.
            active = cx.scalar(select(func.count()).where(SUBMITTED, RUN.c.state.in_(ACTIVE)))
        return OverviewView(
            runs=totals[0], active=active or 0, registered=int(totals[1]), failed=int(totals[2])
        )

    def newest(self, *, connection: str | None = None, limit: int) -> list[RunView]:
        """Return the newest runs, without counting them all."""
        chosen = select(RUN).where(SUBMITTED)
        if connection:
            chosen = chosen.where(RUN.c.connection == connection)
        with self.reading() as cx:
            return _newest(cx, chosen, limit)

    def first_runs(self, *, limit: int) -> list[RunView]:
        """Return the newest runs that retry no other."""
        with self.reading() as cx:
            return _newest(cx, select(RUN).where(SUBMITTED, RUN.c.parent.is_(None)), limit)

    def runs(
        self,
        *,
        only: RunFilter | None = None,
        connection: str | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RunView]:
        """List runs, newest first; `search` looks in names of run, manifest and folder."""
        chosen = select(RUN).where(SUBMITTED)
        if connection:
            chosen = chosen.where(RUN.c.connection == connection)
        if only:
            chosen = _filtered(chosen, only)
        if search:
            columns = (RUN.c.name, RUN.c.manifest_name, RUN.c.folder_name, RUN.c.id)
            chosen = chosen.where(any_contains(columns, search))
        with self.reading() as cx:
            total = _count(cx, chosen)
            newest = chosen.order_by(RUN.c.created_at.desc()).offset(offset).limit(limit)
            return Page([_run_view(row) for row in cx.execute(newest)], total)

    def run(self, run: str) -> RunView | None:
        """Return one run."""
        with self.reading() as cx:
            row = cx.execute(select(RUN).where(RUN.c.id == run)).one_or_none()
            return _run_view(row) if row else None

    def folders(self, connection: str, *, limit: int = 10) -> Page[FolderView]:
        """Return the folders that runs of a connection went to, that of the newest run first."""
        used = (
            select(RUN.c.folder_uuid, func.max(RUN.c.created_at).label("at"))
            .where(RUN.c.connection == connection, RUN.c.folder_uuid.is_not(None))
            .group_by(RUN.c.folder_uuid)
            .subquery()
        )
        named = (
            select(used.c.folder_uuid, func.max(RUN.c.folder_name))
            .join(RUN, (RUN.c.folder_uuid == used.c.folder_uuid) & (RUN.c.created_at == used.c.at))
            .group_by(used.c.folder_uuid, used.c.at)
            .order_by(used.c.at.desc())
        )
        with self.reading() as cx:
            total = cx.scalar(select(func.count()).select_from(used)) or 0
            rows = cx.execute(named.limit(limit)).all()
        return Page([FolderView(uuid=uuid, name=name) for uuid, name in rows], total)

    def is_linked(self, run: str) -> bool:
        """Tell whether the dataset that a run was asked to be linked to last holds its items."""
        linking = WORK.c.run == run, WORK.c.kind.in_(LINKING)
        with self.reading() as cx:
            last = cx.execute(
                select(WORK.c.kind, WORK.c.state)
                .where(*linking)
                .order_by(WORK.c.id.desc())
                .limit(1)
            ).one_or_none()
        if last is None or last.kind != WorkKind.VERIFY:
            return False
        # What verifies comes behind all that links, and waits for it.
        return last.state not in {WorkState.WAITING, WorkState.CANCELLED}

    def retries(self, run: str) -> list[RunView]:
        """Return the runs that retry failures of a first run, oldest first."""
        with self.reading() as cx:
            rows = cx.execute(
                select(RUN).where(RUN.c.root == run, RUN.c.id != run).order_by(RUN.c.created_at)
            )
            return [_run_view(row) for row in rows]

    def retried(self, run: str) -> int:
        """Count the retries of a run's family, whichever of its runs is asked about."""
        root = select(RUN.c.root).where(RUN.c.id == run).scalar_subquery()
        with self.reading() as cx:
            family = select(RUN.c.id).where(RUN.c.root == root, RUN.c.id != RUN.c.root)
            return _count(cx, family)

    def earlier(self, manifest: str, folder: str | None) -> list[RunView]:
        """Return past submissions of this manifest to this folder, newest first."""
        chosen = select(RUN).where(SUBMITTED, RUN.c.manifest == manifest, RUN.c.parent.is_(None))
        if folder:
            chosen = chosen.where(RUN.c.folder_uuid == folder)
        with self.reading() as cx:
            rows = cx.execute(chosen.order_by(RUN.c.created_at.desc()).limit(5))
            return [_run_view(row) for row in rows]

    def family(self, run: str) -> Counts:
        """Count this run's entries by the best outcome each has after all retries."""
        with self.reading() as cx:
            family = cx.execute(select(RUN).where(RUN.c.root == run)).all()
            if len(family) == 1:
                return _run_view(family[0]).counts
            counts = tally.by_outcome(tally.kinds_of(cx, run, family=True))
            entries = cx.scalar(select(RUN.c.entries).where(RUN.c.id == run)) or 0
        return Counts(
            entries=entries,
            registered=counts[Outcome.REGISTERED],
            already_there=counts[Outcome.ALREADY_THERE],
            failed=counts[Outcome.FAILED],
            cancelled=counts[Outcome.CANCELLED],
            unknown=counts[Outcome.UNKNOWN],
        )

    def causes(self, run: str) -> list[CauseGroup]:
        """Group what still fails after retries by its cause, most entries first."""
        with self.reading() as cx:
            failed = matching(cx, outcomes_of(cx, run), outcome=Outcome.FAILED)
            groups = [
                (many, code)
                for (rank, code), many in kinds_of(cx, run).items()
                if rank == Outcome.FAILED.rank
            ]
            return [
                CauseGroup(
                    cause=BY_CODE.get(code, UNKNOWN_CAUSE),
                    count=many,
                    samples=_samples(cx, failed.where(OUTCOME.c.cause == (code or None))),
                )
                for many, code in sorted(groups, key=lambda group: (-group[0], group[1]))
            ]

    def outcomes(
        self,
        run: str,
        *,
        outcome: Outcome | None = None,
        cause: str | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 100,
    ) -> Page[OutcomeRow]:
        """List what became of a run's entries (of a first run: after all its retries)."""
        with self.reading() as cx:
            if search:
                return found(
                    cx, run, search, outcome=outcome, cause=cause, offset=offset, limit=limit
                )
            return page_of(cx, run, outcome=outcome, cause=cause, offset=offset, limit=limit)

    def progress(self, run: str) -> list[ProgressPoint]:
        """Return how far a run was, when."""
        with self.reading() as cx:
            return points(cx, run)

    def remaining(self, run: str) -> Estimate | None:
        """Estimate the seconds left as a range; None while there is too little to go by."""
        with self.reading() as cx:
            return remaining(cx, run)

    def events(self, run: str, *, offset: int = 0, limit: int = 100) -> Page[EventRow]:
        """List a run's history, newest first."""
        chosen = select(EVENT).where(EVENT.c.run == run)
        with self.reading() as cx:
            newest = chosen.order_by(EVENT.c.seq.desc()).offset(offset).limit(limit)
            return Page(list(map(event_row, cx.execute(newest))), _count(cx, chosen))

    def tasks(
        self, *, about: str | None = None, purpose: Purpose | None = None, limit: int = 20
    ) -> list[RunView]:
        """List tasks, newest first: all, or those about one run."""
        chosen = select(RUN).where(~SUBMITTED)
        if about:
            chosen = chosen.where(RUN.c.about == about)
        if purpose:
            chosen = chosen.where(RUN.c.purpose == purpose)
        with self.reading() as cx:
            return _newest(cx, chosen, limit)

    def receipt(self, receipt: str) -> ReceiptView | None:
        """Return one receipt."""
        with self.reading() as cx:
            row = cx.execute(
                select(RECEIPT, RUN.c.name.label("run_name"))
                .join(RUN, RUN.c.id == RECEIPT.c.run)
                .where(RECEIPT.c.id == receipt)
            ).one_or_none()
            return _receipt_view(row) if row else None

    def receipts(
        self, *, run: str | None = None, about: str | None = None, limit: int = 20
    ) -> list[ReceiptView]:
        """List receipts, newest first: all, a run's own, or all about a run."""
        chosen = select(RECEIPT, RUN.c.name.label("run_name")).join(RUN, RUN.c.id == RECEIPT.c.run)
        if run:
            chosen = chosen.where(RECEIPT.c.run == run)
        if about:
            chosen = chosen.where(or_(RECEIPT.c.run == about, RUN.c.about == about))
        with self.reading() as cx:
            rows = cx.execute(chosen.order_by(RECEIPT.c.at.desc()).limit(limit))
            return [_receipt_view(row) for row in rows]

    def receipt_json(self, receipt: str) -> bytes:
        """Return the receipt as it was written."""
        with self.reading() as cx:
            body = cx.scalar(select(RECEIPT.c.body).where(RECEIPT.c.id == receipt))
            return (body or "").encode()


def _filtered(chosen: Chosen, only: RunFilter) -> Chosen:
    chosen = chosen.where(RUN.c.state == only.state)
    if only.with_failures is not None:
        fails = RUN.c.still_failed > 0
        chosen = chosen.where(fails if only.with_failures else ~fails)
    if only.stalled is not None:
        long_ago = (datetime.now(UTC) - STALLED_AFTER).isoformat(timespec="microseconds")
        still = func.coalesce(RUN.c.progress_at, RUN.c.created_at) < long_ago
        stalled = and_(~RUN.c.paused, still)
        chosen = chosen.where(stalled if only.stalled else ~stalled)
    return chosen


def _count(cx: Connection, chosen: Chosen) -> int:
    return cx.scalar(select(func.count()).select_from(chosen.subquery())) or 0


def _samples(cx: Connection, failed: Chosen) -> tuple[tuple[str, str, str], ...]:
    rows = cx.execute(failed.order_by(OUTCOME.c.entry).limit(SAMPLES))
    return tuple((row.url, row.message, row.subtask_uuid or "") for row in rows)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _run_view(row: "Row[tuple[object, ...]]") -> RunView:
    return RunView(
        id=row.id,
        name=row.name,
        purpose=Purpose(row.purpose),
        about=row.about,
        state=RunState(row.state),
        problem=Problem(row.problem) if row.problem else None,
        problem_detail=row.problem_detail,
        manifest=row.manifest,
        manifest_name=row.manifest_name,
        connection=row.connection,
        connection_label=row.connection_label,
        folder_uuid=row.folder_uuid,
        folder_name=row.folder_name,
        integration=row.integration,
        integration_title=row.integration_title,
        dataset_uuid=row.dataset_uuid,
        dataset_title=row.dataset_title,
        counts=Counts(
            entries=row.entries,
            registered=row.registered,
            already_there=row.already_there,
            failed=row.failed,
            cancelled=row.cancelled,
            unknown=row.unknown,
        ),
        still_failed=row.still_failed,
        chunks=row.chunks,
        chunks_done=row.chunks_done,
        paused=row.paused,
        progress_at=_time(row.progress_at),
        adopted_job=row.adopted_job,
        held=row.held,
        parent=row.parent,
        created_by=row.created_by,
        created_at=datetime.fromisoformat(row.created_at),
        updated_at=datetime.fromisoformat(row.updated_at),
        heard_at=_time(row.heard_at),
        receipt=row.receipt,
    )


def _newest(cx: Connection, chosen: Chosen, limit: int) -> list[RunView]:
    rows = cx.execute(chosen.order_by(RUN.c.created_at.desc()).limit(limit))
    return [_run_view(row) for row in rows]


def event_row(row: "Row[tuple[object, ...]]") -> EventRow:
    """Return a line of the history from its row."""
    return EventRow(
        seq=row.seq,
        at=datetime.fromisoformat(row.at),
        actor=row.actor,
        what=row.what,
        detail=row.detail,
    )


def _receipt_view(row: "Row[tuple[object, ...]]") -> ReceiptView:
    return ReceiptView(
        id=row.id,
        run=row.run,
        run_name=row.run_name,
        name=row.name,
        folder_uuid=row.folder_uuid,
        dataset_uuid=row.dataset_uuid,
        dataset_title=row.dataset_title,
        at=datetime.fromisoformat(row.at),
        proven=row.proven,
        counts=orjson.loads(row.counts),
        rows_sha256=row.rows_sha256,
        earlier=row.earlier,
    )
