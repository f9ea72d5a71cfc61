"""Set a scenario up, turn its beats, and tell every tab where the demo stands.

What is shown is kept in one small file, so that a presenter and an audience in other tabs, and
after a restart, see the same.
"""

import dataclasses
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final

from services.demo_studio import content
from services.demo_studio.faults import Fault
from services.demo_studio.sandbox_demo import SandboxDemo
from services.demo_studio.scenarios import BY_ID, OUTAGE_SECONDS, Act, Beat, Scenario
from services.domain.runs import FolderChoice, Submission
from services.engine.connections import Connection, Connections
from services.engine.onboarding import Onboarding
from services.engine.schemas import Schemas
from services.ledger.store import Ledger
from services.ledger.views import RunView
from services.manifests.store import ManifestStore
from services.sandbox import demo
from services.whole_files import write_whole

#: A manifest larger than this is checked in a process of its own.
_SMALL: Final = 25_000
_PATIENCE: Final = 1.5
#: The key that a colleague adds to the schema.
COLLEAGUES_KEY: Final = "tide"


class NothingToShowError(Exception):
    """The sandbox does not answer, so no scenario can be set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """The demo that is on, and where it stands."""

    scenario: str
    seed: int
    size: int
    #: Units the sandbox processes per second.
    rate: float
    beat: int
    #: Fingerprint of the scenario's manifest.
    manifest: str
    #: The run the studio submitted, if the scenario begins with one.
    run: str | None
    #: How many set-ups there were; one more with each.
    number: int
    at: datetime

    @property
    def script(self) -> Scenario:
        """The scenario's words."""
        return BY_ID[self.scenario]

    @property
    def now(self) -> Beat:
        """The beat it stands at."""
        return self.script.beats[self.beat]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The numbers of a demo, as far as they are known."""

    entries: int = 0
    ready: int = 0
    held: int = 0
    registered: int = 0
    failed: int = 0
    waiting: int = 0

    def fill(self, words: str) -> str:
        """Put the numbers in their places."""
        return words.format(
            **{name: f"{value:,}" for name, value in dataclasses.asdict(self).items()}
        )


class DemoStudio:
    """The one demo of this server. Safe from any thread."""

    def __init__(
        self,
        file: Path,
        controls: SandboxDemo,
        *,
        manifests: ManifestStore,
        connections: Connections,
        schemas: Schemas,
        onboarding: Onboarding,
        ledger: Ledger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take where it is written down which demo is on, and the services it works with."""
        self._file = file
        self._controls = controls
        self._manifests = manifests
        self._connections = connections
        self._schemas = schemas
        self._onboarding = onboarding
        self._ledger = ledger
        self._clock = clock

    def number(self) -> int:
        """Return how many set-ups there were, those of demos that have ended included."""
        try:
            return int(json.loads(self._file.read_text(encoding="utf-8"))["number"])
        except (OSError, ValueError, TypeError, KeyError):
            return 0

    def showing(self) -> Showing | None:
        """Return the demo that is on."""
        try:
            said = json.loads(self._file.read_text(encoding="utf-8"))
            found = Showing(**{**said, "at": datetime.fromisoformat(said["at"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        known = BY_ID.get(found.scenario)
        return found if known and 0 <= found.beat < len(known.beats) else None

    def set_up(self, scenario: str, *, seed: int, size: int, actor: str) -> Showing:
        """Start the sandbox over and prepare a scenario in it. A second, or a few.

        Raises:
            NothingToShowError: The sandbox does not answer.
        """
        script, connection = BY_ID[scenario], self._connections.sandbox()
        if connection is None:
            raise NothingToShowError
        size = min(max(size, script.sizes[0]), script.sizes[1])
        self._start_over(script, seed)
        made = Showing(
            scenario=scenario,
            seed=seed,
            size=size,
            rate=script.rate,
            beat=0,
            manifest=self._prepare(scenario, connection, seed=seed, size=size),
            run=None,
            number=self.number() + 1,
            at=datetime.now(UTC),
        )
        if script.submits:
            made = replace(made, run=self._submit(made, connection, actor))
        self._keep(made)
        return made

    def _start_over(self, script: Scenario, seed: int) -> None:
        controls = self._controls
        try:
            controls.reset()
            controls.call("DELETE", f"faults?seed={seed}")
            controls.set_rate(script.rate)
            if script.id == "forbidden-cors":
                closed = {"bucket": demo.BUCKET, "prefixes": [content.FORBIDDEN_FOLDER]}
                controls.call("POST", "forbidden", closed)
                controls.call("POST", "cors", {"bucket": demo.BUCKET, "rules": []})
        except OSError as problem:
            raise NothingToShowError from problem

    def _prepare(self, scenario: str, connection: Connection, *, seed: int, size: int) -> str:
        """Store and check the manifest, against the schema as it is after starting over."""
        made = content.make(scenario, seed=seed, size=size)
        manifest = self._manifests.add(content.NAMES[scenario], io.BytesIO(made))
        self._schemas.refresh(connection.id, patience=_PATIENCE, fresh=0)
        chosen = self._schemas.prepare(manifest, connection, like=None, patience=_PATIENCE)
        if size <= _SMALL:
            self._manifests.check(manifest, chosen.options)
        else:
            self._manifests.start_check(manifest, chosen.options)
        return manifest

    def _submit(self, showing: Showing, connection: Connection, actor: str) -> str:
        integration = self._connections.gateway(connection.id).list_integrations()[0]
        name = content.NAMES[showing.scenario].rpartition(".")[0]
        checked = self._schemas.basis(showing.manifest, connection.id).options
        return self._onboarding.submit(
            Submission(
                name=name,
                connection=connection.id,
                account=connection.account,
                manifest=showing.manifest,
                check=checked.to_json(),
                folder=FolderChoice(name=name),
                integration=integration.id,
                integration_title=integration.title,
                nonce=f"demo-{token_hex(16)}",
                created_by=actor,
            ),
            actor=actor,
        )

    def turn(self, beat: int) -> None:
        """Go to a beat; every tab follows."""
        showing = self.showing()
        if showing and 0 <= beat < len(showing.script.beats):
            self._keep(replace(showing, beat=beat))

    def use_rate(self, rate: float) -> None:
        """Choose how many units the sandbox processes per second."""
        self._controls.set_rate(rate)
        showing = self.showing()
        if showing:
            self._keep(replace(showing, rate=rate))

    def act(self, act: Act) -> None:
        """Do what the presenter does at a beat."""
        if act is Act.MEND:
            self._controls.mend()
        elif act is Act.OUTAGE:
            until = self._clock() + OUTAGE_SECONDS
            for operation in ("v1 *", "v2 *"):
                self.plan(Fault(operation=operation, kind="status", status=503, until=until))
        else:
            self._add_a_key()

    def _add_a_key(self) -> None:
        """Change the schema as somebody else would: read it, add a key, write it whole."""
        connection = self._connections.sandbox()
        if connection is None:
            raise NothingToShowError
        gateway = self._connections.gateway(connection.id)
        found = gateway.metadata_schema().answer
        self._controls.call(
            "POST", "schema", {**found, COLLEAGUES_KEY: {"ty": "variant", "hint": "number"}}
        )

    def plan(self, fault: Fault) -> None:
        """Let something go wrong with calls to come."""
        self._controls.call("POST", "faults", fault.body())

    def planned(self) -> list[Fault]:
        """Return what is still to go wrong."""
        found = self._controls.call("GET", "faults")["planned"]
        return [Fault.of(each) for each in found]

    def is_stalled(self) -> bool:
        """Tell whether every job stands still."""
        return bool(self._controls.call("GET", "state")["stalled"])

    def stall(self, *, on: bool) -> None:
        """Let every job stand still, or go on."""
        self._controls.call("POST", "jobs/stall", {"stalled": on})

    def clear_faults(self) -> None:
        """Let everything go well from now on."""
        showing = self.showing()
        self._controls.call("DELETE", f"faults?seed={showing.seed if showing else 0}")

    def run(self, showing: Showing) -> RunView | None:
        """Return the run of a demo: the studio's, or the newest one made of its manifest since."""
        if showing.run:
            return self._ledger.run(showing.run)
        made = self._onboarding.earlier(showing.manifest)
        return next((run for run in made if run.created_at >= showing.at and not run.parent), None)

    def progress(self, showing: Showing) -> Progress:
        """Return a demo's numbers; those of its run are after all retries."""
        entries, ready, held = self._checked(showing)
        run = self.run(showing)
        if run is None:
            return Progress(entries=entries, ready=ready, held=held)
        counts = self._ledger.family(run.id)
        return Progress(
            entries=entries,
            ready=ready,
            held=held,
            registered=counts.arrived,
            failed=counts.failed,
            waiting=max(counts.entries - counts.arrived - counts.failed, 0),
        )

    def _checked(self, showing: Showing) -> tuple[int, int, int]:
        connection = self._connections.sandbox()
        options = self._schemas.basis(showing.manifest, connection.id if connection else None)
        if self._manifests.check_state(showing.manifest, options.options).phase != "done":
            return showing.size, 0, 0
        summary = self._manifests.open(showing.manifest, options.options).summary
        return summary.entries, summary.valid_entries, summary.held_entries

    def address(self, showing: Showing, beat: Beat) -> dict[str, str] | None:
        """Return what a beat's address names; None while there is no run to name."""
        query = dict(beat.query)
        if query.get("run") == "{run}":
            run = self.run(showing)
            if run is None:
                return None
            query["run"] = run.id
        if query.get("manifest") == "{manifest}":
            query["manifest"] = showing.manifest
        return query

    def stop(self) -> None:
        """End the demo; what was made stays, and the next set-up is another one."""
        self._write({"number": self.number()})

    def _keep(self, showing: Showing) -> None:
        self._write({**dataclasses.asdict(showing), "at": showing.at.isoformat()})

    def _write(self, said: dict[str, object]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._file, json.dumps(said).encode())
