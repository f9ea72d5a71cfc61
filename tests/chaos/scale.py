"""Runs on several workers of one PostgreSQL ledger, as on several machines.

`python -m tests.chaos.scale` shows what 1, 2 and 4 workers get done over a line of 200 ms.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.bootstrap import Runtime, build_runtime
from services.demo_studio.sandbox_demo import SandboxDemo
from services.domain.runs import FolderChoice, RunOptions, Submission
from services.manifests.options import CheckOptions
from services.settings import Settings
from tests.chaos.proxy import FaultyFront
from tests.postgres import cluster

ROOT: Final = Path(__file__).resolve().parents[2]
LEASE: Final = 3.0
#: A step that was sending keeps its lease for as long as its request may take.
DEADLINE: Final = 10.0
CHUNKS: Final = 24
ENTRIES: Final = 240


@dataclass
class Fleet:
    """A sandbox behind a slow line, a ledger on PostgreSQL, and workers that share it."""

    folder: Path
    database: str
    latency: float = 0.2
    rate: float = 100_000
    deadline: float = DEADLINE
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "ENCORD_ONBOARDING_DATA_DIR": str(self.folder),
            "ENCORD_ONBOARDING_DATABASE_URL": self.database,
            "ENCORD_ONBOARDING_EXECUTOR": "procrastinate",
            "ENCORD_ONBOARDING_WORKER_SLOTS": "1",
            "ENCORD_ONBOARDING_LEASE_SECONDS": str(LEASE),
            "ENCORD_ONBOARDING_POLL_FIRST_SECONDS": "0.2",
            "ENCORD_ONBOARDING_SETTLE_SECONDS": "1",
            "ENCORD_ONBOARDING_SEND_DEADLINE_SECONDS": str(DEADLINE),
            "ENCORD_ONBOARDING_LOG_LEVEL": "ERROR",
        }
        settings = Settings(
            data_dir=self.folder, database_url=self.database, sandbox_rate=self.rate
        )
        self.runtime: Runtime = build_runtime(settings)
        self.runtime.start_sandbox()
        assert self.runtime.wait_for_sandbox()
        self._put_the_slow_line_in_between()

    def _put_the_slow_line_in_between(self) -> None:
        """Point everybody who looks for the sandbox at the proxy."""
        endpoint = self.folder / "sandbox" / "endpoint.json"
        said = json.loads(endpoint.read_text())
        self.front = FaultyFront(said["url"], latency=self.latency)
        endpoint.write_text(json.dumps({**said, "url": self.front.url}))
        self.runtime.connections.add_sandbox(self.front.url, Path(said["ssh_key_path"]))
        assert SandboxDemo.answers(endpoint)

    def employ(self, count: int, *, with_key: bool = True) -> None:
        """Start so many more workers; without the sandbox's key they hold none at all."""
        environment = {**self.environment, "ENCORD_ONBOARDING_SANDBOX": str(with_key).lower()}
        for _ in range(count):
            worker = subprocess.Popen(
                [sys.executable, "-m", "services", "worker"], cwd=ROOT, env=environment
            )
            self.workers.append(worker)

    def dismiss(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()

    def close(self) -> None:
        self.dismiss()
        self.front.close()
        self.runtime.stop()
        self.runtime.ledger.engine.dispose()

    def submit(self, name: str, *, first: int, entries: int, chunk: int) -> str:
        connection = self.runtime.connections.sandbox()
        assert connection is not None
        objects = [
            {"objectUrl": f"gs://encord-demo-bucket/bulk/{n:06d}.jpg"}
            for n in range(first, first + entries)
        ]
        data = io.BytesIO(json.dumps({"images": objects}).encode())
        manifest = self.runtime.manifests.add(f"{name}.json", data)
        self.runtime.manifests.check(manifest, CheckOptions())
        found = self.runtime.connections.gateway(connection.id).list_integrations()
        integration = next(one for one in found if one.title == "Demo bucket")
        return self.runtime.onboarding.submit(
            Submission(
                name=name,
                connection=connection.id,
                account=connection.account,
                manifest=manifest,
                check=CheckOptions().to_json(),
                folder=FolderChoice(name=name),
                integration=integration.id,
                integration_title=integration.title,
                options=RunOptions(max_chunk_entries=chunk),
                nonce=name,
                created_by="fleet",
            ),
            actor="fleet",
        )

    def wait(self, run: str, seconds: float) -> float:
        """Wait for a run's end and return how long it took."""
        started = time.monotonic()
        pause = threading.Event()
        while time.monotonic() < started + seconds:
            view = self.runtime.ledger.run(run)
            assert view is not None
            if view.state.is_final:
                return time.monotonic() - started
            pause.wait(0.05)
        raise AssertionError(self.runtime.ledger.run(run))


@contextmanager
def fleet(folder: Path, database: str, latency: float = 0.2) -> Iterator[Fleet]:
    made = Fleet(folder, database, latency)
    try:
        yield made
    finally:
        made.close()


def measure(crew: Fleet, workers: int, turn: int) -> float:
    """Time one run of many small chunks, from workers that are awake to its end."""
    crew.employ(workers)
    warm = crew.submit(f"Warm {turn}", first=turn * 10_000, entries=workers, chunk=1)
    crew.wait(warm, 60)
    size = ENTRIES // CHUNKS
    run = crew.submit(f"Run {turn}", first=turn * 10_000 + 1_000, entries=ENTRIES, chunk=size)
    seconds = crew.wait(run, 120)
    crew.dismiss()
    return seconds


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster() as postgres,
        fleet(Path(folder), postgres.new_database()) as crew,
    ):
        for turn, workers in enumerate((1, 2, 4)):
            seconds = measure(crew, workers, turn)
            print(f"{workers} workers: {CHUNKS} jobs in {seconds:.1f} s")  # noqa: T201


if __name__ == "__main__":
    main()
