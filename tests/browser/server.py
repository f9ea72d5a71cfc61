"""Run the dashboard as a person would, on a free port, with a data directory of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from services.demo_studio.sandbox_demo import SandboxDemo
from services.ledger.store import Ledger

ROOT = Path(__file__).resolve().parents[2]
#: What the server may never say.
FORBIDDEN = ("Traceback", "Please replace", "missing ScriptRunContext", "OutsideError")
#: Short pauses, so that a test waits for the dashboard and not for the clock.
FAST = {
    "ENCORD_ONBOARDING_POLL_FIRST_SECONDS": "0.2",
    "ENCORD_ONBOARDING_POLL_LAST_SECONDS": "1",
    "ENCORD_ONBOARDING_SETTLE_SECONDS": "2",
}
#: What starts a process, or forks it.
Start = type[subprocess.Popen[Any]]
START_SECONDS = 120.0
STOP_SECONDS = 20.0
_left: list[int] = []


class Server:
    """One running dashboard."""

    def __init__(
        self,
        folder: Path,
        *,
        rate: float = 200.0,
        sandbox: bool = True,
        start: Start = subprocess.Popen,
    ) -> None:
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **os.environ,
            **FAST,
            "ENCORD_ONBOARDING_DATA_DIR": str(self.data),
            "ENCORD_ONBOARDING_SANDBOX_RATE": str(rate),
            "ENCORD_ONBOARDING_SANDBOX": str(sandbox).lower(),
            "PYTHONUNBUFFERED": "1",
        }
        with self.log.open("w") as log:
            self._process = start(
                [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={self.port}"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_ready("connected to Sandbox" if sandbox else "")

    def _wait_until_ready(self, word: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers() and word in self.log.read_text():
                return
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"the dashboard did not start:\n{self.log.read_text()[-3000:]}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.read() == b"ok")
        except (urllib.error.URLError, OSError):
            return False

    @property
    def pid(self) -> int:
        """The dashboard's process."""
        return self._process.pid

    def ledger(self) -> Ledger:
        """Open the dashboard's ledger beside it, to count what it recorded."""
        return Ledger(f"sqlite:///{self.data / 'ledger.sqlite3'}")

    def sandbox_rate(self, units_per_second: float) -> None:
        """Choose how fast the sandbox's jobs go on from now on."""
        SandboxDemo(self.data / "sandbox" / "endpoint.json").set_rate(units_per_second)

    def kill(self) -> None:
        """End the dashboard at once."""
        self._process.kill()
        self._process.wait()
        _left.append(self.port)

    def stop(self) -> None:
        """End the dashboard and expect a clean log."""
        self._end()
        said = self.log.read_text()
        assert not [word for word in FORBIDDEN if word in said], said[-4000:]

    def _end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
            _left.append(self.port)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@contextmanager
def serving(
    folder: Path,
    *,
    rate: float = 200.0,
    sandbox: bool = True,
    start: Start = subprocess.Popen,
) -> Iterator[Server]:
    """Run a dashboard for a while, and end it whatever happens."""
    server = Server(folder, rate=rate, sandbox=sandbox, start=start)
    try:
        yield server
    except BaseException:
        server.kill()
        raise
    server.stop()


def _free_port() -> int:
    """Return a port; one that was a dashboard's before, where a browser knows what comes from it.

    What was compiled of a page's scripts is kept by their address.
    """
    while _left:
        port = _left.pop()
        with suppress(OSError):
            return _bound(port)
    return _bound(0)


def _bound(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
