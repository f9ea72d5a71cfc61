"""Read the ledger for pages: one short transaction a question, one page of rows an answer."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, or_, select

from services.domain.estimate import Estimate
from services.domain.outcomes import BY_CODE, UNKNOWN_CAUSE, Outcome
from services.domain.paging import Page
from services.domain.runs import Problem, RunState
from services.ledger.progress import ProgressPoint, points, remaining
from services.ledger.tables import EVENT, OUTCOME, RECEIPT, RUN
from services.ledger.views import (
    CauseGroup,
    Counts,
    EventRow,
    OutcomeRow,
    OverviewView,
    ReceiptView,
    RunView,
)

SAMPLES = 5


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
                ).select_from(RUN)
            ).one()
            active = cx.scalar(
                select(func.count())
                .select_from(RUN)
                .where(RUN.c.state.not_in([s for s in RunState if s.is_final]))
            )
        latest = self.runs(limit=1).rows
        return OverviewView(
            runs=totals[0],
            active=active or 0,
            registered=int(totals[1]),
            failed=int(totals[2]),
            latest=latest[0] if latest else None,
        )

    def runs(
        self,
        *,
        state: RunState | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RunView]:
        """List runs, newest first; `search` looks in names of run, manifest and folder."""
        chosen = select(RUN)
        if state:
            chosen = chosen.where(RUN.c.state == state)
        if search:
            columns = (RUN.c.name, RUN.c.manifest_name, RUN.c.folder_name, RUN.c.id)
            chosen = chosen.where(or_(*(c.icontains(search, autoescape=True) for c in columns)))
        with self.reading() as cx:
            total = _count(cx, chosen)
            newest = chosen.order_by(RUN.c.created_at.desc()).offset(offset).limit(limit)
            return Page([_run_view(row) for row in cx.execute(newest)], total)

    def run(self, run: str) -> RunView | None:
        """Return one run."""
        with self.reading() as cx:
            row = cx.execute(select(RUN).where(RUN.c.id == run)).one_or_none()
            return _run_view(row) if row else None

    def retries(self, run: str) -> list[RunView]:
        """Return the runs that retry failures of this one's family, oldest first."""
        with self.reading() as cx:
            rows = cx.execute(
                select(RUN).where(RUN.c.root == run, RUN.c.id != run).order_by(RUN.c.created_at)
            )
            return [_run_view(row) for row in rows]

    def earlier(self, manifest: str, folder: str | None) -> list[RunView]:
        """Return past submissions of this manifest to this folder, newest first."""
        chosen = select(RUN).where(RUN.c.manifest == manifest, RUN.c.parent.is_(None))
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
            rows = cx.execute(
                select(OUTCOME.c.rank, func.count())
                .where(OUTCOME.c.root == run, OUTCOME.c.superseded.is_(False))
                .group_by(OUTCOME.c.rank)
            )
            by_rank: dict[int, int] = {row[0]: row[1] for row in rows}
            entries = cx.scalar(select(RUN.c.entries).where(RUN.c.id == run)) or 0
        return Counts(
            entries=entries,
            registered=by_rank.get(Outcome.REGISTERED.rank, 0),
            already_there=by_rank.get(Outcome.ALREADY_THERE.rank, 0),
            failed=by_rank.get(Outcome.FAILED.rank, 0),
            cancelled=by_rank.get(Outcome.CANCELLED.rank, 0),
            unknown=by_rank.get(Outcome.UNKNOWN.rank, 0),
        )

    def causes(self, run: str) -> list[CauseGroup]:
        """Group what still fails after retries by its cause, most entries first."""
        with self.reading() as cx:
            failed = matching(outcomes_of(cx, run), outcome=Outcome.FAILED)
            groups = cx.execute(
                failed.with_only_columns(OUTCOME.c.cause, func.count())
                .group_by(OUTCOME.c.cause)
                .order_by(func.count().desc(), OUTCOME.c.cause)
            ).all()
            return [
                CauseGroup(
                    cause=BY_CODE.get(code, UNKNOWN_CAUSE),
                    count=count,
                    samples=tuple(
                        (row.url, row.message, row.subtask_uuid or "")
                        for row in cx.execute(
                            failed.where(OUTCOME.c.cause == code)
                            .order_by(OUTCOME.c.entry)
                            .limit(SAMPLES)
                        )
                    ),
                )
                for code, count in groups
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
            chosen = matching(outcomes_of(cx, run), outcome=outcome, cause=cause, search=search)
            rows = cx.execute(chosen.order_by(OUTCOME.c.entry).offset(offset).limit(limit))
            return Page([_outcome_view(row) for row in rows], _count(cx, chosen))

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
            rows = [
                EventRow(
                    seq=row.seq,
                    at=datetime.fromisoformat(row.at),
                    actor=row.actor,
                    what=row.what,
                    detail=row.detail,
                )
                for row in cx.execute(newest)
            ]
            return Page(rows, _count(cx, chosen))

    def receipts(self, *, run: str | None = None, limit: int = 20) -> list[ReceiptView]:
        """List receipts, newest first."""
        chosen = select(RECEIPT, RUN.c.name).join(RUN, RUN.c.id == RECEIPT.c.run)
        if run:
            chosen = chosen.where(RECEIPT.c.run == run)
        with self.reading() as cx:
            rows = cx.execute(chosen.order_by(RECEIPT.c.at.desc()).limit(limit))
            return [_receipt_view(row) for row in rows]

    def receipt_json(self, receipt: str) -> bytes:
        """Return the receipt as it was written."""
        with self.reading() as cx:
            body = cx.scalar(select(RECEIPT.c.body).where(RECEIPT.c.id == receipt))
            return (body or "").encode()


def current(run: str) -> Select[tuple[object, ...]]:
    """Select a first run's outcomes: of each entry the best and newest in the family."""
    return select(OUTCOME).where(OUTCOME.c.root == run, OUTCOME.c.superseded.is_(False))


def outcomes_of(cx: Connection, run: str) -> Select[tuple[object, ...]]:
    """Select what to show for a run: a retry's own outcomes, or a whole family's."""
    root = cx.scalar(select(RUN.c.root).where(RUN.c.id == run))
    return current(run) if root == run else select(OUTCOME).where(OUTCOME.c.run == run)


def matching(
    chosen: Select[tuple[object, ...]],
    *,
    outcome: Outcome | None = None,
    cause: str | None = None,
    search: str = "",
) -> Select[tuple[object, ...]]:
    """Narrow outcomes down as the filters of a page do."""
    if outcome:
        chosen = chosen.where(OUTCOME.c.rank == outcome.rank)
    if cause:
        chosen = chosen.where(OUTCOME.c.cause == cause)
    if search:
        columns = (OUTCOME.c.url, OUTCOME.c.title, OUTCOME.c.message)
        chosen = chosen.where(or_(*(c.icontains(search, autoescape=True) for c in columns)))
    return chosen


def _count(cx: Connection, chosen: Select[tuple[object, ...]]) -> int:
    return cx.scalar(select(func.count()).select_from(chosen.subquery())) or 0


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _run_view(row: "Row[tuple[object, ...]]") -> RunView:
    return RunView(
        id=row.id,
        name=row.name,
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


def _outcome_view(row: "Row[tuple[object, ...]]") -> OutcomeRow:
    return OutcomeRow(
        entry=row.entry,
        type=row.type,
        title=row.title,
        url=row.url,
        url_count=row.url_count,
        outcome=list(Outcome)[row.rank],
        cause=row.cause,
        message=row.message,
        item_uuid=row.item_uuid,
        job_id=row.job_id,
        subtask_uuid=row.subtask_uuid,
    )


def _receipt_view(row: "Row[tuple[object, ...]]") -> ReceiptView:
    return ReceiptView(
        id=row.id,
        run=row.run,
        run_name=row.name,
        dataset_uuid=row.dataset_uuid,
        dataset_title=row.dataset_title,
        at=datetime.fromisoformat(row.at),
        proven=row.proven,
        expected=row.expected,
        matched=row.matched,
        missing=row.missing,
        unexpected=row.unexpected,
        duplicate=row.duplicate,
        rows_sha256=row.rows_sha256,
    )
