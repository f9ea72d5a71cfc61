"""Scale out: Procrastinate rings for the same `advance` on any number of machines.

The ledger stays the truth and a task only names a piece of work, so a task that is delivered
twice, late or never cannot hurt: claiming is fenced, and every worker sweeps the ledger for work
that is due and that nobody rang for. A queue is a connection: a worker listens only for those
whose key it holds, and for notices, which need none.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from services.engine.advance import advance
from services.engine.context import Tools
from services.engine.worker import EXIT_OUTDATED, StepWatch, died_here, owner_name
from services.ledger import holders, runs
from services.ledger.errors import SchemaChangedError
from services.ledger.holders import GRACE_SECONDS, HOLD_SECONDS
from services.ledger.store import Claim, Due

log = structlog.get_logger(__name__)

TASK: Final = "advance"
#: The queue of what needs no key.
NOTICES: Final = "notices"
SWEEP_SECONDS: Final = 0.5
#: Workers tell Procrastinate every 10 s that they live. Nothing waits for this: the ledger's
#: leases decide when work is taken over.
DEAD_AFTER_SECONDS: Final = 60.0
#: How many pieces of work one look at the ledger rings for.
SWEEP_LIMIT: Final = 200
#: Threads beside those of the slots, so that steps that take long keep none of the rest waiting.
SPARE_THREADS: Final = 4


class ProcrastinateWorker:
    """One worker process among many."""

    def __init__(
        self,
        tools: Tools,
        url: str,
        *,
        slots: int,
        connections: Callable[[], Iterable[str]],
    ) -> None:
        """Take the ledger's tools, its PostgreSQL URL, and what tells the keys held here."""
        self._watch = StepWatch(tools.pace.send_deadline)
        self.tools = replace(tools, alive=self._watch.alive)
        self.owner = owner_name()
        self._slots = slots
        self._connections = connections
        self.app = App(connector=PsycopgConnector(conninfo=url))
        self._new_key = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task = self.app.task(name=TASK)(self._advance)

    def run(self) -> None:
        """Work until the process ends."""
        ledger = self.tools.ledger
        ledger.release_dead(died_here)
        self._tell_keys()
        with ledger.transaction() as cx:
            for connection in self._connections():
                runs.unblock(cx, connection=connection)
        never = threading.Event()
        threading.Thread(target=self._watch.keep, args=(never,), daemon=True, name="watch").start()
        asyncio.run(self._serve())

    def ring(self) -> None:
        """Listen for those connections whose key is here now; callable from any thread.

        Others learn of the key first: a run submitted right after connecting is not stopped.
        """
        try:
            self._tell_keys()
        finally:  # the ledger may be away: the key is here, or gone, all the same
            if self._loop:
                self._loop.call_soon_threadsafe(self._new_key.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(self._slots + SPARE_THREADS))
        async with self.app.open_async():
            await self._prepare()
            sweeping = asyncio.create_task(self._sweep_for_ever())
            telling = asyncio.create_task(self._tell_keys_for_ever())
            while not (sweeping.done() or telling.done()):
                await self._listen_until_new_key()

    async def _prepare(self) -> None:
        """Create Procrastinate's tables once; another worker may be at it."""
        if await self.app.check_connection_async():
            return
        try:
            await self.app.schema_manager.apply_schema_async()
        except Exception:
            if not await self.app.check_connection_async():
                raise

    async def _listen_until_new_key(self) -> None:
        self._new_key.clear()
        news = asyncio.create_task(self._new_key.wait())
        listening = asyncio.create_task(self._listen())
        await asyncio.wait({news, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        news.cancel()
        for ended in await asyncio.gather(listening, news, return_exceptions=True):
            if isinstance(ended, Exception):
                log.error("could not listen", exc_info=ended)
                await asyncio.sleep(SWEEP_SECONDS)

    async def _listen(self) -> None:
        await self.app.run_worker_async(
            queues=sorted({*self._connections(), NOTICES}),
            concurrency=self._slots,
            name=self.owner,
            delete_jobs="always",
            fetch_job_polling_interval=SWEEP_SECONDS,
            install_signal_handlers=False,
        )

    async def _advance(self, work: int) -> None:
        """The task: take the step in a thread, then ring for what it made due."""
        claim = await asyncio.to_thread(self._claim, work)
        if claim is None:  # somebody else has it, or it is not due, or it is done
            return
        await asyncio.to_thread(self._step, claim)
        await self._ring_for(await asyncio.to_thread(self._due, claim.run))

    def _claim(self, work: int) -> Claim | None:
        held, lease = self._connections(), self.tools.pace.lease
        try:
            return self.tools.ledger.claim(self.owner, lease, (), connections=held, work=work)
        except SchemaChangedError:
            log.error("the ledger was upgraded; the process ends")  # noqa: TRY400
            os._exit(EXIT_OUTDATED)

    def _step(self, claim: Claim) -> None:
        self._watch.alive()
        try:
            advance(self.tools, claim)
        finally:
            self._watch.over()

    def _due(self, run: str | None = None) -> list[Due]:
        return self.tools.ledger.due(self._connections(), run=run, limit=SWEEP_LIMIT)

    async def _ring_for(self, due: Iterable[Due]) -> None:
        for work in due:
            ring = self._task.configure(
                queue=work.connection or NOTICES,
                queueing_lock=f"work-{work.id}",
                schedule_at=datetime.now(UTC) + timedelta(seconds=work.seconds),
            )
            try:
                await ring.defer_async(work=work.id)
            except AlreadyEnqueued:
                continue

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self._ring_for(await asyncio.to_thread(self._due))
                await self._bury_stalled()
            except Exception:
                log.exception("could not sweep")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _tell_keys_for_ever(self) -> None:
        while True:
            await asyncio.sleep(holders.KEYS_SECONDS)
            try:
                await asyncio.to_thread(self._tell_keys)
            except Exception:
                log.exception("could not note the keys")

    def _tell_keys(self) -> None:
        """Note which keys are held here, and stop runs whose key nobody holds."""
        ledger = self.tools.ledger
        with ledger.transaction() as cx:
            now = ledger.clock.now(cx)
            until = now + HOLD_SECONDS
            holders.note(cx, self.owner, self._connections(), now=now, until=until)
        with ledger.transaction() as cx:
            holders.block_unheld(cx, now=ledger.clock.now(cx), grace=GRACE_SECONDS)

    async def _bury_stalled(self) -> None:
        """Forget the tasks of workers that died; the ledger rings for their work again."""
        stalled = await self.app.job_manager.get_stalled_jobs(
            seconds_since_heartbeat=DEAD_AFTER_SECONDS
        )
        for job in stalled:
            await self.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
