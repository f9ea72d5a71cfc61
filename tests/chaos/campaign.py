"""The kill campaign: the real worker and SDK against the sandbox, killed until the count is full.

Every run ends with the same question: is each URL in its folder exactly once, and does the ledger
know every job that the sandbox accepted?
"""

import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess  # noqa: TC003 - reads better up here
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from services.bootstrap import build_runtime
from services.domain.runs import FolderChoice, RunOptions, Submission
from services.encord_api.credentials import load_private_key_file
from services.engine.connections import Connection
from services.ledger.care import examine
from services.ledger.runs import SURPRISE
from services.ledger.tables import ATTEMPT, EVENT
from services.manifests.options import CheckOptions
from services.settings import Settings
from tests.chaos.proxy import FaultyFront
from tests.chaos.victim import VICTIMS_LOG, Reaper, work
from tests.nursery import NURSERY
from tests.postgres import Cluster

ROOT: Final = Path(__file__).resolve().parents[2]
#: Enough that somebody always has something to do.
OPEN_RUNS: Final = 5
CHUNK: Final = 15
CHUNKS_A_RUN: Final = 8
#: Turns between two looks at whether there is enough to do.
TURNS_A_LOOK: Final = 5
BACKEND_CHANCE: Final = 0.01
CRASH_CHANCE: Final = 0.002
FREEZE_SECONDS: Final = 1.5
LEASE: Final = 1.0


@dataclass
class Report:
    """What a campaign saw."""

    kills: Counter[str] = field(default_factory=Counter)
    freezes: int = 0
    #: PostgreSQL connections ended under the workers, and whole servers crashed and restarted.
    backends: int = 0
    crashes: int = 0
    urls: int = 0
    runs: int = 0
    lost: int = 0
    duplicated: int = 0
    untracked: int = 0
    redundant: int = 0
    #: Steps that failed on our side; a database that was away is none.
    surprises: int = 0
    #: What an examination of the ledger found at the end.
    findings: tuple[str, ...] = ()
    jobs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        return self.kills.total()

    def __str__(self) -> str:
        steps = "\n".join(f"  {count:5d}  {step}" for step, count in sorted(self.kills.items()))
        return (
            f"{self.killed} kills, {self.freezes} freezes, {self.faults.total()} spoiled starts, "
            f"{self.backends} connections cut, {self.crashes} database crashes in "
            f"{self.seconds:.0f} s\n{steps}\n"
            f"{self.runs} runs, {self.urls} URLs, {self.jobs} jobs: lost {self.lost}, "
            f"duplicated {self.duplicated}, untracked {self.untracked}, "
            f"redundant {self.redundant}, surprises {self.surprises}, "
            f"ledger {' '.join(self.findings) or 'whole'}"
        )


class Campaign:
    """One campaign in one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        kills: int,
        postgres: Cluster | None = None,
        workers: int = 4,
        seed: int = 1,
        steps: AbstractSet[str] = frozenset(),
    ) -> None:
        """Prepare so many kills, and as many more as it takes to hit each of these steps."""
        self.postgres = postgres
        self.folder = folder
        self.target = kills
        self.steps = steps
        self.workers = workers
        self.random = random.Random(seed)
        self.notes = folder / "kills.txt"
        self.settings = Settings(
            data_dir=folder,
            database_url=postgres.new_database() if postgres else None,
            sandbox_rate=4000,
            lease_seconds=LEASE,
            poll_first_seconds=0.03,
            poll_last_seconds=0.2,
            settle_seconds=0.6,
            send_deadline_seconds=5,
            worker_slots=2,
        )
        self.report = Report()
        self.runtime = build_runtime(self.settings)
        self._submitted = 0
        self._turns = 0
        self._children: list[BaseProcess] = []

    def run(self) -> Report:
        """Kill until enough, then let everything finish in peace and count."""
        started = time.monotonic()
        endpoint = self._start_sandbox()
        front = FaultyFront(endpoint["url"], rate=0.15, seed=self.random.randrange(10**6))
        key = Path(endpoint["ssh_key_path"])
        secret = load_private_key_file(key).key
        connection = self.runtime.connections.hold("sandbox", front.url, secret)
        try:
            while self._killed() < self.target or not self.steps <= set(self._kills()):
                self._keep_busy(connection)
                self._keep_alive(front.url, key, chance=0.15)
                self._harm()
                self._harm_database()
            self._finish_in_peace(front, key)
        finally:
            for child in self._children:
                child.kill()
            front.close()
        self._count()
        self.report.findings = examine(self.settings.ledger_url).findings
        self.report.faults = front.faults
        self._stop_sandbox()
        self.runtime.ledger.engine.dispose()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _start_sandbox(self) -> dict[str, str]:
        rate = str(self.settings.sandbox_rate)
        self._sandbox = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "services",
                "sandbox",
                "--data",
                str(self.folder / "sandbox"),
                "--rate",
                rate,
                "--exit-with-parent",
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._sandbox.stdout is not None
        return dict(json.loads(self._sandbox.stdout.readline()))

    def _stop_sandbox(self) -> None:
        self._sandbox.kill()
        self._sandbox.wait()
        for pipe in (self._sandbox.stdin, self._sandbox.stdout):
            assert pipe is not None
            pipe.close()

    def _keep_busy(self, connection: Connection) -> None:
        """Keep some runs open; looks now and then, as looking takes time from the workers."""
        self._turns += 1
        if self._turns % TURNS_A_LOOK != 1 or self.runtime.ledger.overview().active >= OPEN_RUNS:
            return
        count = CHUNK * CHUNKS_A_RUN
        first = self._submitted * count
        self._submitted += 1
        document = {
            "images": [
                {"objectUrl": f"gs://encord-demo-bucket/bulk/{n:06d}.jpg"}
                for n in range(first, first + count)
            ]
        }
        data = io.BytesIO(json.dumps(document).encode())
        manifest = self.runtime.manifests.add(f"batch-{self._submitted}.json", data)
        self.runtime.manifests.check(manifest, CheckOptions())
        self.runtime.onboarding.submit(
            Submission(
                name=f"Batch {self._submitted}",
                connection=connection.id,
                account=connection.account,
                manifest=manifest,
                check=CheckOptions().to_json(),
                folder=FolderChoice(name=f"Batch {self._submitted}"),
                integration=self._integration(connection),
                integration_title="Demo bucket",
                options=RunOptions(max_chunk_entries=CHUNK),
                nonce=str(self._submitted),
                created_by="chaos",
            ),
            actor="chaos",
        )
        self.report.runs += 1
        self.report.urls += count

    def _integration(self, connection: Connection) -> str:
        found = self.runtime.connections.gateway(connection.id).list_integrations()
        return next(one.id for one in found if one.title == "Demo bucket")

    def _keep_alive(self, url: str, key: Path, *, chance: float) -> None:
        """Start as many workers as there should be."""
        self._children = [child for child in self._children if child.is_alive()]
        while len(self._children) < self.workers:
            reaper = Reaper(self.notes, chance, self.random.randrange(10**9))
            victim = NURSERY.Process(target=work, args=(self.settings, url, key, reaper))
            victim.start()
            self._children.append(victim)

    def _harm(self) -> None:
        """Now and then kill from outside at any moment, or freeze one past its lease."""
        threading.Event().wait(0.02)
        victim = self.random.choice(self._children)
        dice = self.random.random()
        if dice < 0.02:
            with self.notes.open("a") as notes:
                notes.write("any moment\n")
            victim.kill()
        elif dice < 0.03:
            self.report.freezes += 1
            pid = victim.pid or 0
            _signal(pid, signal.SIGSTOP)
            threading.Timer(FREEZE_SECONDS, _signal, (pid, signal.SIGCONT)).start()

    def _harm_database(self) -> None:
        """End the database's connections, or crash and restart all of it."""
        if self.postgres is None:
            return
        dice = self.random.random()
        if dice < BACKEND_CHANCE:
            self.report.backends += self.postgres.terminate_backends()
        elif dice < BACKEND_CHANCE + CRASH_CHANCE or self._crash_is_due():
            self.report.crashes += 1
            self.postgres.stop("immediate")
            self.postgres.start()

    def _crash_is_due(self) -> bool:
        """Whether half of the kills are done and the server has not crashed by chance."""
        return not self.report.crashes and self._killed() >= self.target // 2

    def _killed(self) -> int:
        return len(self._kills())

    def _kills(self) -> list[str]:
        """Return where workers were killed so far."""
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def _finish_in_peace(self, front: FaultyFront, key: Path) -> None:
        """No more faults and kills: what was begun must now come to its end by itself."""
        front.rate = 0.0
        for child in self._children:
            child.kill()
            child.join()
        deadline = time.monotonic() + 120
        while self.runtime.ledger.overview().active:
            self._keep_alive(front.url, key, chance=0.0)
            threading.Event().wait(0.1)
            assert time.monotonic() < deadline, (self.runtime.ledger.runs().rows, self.said())

    def said(self) -> str:
        """Return the last that the workers said of failures."""
        return (self.folder / VICTIMS_LOG).read_text(encoding="utf-8")[-5000:]

    def _count(self) -> None:
        """Ask the sandbox's own records, not ours."""
        self.report.kills.update(self._kills())
        books = sqlite3.connect(
            f"file:{self.folder / 'sandbox' / 'sandbox.sqlite'}?mode=ro", uri=True
        )
        items = Counter(
            books.execute(
                "SELECT folder || ' ' || url FROM items WHERE container IS NULL"
            ).fetchall()
        )
        jobs = books.execute("SELECT id, uuid, file_name FROM jobs").fetchall()
        used = {row[0] for row in books.execute("SELECT DISTINCT job FROM items")}
        books.close()
        with self.runtime.ledger.reading() as cx:
            tokens = set(cx.execute(select(ATTEMPT.c.token)).scalars())
            surprised = select(func.count()).where(EVENT.c.what == SURPRISE)
            self.report.surprises = cx.execute(surprised).scalar_one()
        self.report.lost = self.report.urls - len(items)
        self.report.duplicated = items.total() - len(items)
        self.report.jobs = len(jobs)
        named = [name.partition("~")[2].removesuffix(".json") for _, _, name in jobs]
        self.report.untracked = sum(token not in tokens for token in named)
        self.report.redundant = sum(job not in used for job, _, _ in jobs)


def _signal(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return
