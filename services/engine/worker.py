"""The worker: claim what is due, advance it, and end itself rather than hang.

It is meant to be killed: everything it knows is in the ledger. Keys arrive over its parent's pipe
and live in memory only.
"""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import structlog

from services.domain.runs import WorkKind
from services.engine.advance import advance
from services.engine.context import Tools
from services.ledger import holders
from services.ledger.errors import SchemaChangedError
from services.ledger.store import Claim

log = structlog.get_logger(__name__)

ALL_KINDS: Final = tuple(WorkKind)
HOST: Final = socket.gethostname()[:32]
#: Longest pause between looks for new work that nobody rang for.
IDLE_SECONDS: Final = 0.5
#: Ended because a call took longer than any call may.
EXIT_STUCK: Final = 70
#: Ended because newer code has changed the ledger.
EXIT_OUTDATED: Final = 71


def owner_name() -> str:
    """Name this process as an owner of work."""
    return f"{HOST}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def died_here(owner: str) -> bool:
    """Whether an owner was a process of this machine that is gone.

    A number that was given to another process looks alive: then its lease runs out instead.
    """
    host, _, rest = owner.partition("/")
    pid = rest.partition("/")[0]
    if host != HOST or not pid.isdigit() or os.name == "nt":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _is_done(done: Callable[[], bool]) -> bool:
    """Ask; a ledger that cannot be read now is asked again later."""
    try:
        return done()
    except Exception:
        log.exception("could not ask whether the work is done")
        return False


class StepWatch:
    """Watches the steps under way and ends the process when one of them takes too long."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        #: When each thread that takes a step last gave a sign of life.
        self._seen: dict[int, float] = {}

    def alive(self) -> None:
        """Note that this thread's step has begun, or that it goes on."""
        self._seen[threading.get_ident()] = time.monotonic()

    def over(self) -> None:
        """Note that this thread's step is over."""
        self._seen.pop(threading.get_ident(), None)

    def keep(self, stopping: threading.Event) -> None:
        """Watch until told to stop: drips defeat every read timeout."""
        while not stopping.wait(1.0):
            oldest = min(list(self._seen.values()), default=None)
            if oldest is not None and time.monotonic() - oldest > self._limit:
                log.error("a step did not end in time; the process ends", seconds=self._limit)
                os._exit(EXIT_STUCK)


class Worker:
    """A lease loop over the ledger with a few slots, one thread each."""

    def __init__(
        self,
        tools: Tools,
        *,
        slots: int,
        connections: Callable[[], Iterable[str]],
        kinds: tuple[WorkKind, ...] = ALL_KINDS,
    ) -> None:
        """Take the ledger's tools, what tells the keys held here, and the kinds of work to do."""
        self._watch = StepWatch(tools.pace.send_deadline)
        self.tools = replace(tools, alive=self._watch.alive)
        self.slots = slots
        self._connections = connections
        self._kinds = kinds
        self._noting = threading.Lock()
        self._looking = threading.Lock()
        self.owner = owner_name()
        self._stopping = threading.Event()
        self._rung = threading.Event()
        self._rested = threading.Event()

    def run(self) -> None:
        """Work until `stop` is called."""
        self.tools.ledger.release_dead(died_here)
        self._note_keys()
        threads = [
            threading.Thread(target=self._loop, daemon=True, name=f"slot-{slot}")
            for slot in range(self.slots)
        ]
        threads.append(threading.Thread(target=self._tell_keys, daemon=True, name="keys"))
        for thread in threads:
            thread.start()
        self._watch.keep(self._stopping)
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        """Let running steps finish and return from `run`."""
        self._stopping.set()
        for each in (self._rung, self._rested):
            each.set()

    def ring(self) -> None:
        """Look for work now, with the keys that are here now.

        Others learn of the key first: a run submitted right after connecting is not stopped.
        """
        self._note_keys()
        self._rung.set()

    def run_until(self, done: Callable[[], bool]) -> None:
        """Work until `done()`; for a command line that waits for one run."""
        waiter = threading.Thread(target=self._stop_when, args=(done,), daemon=True)
        waiter.start()
        self.run()

    def _stop_when(self, done: Callable[[], bool]) -> None:
        while not _is_done(done) and not self._stopping.is_set():
            self._rested.wait(IDLE_SECONDS)
            self._rested.clear()
        self.stop()

    def _loop(self) -> None:
        while claim := self._look():
            self._watch.alive()
            try:
                advance(self.tools, claim)
            except Exception:  # the ledger itself failed (disk full, locked); the work stays leased
                log.exception("could not record a step", work=claim.work)
                self._stopping.wait(IDLE_SECONDS)
            finally:
                self._watch.over()
                self._rung.set()  # what this step led to need not wait until somebody looks again

    def _look(self) -> Claim | None:
        """Return work, once there is some; None when told to stop.

        One slot looks and the others wait behind it: all of them would ask an idle ledger for the
        same thing.
        """
        with self._looking:
            while not self._stopping.is_set():
                if claim := self._claim():
                    return claim
                self._rest()
        return None

    def _claim(self) -> Claim | None:
        held, lease = self._connections(), self.tools.pace.lease
        try:
            return self.tools.ledger.claim(self.owner, lease, self._kinds, connections=held)
        except SchemaChangedError:
            log.error("the ledger was upgraded; the process ends")  # noqa: TRY400
            os._exit(EXIT_OUTDATED)
        except Exception:
            log.exception("could not look for work")
            return None

    def _rest(self) -> None:
        due = None
        try:
            due = self.tools.ledger.seconds_to_next(self._kinds, connections=self._connections())
        except Exception:
            log.exception("could not look for work")
        self._rested.set()  # there may be nothing left to wait for
        pause = IDLE_SECONDS if due is None else min(IDLE_SECONDS, max(0.02, due))
        self._rung.wait(pause)
        if not self._stopping.is_set():
            self._rung.clear()

    def _note_keys(self) -> None:
        ledger = self.tools.ledger
        with self._noting, ledger.transaction() as cx:
            now = ledger.clock.now(cx)
            until = now + holders.HOLD_SECONDS
            holders.note(cx, self.owner, self._connections(), now=now, until=until)

    def _tell_keys(self) -> None:
        """Note which keys are held here, and stop runs whose key nobody holds, again and again.

        The first look comes late: a worker that starts is still being given its keys.
        """
        ledger = self.tools.ledger
        while not self._stopping.wait(holders.KEYS_SECONDS):
            try:
                self._note_keys()
                with ledger.transaction() as cx:
                    now = ledger.clock.now(cx)
                    holders.block_unheld(cx, now=now, grace=holders.GRACE_SECONDS)
            except Exception:
                log.exception("could not note the keys")
