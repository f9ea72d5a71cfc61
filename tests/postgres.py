"""A throw-away PostgreSQL cluster for tests, from whatever PostgreSQL the machine has.

Without one the tests that need it skip and say so; in CI they fail instead (`CI=true`).
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

MISSING = "PostgreSQL is not installed: on Debian and Ubuntu, apt-get install postgresql"


@dataclass(frozen=True)
class Cluster:
    """A running server on loopback, trusting everybody on this machine."""

    folder: Path
    binaries: Path
    port: int

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, *, like: str = "template1") -> str:
        """Create a database, empty or as another one that nobody uses, and return its URL."""
        name = f"test_{uuid4().hex[:12]}"
        engine = self._admin()
        with engine.connect() as cx:
            cx.execute(text(f"CREATE DATABASE {name} TEMPLATE {like.rpartition('/')[2]}"))
        engine.dispose()
        return self.url(name)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = self.folder / "log"
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(log), "-w", "-o", options, "start"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def terminate_backends(self) -> int:
        """Cut every connection to the test databases; return how many there were."""
        engine = self._admin()
        with engine.connect() as cx:
            cut = cx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname LIKE 'test_%' AND pid <> pg_backend_pid()"
                )
            ).all()
        engine.dispose()
        return len(cut)

    def _admin(self) -> Engine:
        url = self.url("postgres").replace("postgresql:", "postgresql+psycopg:")
        return create_engine(url, isolation_level="AUTOCOMMIT")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as somebody it accepts: never root."""
        command = [str(self.binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def binaries() -> Path | None:
    """Find PostgreSQL's server programs; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if found:
        return found[0].parent
    return Path(on_path).parent if on_path else None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster in a temporary folder and remove it afterwards."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    made = Cluster(folder, programs, _free_port())
    data = str(folder / "data")
    made.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    made.start()
    try:
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
