"""The composition root: settings in, a runtime out. The only place that knows every part."""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np  # noqa: F401 - before polars, see `test_polars_is_ready_for_threads`
import structlog

from services import logs
from services.buckets.accounts import Accounts
from services.buckets.catalog import REPORTS, Catalog
from services.buckets.comparisons import Comparisons
from services.buckets.desk import BucketDesk
from services.buckets.recipes import Recipes
from services.buckets.trial import Pace as TrialPace
from services.demo_studio.sandbox_demo import SandboxDemo
from services.demo_studio.studio import DemoStudio
from services.encord_api.credentials import PrivateKey
from services.engine.connections import Connection, Connections
from services.engine.context import Pace, Tools
from services.engine.errors import ConnectionProblem
from services.engine.held_values import HeldValues
from services.engine.leftovers import WORK_AGE_SECONDS, sweep
from services.engine.onboarding import Onboarding
from services.engine.passport import Passports
from services.engine.proof.proofs import Proofs
from services.engine.proof.rows import VerifiedRows
from services.engine.report import Reports
from services.engine.schema_studio import SchemaStudio
from services.engine.schemas import Schemas
from services.engine.sources import Sources
from services.engine.supervisor import Child, forget_line, hold_line, worker_environment
from services.engine.webhook import Webhook
from services.engine.worker import Worker
from services.jobs import Jobs
from services.ledger.keeping import require_whole
from services.ledger.store import Ledger
from services.manifests.basis import BasisStore
from services.manifests.mapping import Memory
from services.manifests.repair import RepairJobs
from services.manifests.store import ManifestStore
from services.settings import Settings

if TYPE_CHECKING:
    from services.engine.procrastinate_worker import ProcrastinateWorker

log = structlog.get_logger(__name__)


class NoDatabaseError(RuntimeError):
    """Workers on many machines need one database."""

    def __init__(self) -> None:
        super().__init__(
            "ENCORD_ONBOARDING_EXECUTOR=procrastinate needs ENCORD_ONBOARDING_DATABASE_URL with a "
            "postgresql: address."
        )


@dataclass(slots=True)
class Runtime:
    """Everything a page or a command may use."""

    settings: Settings
    manifests: ManifestStore
    ledger: Ledger
    connections: Connections
    onboarding: Onboarding
    reports: Reports
    proofs: Proofs
    passports: Passports
    sources: Sources
    repairs: RepairJobs
    #: What people said the columns of foreign CSVs mean.
    mappings: Memory
    schemas: Schemas
    schema_studio: SchemaStudio
    #: Samples of what registered items hold.
    held_values: HeldValues
    #: What was listed in buckets, and what is made of it.
    catalog: Catalog
    recipes: Recipes
    comparisons: Comparisons
    buckets: BucketDesk
    #: The Google identities people gave, and the server's own.
    accounts: Accounts
    #: The sandbox's demo controls; None until it listens, or when it is switched off.
    sandbox_demo: SandboxDemo | None = None
    #: The scenarios that are shown on it; None as long as it is.
    demo_studio: DemoStudio | None = None
    _children: list[Child] = field(default_factory=list)
    _worker: Child | None = None
    _sandbox_ready: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Connect what the server has a key for, then start worker and sandbox."""
        logs.configure(self.settings.log_level)
        self.connections.on_change = self._key_changed
        self.connect_server()
        self._worker = Child(
            "worker",
            ["worker", "--fed"],
            environment=worker_environment(),
            greeting=lambda: [hold_line(*held) for held in self.connections.everything()],
        )
        self._worker.start()
        self._children.append(self._worker)
        if self.settings.sandbox:
            self.start_sandbox()

    def stop(self) -> None:
        """End the children. Runs go on where they were when the app starts again."""
        for child in self._children:
            child.stop()
        self._children.clear()

    def connect_server(self) -> ConnectionProblem | None:
        """Connect with the server's own key, if it has one; return why it cannot be used."""
        return connect_server(self.settings, self.connections)

    def start_sandbox(self) -> None:
        """Start the sandbox, or join the one that already serves this data directory."""
        folder = sandbox_folder(self.settings)
        endpoint = folder / "endpoint.json"
        if endpoint.exists() and SandboxDemo.answers(endpoint):
            self._sandbox_listens(endpoint.read_text())
            return
        rate = str(self.settings.sandbox_rate)
        arguments = ["sandbox", "--data", str(folder), "--rate", rate, "--exit-with-parent"]
        child = Child("sandbox", arguments, on_line=self._sandbox_listens)
        child.start()
        self._children.append(child)

    def wait_for_sandbox(self, seconds: float = 30.0) -> bool:
        """Wait until the sandbox listens; False when it does not."""
        return self._sandbox_ready.wait(seconds)

    def _sandbox_listens(self, line: str) -> None:
        said = json.loads(line)
        self.connections.add_sandbox(said["url"], Path(said["ssh_key_path"]))
        self.sandbox_demo = SandboxDemo(sandbox_folder(self.settings) / "endpoint.json")
        self.demo_studio = open_demo_studio(self, self.sandbox_demo)
        self._sandbox_ready.set()

    def _key_changed(self, connection: Connection, key: PrivateKey | None) -> None:
        """Tell the worker about a key that came or went."""
        if self._worker:
            line = forget_line(connection) if key is None else hold_line(connection, key)
            self._worker.tell(line)


def open_demo_studio(runtime: Runtime, controls: SandboxDemo) -> DemoStudio:
    """Wire the demo studio to a sandbox that answers."""
    return DemoStudio(
        runtime.settings.data_dir / "demo.json",
        controls,
        manifests=runtime.manifests,
        connections=runtime.connections,
        schemas=runtime.schemas,
        onboarding=runtime.onboarding,
        ledger=runtime.ledger,
    )


def build_runtime(settings: Settings) -> Runtime:
    """Wire the app together. Starts nothing: see `Runtime.start`.

    Raises:
        DamagedLedgerError: The ledger is not whole; nothing was changed.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    require_whole_ledger(settings)
    ledger = open_ledger(settings)
    manifests = open_manifests(settings)
    connections = Connections(own_domains=settings.domains)
    reports = Reports(ledger, manifests)
    catalog = Catalog(settings.data_dir / "buckets", manifests)
    accounts = Accounts()

    def label_of(known: str) -> str:
        return getattr(connections.get(known), "label", "Encord")

    onboarding = Onboarding(
        ledger,
        manifests,
        label_of=label_of,
    )
    proofs = Proofs(ledger, manifests, VerifiedRows(settings.data_dir / "receipts"), label_of)
    return Runtime(
        settings=settings,
        manifests=manifests,
        ledger=ledger,
        connections=connections,
        onboarding=onboarding,
        reports=reports,
        repairs=RepairJobs(manifests),
        mappings=Memory(settings.data_dir / "mappings"),
        sources=open_sources(settings, manifests),
        passports=Passports(ledger, manifests, connections.gateway, proofs.item_of_row),
        proofs=proofs,
        schemas=Schemas(connections.gateway, BasisStore(manifests)),
        schema_studio=SchemaStudio(ledger, connections.gateway),
        held_values=HeldValues(ledger, connections.gateway),
        catalog=catalog,
        recipes=Recipes(catalog),
        comparisons=Comparisons(catalog),
        accounts=accounts,
        buckets=BucketDesk(
            ledger,
            accounts,
            connections.gateway,
            pace=TrialPace(poll=settings.poll_first_seconds),
        ),
    )


def build_worker(settings: Settings) -> tuple["Worker | ProcrastinateWorker", Connections]:
    """Wire a worker that holds no key yet."""
    connections = Connections(own_domains=settings.domains)
    wired, slots, held = tools(settings, connections), settings.worker_slots, connections.held
    if settings.executor == "embedded":
        return Worker(wired, slots=slots, connections=held), connections
    url = settings.database_url or ""
    if not url.startswith("postgresql:"):
        raise NoDatabaseError
    # A twelfth of what every start imports, and few ask for it.
    from services.engine.procrastinate_worker import ProcrastinateWorker  # noqa: PLC0415

    worker = ProcrastinateWorker(wired, url, slots=slots, connections=held)
    return worker, connections


def connect_standalone(settings: Settings, connections: Connections) -> None:
    """Give a worker that no app feeds the keys its own settings name."""
    connect_server(settings, connections)
    endpoint = sandbox_folder(settings) / "endpoint.json"
    if settings.sandbox and endpoint.exists():
        said = json.loads(endpoint.read_text())
        connections.add_sandbox(said["url"], Path(said["ssh_key_path"]))


def connect_server(settings: Settings, connections: Connections) -> ConnectionProblem | None:
    """Connect with the server's own key, if it has one; a bad one is logged and returned."""
    if settings.ssh_key_file is None and settings.ssh_key is None:
        return None
    passphrase = settings.ssh_key_passphrase
    try:
        connections.add_server(
            settings.domain,
            path=settings.ssh_key_file,
            text=settings.ssh_key.get_secret_value() if settings.ssh_key else None,
            passphrase=passphrase.get_secret_value() if passphrase else None,
        )
    except ConnectionProblem as problem:
        log.error("the server's key cannot be used", why=problem.remedy)  # noqa: TRY400
        return problem
    return None


def tools(settings: Settings, connections: Connections) -> Tools:
    """Wire what a step of the engine works with."""
    return Tools(
        ledger=open_ledger(settings),
        manifests=open_manifests(settings),
        gateway=connections.gateway,
        pace=Pace(
            lease=settings.lease_seconds,
            poll_first=settings.poll_first_seconds,
            poll_last=settings.poll_last_seconds,
            settle=settings.settle_seconds,
            send_deadline=settings.send_deadline_seconds,
            lag=settings.poll_first_seconds,
        ),
        outbox=settings.data_dir / "outbox",
        receipts=settings.data_dir / "receipts",
        link_piece=settings.link_piece,
        webhook=open_webhook(settings),
    )


def open_webhook(settings: Settings) -> Webhook | None:
    """Return who is told outside; raises `WebhookSettingError` for settings that cannot work."""
    if settings.webhook_url is None:
        return None
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    return Webhook(url=settings.webhook_url, secret=secret)


def sweep_leftovers(settings: Settings) -> int:
    """Remove what killed processes left in the data directory; return how much that was."""
    data, manifests = settings.data_dir, settings.data_dir / "manifests"
    soon = [(data / "outbox", "*"), (manifests, "upload-*"), (data / "receipts", "*.part")]
    late = [(data / "buckets", f"*/{REPORTS}/*"), (manifests, "*/*.part")]
    return sweep(soon) + sweep(late, age=WORK_AGE_SECONDS)


def require_whole_ledger(settings: Settings) -> None:
    """Refuse to go on with a damaged ledger; raises `DamagedLedgerError`."""
    require_whole(settings.ledger_url, settings.backups)


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger of these settings."""
    return Ledger(settings.ledger_url)


def open_manifests(settings: Settings) -> ManifestStore:
    """Open the manifests of these settings."""
    return ManifestStore(settings.data_dir / "manifests", max_bytes=settings.max_upload_bytes)


def open_sources(settings: Settings, manifests: ManifestStore) -> Sources:
    """Wire where manifests come from, beside the browser."""
    return Sources(manifests, settings.manifest_folders, Jobs("services.taking"))


def sandbox_folder(settings: Settings) -> Path:
    """Return where the sandbox keeps its state."""
    return (settings.data_dir / "sandbox").absolute()
