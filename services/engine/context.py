"""What a step of the engine works with; everything arrives from outside."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from services.domain.chunks import Ranges, Shares
from services.domain.entries import Entry, EntryType
from services.encord_api.interface import EncordGateway
from services.engine.webhook import Webhook
from services.ledger.attempts import Attempt
from services.ledger.events import record
from services.ledger.specs import RunSpec
from services.ledger.store import Claim, Ledger
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the engine is, in seconds."""

    lease: float = 30.0
    poll_first: float = 2.0
    poll_last: float = 30.0
    #: Looks at jobs that one account may cause, over all its runs.
    polls_per_second: float = 5.0
    #: How long an unanswered request is given to show its effect before we look.
    settle: float = 600.0
    #: The longest a single send may take; past it the process ends itself.
    send_deadline: float = 200.0
    #: Pause before a listing that lags is looked at again, and how often.
    lag: float = 2.0
    lag_looks: int = 5
    #: Longest pause that a server's Retry-After may ask of us.
    longest_wait: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The engine's collaborators, made once a process."""

    ledger: Ledger
    manifests: ManifestStore
    #: Gateway of a connection id; raises `NotConnectedError`.
    gateway: Callable[[str], EncordGateway]
    pace: Pace
    #: Where registration documents lie while they are being sent.
    outbox: Path
    #: Where verifications keep their rows, and tasks what they are about.
    receipts: Path
    link_piece: int = 1000
    #: Who is told outside when a run ends or needs attention.
    webhook: Webhook | None = None
    #: Tells the worker that a long step is alive.
    alive: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One claimed piece of work, with everything it may use."""

    tools: Tools
    claim: Claim
    run: RunSpec

    @property
    def gateway(self) -> EncordGateway:
        """The run's connection."""
        return self.tools.gateway(self.claim.connection)

    @property
    def manifest(self) -> CheckedManifest:
        """The run's manifest, as it was checked when it was submitted."""
        return self.tools.manifests.check(self.run.manifest, self.options)

    @property
    def options(self) -> CheckOptions:
        """How the manifest was checked."""
        return CheckOptions.from_json(self.run.check)

    def entries(
        self, ranges: Ranges, kinds: Collection[EntryType] | None = None
    ) -> Iterator[Entry]:
        """Read entries of the manifest, all or of some types, in index order."""
        return self.manifest.read(ranges, kinds)

    def shares(self, ranges: Ranges) -> Iterator[Shares]:
        """Read what cutting entries into chunks needs of them, in index order."""
        return self.manifest.shares(ranges)

    def selection(self) -> Ranges:
        """Return the entries this run is about."""
        return self.manifest.selected(self.run.selection)

    def fenced(self) -> AbstractContextManager[Connection]:
        """Open a writing transaction that exists only while the claim is ours."""
        return self.tools.ledger.fenced(self.claim)

    def note(
        self, cx: Connection, what: str, detail: str = "", *, attempt: Attempt | None = None
    ) -> None:
        """Write into the history what became of this work."""
        record(
            cx,
            what,
            actor="worker",
            run=self.claim.run,
            work=self.claim.work,
            attempt=attempt.token if attempt else None,
            detail=detail,
        )

    def heartbeat(self) -> None:
        """Keep the claim during work of many requests."""
        self.tools.alive()
        self.tools.ledger.renew(self.claim, self.tools.pace.lease)
