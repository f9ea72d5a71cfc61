"""The ledger itself: transactions, leases and fences. What is read is `reading`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from services.domain.runs import WorkKind, WorkState
from services.ledger import runs
from services.ledger.clock import BootClock, LedgerClock, ServerClock
from services.ledger.database import READING, open_engine
from services.ledger.errors import LeaseLostError, SchemaChangedError
from services.ledger.migrate import HEAD, upgrade, version
from services.ledger.reading import Reading
from services.ledger.tables import HOLDER, META, RUN, WORK

EPOCH: Final = "clock-epoch"
#: The part of a lease below which it is renewed.
_LEAST_LEFT: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A piece of work that its holder owns until the lease runs out."""

    work: int
    run: str
    kind: WorkKind
    connection: str
    fence: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A piece of work that waits to be claimed, now or in some seconds."""

    id: int
    #: Whose key it needs; empty for a notice, which needs none.
    connection: str
    seconds: float


class Ledger(Reading):
    """The record of runs. Safe for many threads and processes.

    Every write happens in `transaction` (a person's command) or `fenced` (a worker's step).
    """

    def __init__(self, url: str, *, clock: LedgerClock | None = None) -> None:
        """Open the ledger and bring its tables up to date."""
        self.engine = open_engine(url)
        postgres = self.engine.dialect.name == "postgresql"
        self.clock: LedgerClock = clock or (ServerClock() if postgres else BootClock())
        upgrade(self.engine)
        self._void_old_leases()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a writing transaction; when it returns, it is on disk."""
        with self.engine.begin() as cx:
            yield cx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with self.engine.connect() as cx:
            yield cx.execution_options(**{READING: True})

    @contextmanager
    def fenced(self, claim: Claim) -> Iterator[Connection]:
        """Open a writing transaction that exists only while the claim is ours.

        Raises:
            LeaseLostError: Another owner holds the work; nothing was written.
        """
        with self.transaction() as cx:
            runs.lock(cx, claim.run)
            fence = cx.scalar(select(WORK.c.fence).where(WORK.c.id == claim.work).with_for_update())
            if fence != claim.fence:
                raise LeaseLostError(claim.work)
            yield cx

    def claim(
        self,
        owner: str,
        lease: float,
        kinds: tuple[WorkKind, ...],
        *,
        connections: Iterable[str] | None = None,
        work: int | None = None,
    ) -> Claim | None:
        """Take the most overdue open piece of work, or return None when nothing is due.

        Args:
            owner: Who takes it.
            lease: Seconds until others may take it.
            kinds: Kinds to choose from, unless `work` is given.
            connections: Those whose key the owner holds; None for all.
            work: Take this one or none; not if it needs a key that is not held.

        Raises:
            SchemaChangedError: Newer code has changed the tables; this process must end.
        """
        wanted = WORK.c.kind.in_(kinds) if work is None else WORK.c.id == work
        chosen = and_(wanted, _workable(connections))
        with self.transaction() as cx:
            if version(cx) != HEAD:
                raise SchemaChangedError
            now = self.clock.now(cx)
            taken = cx.execute(
                update(WORK)
                .where(WORK.c.id == _most_overdue(chosen, now))
                .values(owner=owner, fence=WORK.c.fence + 1, lease_until=now + lease)
                .returning(WORK.c.id, WORK.c.run, WORK.c.kind, WORK.c.fence)
            ).one_or_none()
            if taken is None:
                return None
            connection = cx.scalar(select(RUN.c.connection).where(RUN.c.id == taken.run))
        return Claim(
            work=taken.id,
            run=taken.run,
            kind=WorkKind(taken.kind),
            connection=connection or "",
            fence=taken.fence,
            owner=owner,
        )

    def renew(self, claim: Claim, lease: float) -> None:
        """Keep the work for another `lease` seconds; writes once a tenth of them is gone.

        Raises:
            LeaseLostError: Another owner holds the work.
        """
        chosen = select(WORK.c.fence, WORK.c.lease_until).where(WORK.c.id == claim.work)
        with self.reading() as cx:
            held = cx.execute(chosen).one_or_none()
            if held is None or held.fence != claim.fence:
                raise LeaseLostError(claim.work)
            if held.lease_until - self.clock.now(cx) > lease * _LEAST_LEFT:
                return
        with self.fenced(claim) as cx:
            self.hold(cx, claim, lease)

    def hold(self, cx: Connection, claim: Claim, lease: float) -> None:
        """Keep the work for `lease` seconds, inside the caller's transaction."""
        until = self.clock.now(cx) + lease
        cx.execute(update(WORK).where(WORK.c.id == claim.work).values(lease_until=until))

    def release(self, cx: Connection, claim: Claim, *, pause: float = 0.0) -> None:
        """Give the work back, due again after `pause` seconds."""
        cx.execute(
            update(WORK)
            .where(WORK.c.id == claim.work)
            .values(owner="", lease_until=0.0, next_at=self.clock.now(cx) + pause)
        )

    def release_dead(self, is_dead: Callable[[str], bool]) -> int:
        """Give back the work of owners that are known to be dead; return how many owners.

        A step that was sending is found unanswered by its next owner, as after any lease.
        """
        with self.transaction() as cx:
            held = select(WORK.c.owner).where(WORK.c.lease_until > self.clock.now(cx)).distinct()
            dead = [owner for owner in cx.execute(held).scalars() if is_dead(owner)]
            cx.execute(update(WORK).where(WORK.c.owner.in_(dead)).values(lease_until=0.0))
            return len(dead)

    def due(self, connections: Iterable[str], *, run: str | None = None, limit: int) -> list[Due]:
        """List open work that nobody holds and that needs one of these connections or none.

        The most overdue comes first.
        """
        with self.reading() as cx:
            now = self.clock.now(cx)
            chosen = (
                select(WORK.c.id, WORK.c.kind, WORK.c.next_at, RUN.c.connection)
                .join(RUN, RUN.c.id == WORK.c.run)
                .where(
                    WORK.c.state == WorkState.OPEN,
                    WORK.c.lease_until <= now,
                    or_(WORK.c.kind == WorkKind.NOTIFY, RUN.c.connection.in_(list(connections))),
                )
            )
            if run:
                chosen = chosen.where(WORK.c.run == run)
            rows = cx.execute(chosen.order_by(WORK.c.next_at).limit(limit))
            return [
                Due(
                    id=row.id,
                    connection="" if row.kind == WorkKind.NOTIFY else row.connection,
                    seconds=max(0.0, row.next_at - now),
                )
                for row in rows
            ]

    def seconds_to_next(
        self, kinds: tuple[WorkKind, ...], *, connections: Iterable[str] | None = None
    ) -> float | None:
        """Return how long until some work is due that `claim` would take; None without any."""
        with self.reading() as cx:
            free = case(
                (WORK.c.lease_until > WORK.c.next_at, WORK.c.lease_until), else_=WORK.c.next_at
            )
            due = cx.scalar(
                select(func.min(free)).where(
                    WORK.c.state == WorkState.OPEN, WORK.c.kind.in_(kinds), _workable(connections)
                )
            )
            return None if due is None else max(0.0, due - self.clock.now(cx))

    def _void_old_leases(self) -> None:
        """After a reboot the clock starts again, so its old readings mean nothing."""
        with self.transaction() as cx:
            known = cx.scalar(select(META.c.value).where(META.c.key == EPOCH))
            if known == self.clock.epoch():
                return
            cx.execute(update(WORK).values(lease_until=0.0, next_at=0.0))
            cx.execute(delete(HOLDER))
            cx.execute(delete(META).where(META.c.key == EPOCH))
            cx.execute(insert(META).values(key=EPOCH, value=self.clock.epoch()))


def _most_overdue(chosen: ColumnElement[bool], now: float) -> ScalarSelect[int]:
    """Choose one open piece of work that is due and that nobody is at."""
    return (
        select(WORK.c.id)
        .where(
            WORK.c.state == WorkState.OPEN,
            chosen,
            WORK.c.next_at <= now,
            WORK.c.lease_until <= now,
        )
        .order_by(WORK.c.next_at, WORK.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )


def _workable(connections: Iterable[str] | None) -> ColumnElement[bool]:
    """Choose work whose key is held, None for all; a notice needs none."""
    if connections is None:
        return true()
    held = exists().where(RUN.c.id == WORK.c.run, RUN.c.connection.in_(list(connections)))
    return or_(WORK.c.kind == WorkKind.NOTIFY, held)
