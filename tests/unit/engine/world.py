"""A small world for the engine: a real ledger and manifests, Encord in memory, a clock by hand."""

import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Dialect, Engine

from services.domain.runs import DatasetChoice, FolderChoice, RunOptions, Submission, WorkKind
from services.engine.advance import advance
from services.engine.context import Pace, Tools
from services.engine.errors import NotConnectedError
from services.engine.onboarding import Onboarding
from services.engine.proof.proofs import Proofs
from services.engine.proof.rows import VerifiedRows
from services.ledger.clock import LedgerClock
from services.ledger.store import Claim, Ledger
from services.ledger.views import RunView
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.contract.memory import BUCKET, MemoryGateway

#: Everything that a run itself consists of.
KINDS = tuple(kind for kind in WorkKind if kind is not WorkKind.NOTIFY)
OPTIONS = CheckOptions()
#: Statements as they were compiled, by dialect; whoever has the first one's can use them.
_COMPILED: dict[object, object] = {}
_DIALECTS: dict[str, Dialect] = {}


@dataclass
class HandClock:
    """Time that moves only when a test says so."""

    seconds: float = 1000.0

    def now(self, cx: Connection) -> float:
        return self.seconds

    def epoch(self) -> str:
        return "test"


@cache
def new_ledger(clock: Callable[[], LedgerClock]) -> bytes:
    """Make the file of an empty ledger, once: to create all tables takes most of a small test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite3"
        Ledger(f"sqlite:///{file}", clock=clock()).engine.dispose()
        return file.read_bytes()


def share_compiled(engine: Engine) -> None:
    """Have each statement compiled once for all tests: anew for each, it took a third of them."""
    engine.dialect = _DIALECTS.setdefault(engine.dialect.name, engine.dialect)
    engine.update_execution_options(compiled_cache=_COMPILED)


@dataclass
class World:
    """Everything a run needs, driven step by step in one thread."""

    folder: Path
    encord: MemoryGateway = field(default_factory=MemoryGateway)
    pace: Pace = field(default_factory=lambda: Pace(settle=60, lag_looks=2))
    connected: bool = True
    #: The ledger's database; a SQLite file in the folder when empty.
    database_url: str = ""

    def __post_init__(self) -> None:
        self.clock = HandClock()
        file = self.folder / "ledger.sqlite3"
        if not (self.database_url or file.exists()):
            file.write_bytes(new_ledger(HandClock))
        self.ledger = Ledger(self.database_url or f"sqlite:///{file}", clock=self.clock)
        share_compiled(self.ledger.engine)
        self.manifests = ManifestStore(self.folder / "manifests", max_bytes=10**9)
        self.tools = Tools(
            ledger=self.ledger,
            manifests=self.manifests,
            gateway=self.gateway,
            pace=self.pace,
            outbox=self.folder / "outbox",
            receipts=self.folder / "receipts",
            link_piece=3,
        )
        self.onboarding = Onboarding(self.ledger, self.manifests, lambda _: "Test")
        rows = VerifiedRows(self.folder / "receipts")
        self.proofs = Proofs(self.ledger, self.manifests, rows, lambda _: "Test")

    def gateway(self, connection: str) -> MemoryGateway:
        if not self.connected:
            raise NotConnectedError(connection)
        return self.encord

    def held(self) -> list[str]:
        """Tell the one connection whose key is here, as a worker is told."""
        return ["connection"] if self.connected else []

    def manifest(self, document: object) -> str:
        """Store and check a registration JSON."""
        return self.document(json.dumps(document).encode())

    def document(self, data: bytes, ending: str = "json") -> str:
        """Store and check a manifest of any form."""
        fingerprint = self.manifests.add(f"manifest.{ending}", io.BytesIO(data))
        self.manifests.check(fingerprint, OPTIONS)
        return fingerprint

    def images(self, count: int) -> str:
        return self.manifest(
            {"images": [{"objectUrl": f"gs://bucket/{n}.jpg"} for n in range(count)]}
        )

    def submit(
        self,
        manifest: str,
        *,
        nonce: str = "one",
        chunk: int = 4,
        dataset: str | None = None,
        folder: FolderChoice | None = None,
        adopted_job: str | None = None,
        connection: str = "connection",
        options: RunOptions | None = None,
    ) -> str:
        return self.onboarding.submit(
            Submission(
                name="Run",
                connection=connection,
                account="SHA256:test",
                manifest=manifest,
                check=OPTIONS.to_json(),
                folder=folder or FolderChoice(name="Folder"),
                integration=BUCKET.id,
                integration_title=BUCKET.title,
                options=options or RunOptions(max_chunk_entries=chunk),
                dataset=DatasetChoice(title=dataset) if dataset else None,
                nonce=nonce,
                created_by="tester",
                adopted_job=adopted_job,
            ),
            actor="tester",
        )

    def claim(self) -> Claim | None:
        return self.ledger.claim("worker", self.pace.lease, KINDS)

    def step(self) -> Claim | None:
        """Advance what is due now, once."""
        claim = self.claim()
        if claim:
            advance(self.tools, claim)
        return claim

    def settle(self, limit: int = 500) -> None:
        """Advance everything, jumping to the next due time, until nothing is open."""
        for _ in range(limit):
            if self.step():
                continue
            pause = self.ledger.seconds_to_next(KINDS)
            if pause is None:
                return
            self.clock.seconds += pause + 0.001
            if self.encord.rate is None:  # Encord works while we wait
                self.encord.advance()
        raise AssertionError("the run does not come to rest")

    def view(self, run: str) -> RunView:
        view = self.ledger.run(run)
        assert view is not None
        return view

    def asked(self, operation: str) -> int:
        """Count the calls of one operation that Encord saw."""
        return self.encord.count(operation)
