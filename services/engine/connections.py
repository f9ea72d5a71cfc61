"""Who may speak to Encord: keys held in memory by connection id, and what each last answered.

A connection's id is made from the address and the account's public key, so that a person who
connects again with the same key finds the same runs. Nothing here writes a key anywhere; `hold`
is how a parent process hands keys to its worker.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from services.domain.metadata import MetadataSchema
from services.domain.uuids import is_uuid
from services.encord_api.credentials import KeyProblem, PrivateKey, load_private_key
from services.encord_api.credentials import load_private_key_file as load_file
from services.encord_api.domains import ALLOWED_DOMAINS, DomainProblem, check_domain
from services.encord_api.errors import (
    ClockOff,
    EncordError,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    NotSent,
    RateLimited,
)
from services.encord_api.interface import Dataset, EncordGateway, Folder, Integration
from services.encord_api.sdk import connect
from services.engine.errors import ConnectionProblem, NotConnectedError

Kind = Literal["sandbox", "server", "session"]
#: What to try, by what went wrong; the class of the error says what that was. The last of each is
#: the entry in `domain.symptoms` that says more.
REMEDIES: Final[MappingProxyType[type[EncordError], tuple[str, str, str]]] = MappingProxyType(
    {
        NotAuthenticated: (
            "Encord does not know this key",
            (
                "Register its public half in Encord's settings, or choose the other region: "
                "EU and US do not share keys."
            ),
            "key-unknown",
        ),
        ClockOff: (
            "This machine's clock is wrong",
            "Signatures carry the time. Set the clock, then check again.",
            "clock-off",
        ),
        NotAuthorised: (
            "This account is not allowed to do that",
            "Ask an administrator of the workspace for the role it needs.",
            "not-allowed",
        ),
        NotFound: (
            "Encord has nothing of that id for this account",
            "Check the id, and that the account may see it.",
            "not-found",
        ),
        NotSent: (
            "Encord could not be reached",
            "Check the domain, the network and a proxy if there is one. Nothing was sent.",
            "unreachable",
        ),
        RateLimited: (
            "Encord asks us to slow down",
            "Wait a moment and try again.",
            "rate-limited",
        ),
    }
)
#: The label of the sandbox's connection.
SANDBOX: Final = "Sandbox"
BAD_DOMAIN: Final = "This domain cannot be used"
BAD_KEY: Final = "This key cannot be used"
BAD_SERVER_KEY: Final = "The server's key cannot be used"
FOREIGN_DOMAIN: Final = (
    "This domain is not on the server's list",
    "Whoever runs this server adds it to ENCORD_ONBOARDING_DOMAINS.",
    "domain-unknown",
)
UNCLEAR: Final = (
    "Encord's answer was not understood",
    "Try again; if it stays, quote the reference to Encord's support.",
    "unclear",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An Encord address and an account. Knows no secret."""

    id: str
    kind: Kind
    #: What the badge says, e.g. `Sandbox` or `Encord EU`.
    label: str
    domain: str
    #: Fingerprint of the public key, as Encord's settings page shows it.
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a connection answered."""

    ok: bool
    title: str
    remedy: str
    reference: str | None
    integrations: tuple[Integration, ...]
    #: The declared keys of the organization's metadata schema.
    schema: MetadataSchema
    milliseconds: int
    at: datetime
    #: The entry in `domain.symptoms` that says more; empty when all is well.
    symptom: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    connection: Connection
    gateway: EncordGateway
    key: PrivateKey
    #: Everybody who gave this key; it goes with the last of them. The server itself is `""`.
    givers: frozenset[str] = frozenset({""})


Listener = Callable[[Connection, PrivateKey | None], None]


class Connections:
    """The keys of one process. Safe from any thread."""

    def __init__(self, *, own_domains: tuple[str, ...] = ()) -> None:
        """Start empty."""
        self._own_domains = own_domains
        #: Hears of every key that comes, and of every one that goes (None).
        self.on_change: Listener = _nobody
        self._held: dict[str, _Held] = {}
        self._checks: dict[str, Check] = {}
        self._lock = threading.Lock()

    def add(self, domain: str, key: bytes, passphrase: str | None, *, by: str = "") -> Connection:
        """Take a person's key.

        Raises:
            ConnectionProblem: The key or the domain cannot be used; says why and what to do.
        """
        try:
            address = check_domain(domain)
            loaded = load_private_key(key, passphrase or None)
        except DomainProblem as problem:
            raise ConnectionProblem(BAD_DOMAIN, str(problem), "domain-unknown") from None
        except KeyProblem as problem:
            raise ConnectionProblem(BAD_KEY, str(problem), "key-unusable") from None
        if address not in ALLOWED_DOMAINS.values() and address not in self._own_domains:
            raise ConnectionProblem(*FOREIGN_DOMAIN) from None
        return self.hold("session", address, loaded, by=by)

    def add_server(
        self, domain: str, *, path: Path | None, text: str | None, passphrase: str | None
    ) -> Connection:
        """Take the server's own key, from its file or its environment."""
        try:
            address = check_domain(domain)
            if path is not None:
                # A mounted secret is a link; this path is the operator's own.
                place = Path(os.path.realpath(path.expanduser()))
                return self.hold("server", address, load_file(place, passphrase).key)
            return self.hold("server", address, load_private_key(text or "", passphrase))
        except (DomainProblem, KeyProblem) as problem:
            raise ConnectionProblem(BAD_SERVER_KEY, str(problem), "key-unusable") from None

    def add_sandbox(self, url: str, key_file: Path) -> Connection:
        """Take the sandbox's throw-away key."""
        address = check_domain(url, allow_loopback=True)
        return self.hold("sandbox", address, load_file(key_file).key)

    def hold(self, kind: Kind, domain: str, key: PrivateKey, *, by: str = "") -> Connection:
        """Hold a key and return its connection; the same key and address are the same one."""
        if kind == "sandbox":
            reach_this_machine_directly()
        #: The sandbox may listen elsewhere after a restart and is still the same place.
        place = "sandbox" if kind == "sandbox" else domain
        identity = hashlib.sha256(f"{place} {key.fingerprint}".encode()).hexdigest()[:24]
        gateway = connect(domain, key)
        with self._lock:
            known = self._held.get(identity)
            # The server's key stays the server's, also when a person gives it once more.
            if known and known.connection.kind == "server":
                kind = "server"
            connection = Connection(
                id=identity,
                kind=kind,
                label=_label(kind, domain),
                domain=domain,
                account=key.fingerprint,
            )
            givers = (known.givers if known else frozenset()) | {by}
            self._held[identity] = _Held(connection, gateway, key, givers)
            self._checks.pop(identity, None)
        self.on_change(connection, key)
        return connection

    def forget(self, connection: str, *, by: str = "") -> None:
        """Drop a key that nobody else gave; runs that need it wait until it is given again."""
        with self._lock:
            held = self._held.get(connection)
            if held is None:
                return
            others = held.givers - {by}
            if others:
                self._held[connection] = replace(held, givers=others)
                return
            del self._held[connection]
            self._checks.pop(connection, None)
        self.on_change(held.connection, None)

    def get(self, connection: str) -> Connection | None:
        """Return a connection whose key is held here."""
        held = self._held.get(connection)
        return held.connection if held else None

    def sandbox(self) -> Connection | None:
        """Return the sandbox's connection."""
        return self._first("sandbox")

    def server(self) -> Connection | None:
        """Return the connection of the server's own key."""
        return self._first("server")

    def default(self) -> Connection | None:
        """Return what a new visitor starts with."""
        return self.server() or self.sandbox()

    def held(self) -> list[str]:
        """Return the ids of the connections whose key is held here."""
        return list(self._held)

    def everything(self) -> list[tuple[Connection, PrivateKey]]:
        """Return every key held, to hand to a worker that starts."""
        return [(held.connection, held.key) for held in list(self._held.values())]

    def gateway(self, connection: str) -> EncordGateway:
        """Return the gateway of a connection.

        Raises:
            NotConnectedError: No key for it is held here.
        """
        held = self._held.get(connection)
        if held is None:
            raise NotConnectedError(connection)
        return held.gateway

    def check(self, connection: str) -> Check:
        """Ask Encord who answers and what this account may use. Up to three requests."""
        started = time.perf_counter()
        try:
            gateway = self.gateway(connection)
            gateway.ping()
            integrations = tuple(gateway.list_integrations())
            schema = gateway.metadata_schema().declared
        except (EncordError, NotConnectedError) as error:
            problem = explain(error)
            check = _answer(started, ok=False, problem=problem)
        else:
            check = _answer(started, ok=True, integrations=integrations, schema=schema)
        with self._lock:
            if connection in self._held:
                self._checks[connection] = check
        return check

    def last_check(self, connection: str) -> Check | None:
        """Return the last answer without asking again."""
        return self._checks.get(connection)

    def find_folder(self, connection: str, uuid: str) -> Folder:
        """Return a folder.

        Raises:
            ConnectionProblem: It is not there, or Encord did not answer.
        """
        try:
            return _folder(self.gateway(connection), uuid)
        except (EncordError, NotConnectedError) as error:
            raise explain(error) from None

    def datasets(self, connection: str, title: str | None = None) -> list[Dataset]:
        """List the datasets an account may see.

        Raises:
            ConnectionProblem: Encord did not answer.
        """
        try:
            return self.gateway(connection).list_datasets(title)
        except (EncordError, NotConnectedError) as error:
            raise explain(error) from None

    def folders(self, connection: str, search: str, *, limit: int) -> list[Folder]:
        """List the first folders whose name holds the search, or the one whose UUID it is.

        Raises:
            ConnectionProblem: Encord did not answer.
        """
        try:
            gateway = self.gateway(connection)
            if is_uuid(search):
                return [_folder(gateway, search)]
            return list(islice(gateway.find_folders(search), limit))
        except (EncordError, NotConnectedError) as error:
            raise explain(error) from None

    def _first(self, kind: Kind) -> Connection | None:
        for held in list(self._held.values()):
            if held.connection.kind == kind:
                return held.connection
        return None


def _folder(gateway: EncordGateway, uuid: str) -> Folder:
    """Return a folder; Encord calls one that is not there *not allowed*."""
    try:
        return gateway.get_folder(uuid)
    except NotAuthorised as error:
        raise NotFound(error.operation, trace_id=error.trace_id, raw=error.raw) from None


def _nobody(_connection: Connection, _key: PrivateKey | None) -> None:
    """Stand in until somebody wants to hear of keys."""


def reach_this_machine_directly() -> None:
    """Keep requests to the sandbox from a proxy that is set for the world; the SDK obeys one."""
    for name in ("NO_PROXY", "no_proxy"):
        known = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
        missing = [host for host in ("127.0.0.1", "localhost") if host not in known]
        os.environ[name] = ",".join([*known, *missing])


def explain(error: Exception) -> ConnectionProblem:
    """Return an error in words that lead to a fix."""
    if isinstance(error, NotConnectedError):
        return ConnectionProblem("Not connected", "Connect on the Connect page.", "waits-for-key")
    words = REMEDIES.get(type(error), UNCLEAR)  # type: ignore[arg-type] # a miss is UNCLEAR
    return ConnectionProblem(*words, reference=getattr(error, "trace_id", None))


def _answer(
    started: float,
    *,
    ok: bool,
    problem: ConnectionProblem | None = None,
    integrations: tuple[Integration, ...] = (),
    schema: MetadataSchema = MappingProxyType({}),
) -> Check:
    return Check(
        ok=ok,
        title=problem.title if problem else "Encord answered",
        remedy=problem.remedy if problem else "",
        reference=problem.reference if problem else None,
        integrations=integrations,
        schema=schema,
        milliseconds=round((time.perf_counter() - started) * 1000),
        at=datetime.now(UTC),
        symptom=problem.symptom if problem else "",
    )


def _label(kind: Kind, domain: str) -> str:
    if kind == "sandbox":
        return SANDBOX
    regions = {address: f"Encord {region}" for region, address in ALLOWED_DOMAINS.items()}
    return regions.get(domain, domain.removeprefix("https://"))
