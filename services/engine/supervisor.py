"""Keep child processes alive: the worker and the sandbox.

A child's standard input is a pipe whose other end only this process holds. When this process ends,
also by kill -9, the pipe closes and the child ends with it: no process is left behind.
"""

import json
import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from services.encord_api.credentials import PrivateKey
from services.engine.connections import Connection

log = structlog.get_logger(__name__)

ROOT: Final = Path(__file__).resolve().parents[2]
FIRST_RESTART_SECONDS: Final = 0.5
LONGEST_RESTART_SECONDS: Final = 5.0


class Child:
    """One child process that is started again whenever it ends."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        *,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        greeting: Callable[[], list[str]] | None = None,
    ) -> None:
        """Describe the child.

        Args:
            name: For the log.
            arguments: What follows `python -m services`.
            environment: Replaces the environment.
            on_line: Hears each line that the child prints.
            greeting: Lines written to the child whenever it starts.
        """
        self.name = name
        self._arguments = arguments
        self._environment = environment
        self._on_line = on_line or (lambda _line: None)
        self._greeting = greeting or list
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, daemon=True, name=f"keep-{name}")

    def start(self) -> None:
        """Start the child and keep it alive from now on."""
        self._thread.start()

    def tell(self, line: str) -> None:
        """Write one line to the child, if it is there; a new child is greeted instead."""
        with self._lock:
            self._write(line)

    def stop(self) -> None:
        """End the child and do not start it again."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process:
            process.kill()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    @property
    def pid(self) -> int | None:
        """The running child's process id."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def _keep(self) -> None:
        pause = FIRST_RESTART_SECONDS
        while not self._stopping.is_set():
            code = self._live_safely()
            if self._stopping.is_set():
                return
            log.warning("child ended, starting it again", child=self.name, code=code)
            self._stopping.wait(pause)
            pause = min(LONGEST_RESTART_SECONDS, pause * 2)

    def _live_safely(self) -> int | None:
        """Live once; whatever goes wrong on our side, the next start must come."""
        try:
            return self._live()
        except Exception:
            log.exception("could not keep the child", child=self.name)
            return None

    def _live(self) -> int:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-m", "services", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=None if self._environment is None else dict(self._environment),
        )
        try:
            self._attend(process)
        except Exception:
            process.kill()
            raise
        finally:
            code = process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    _close(stream)
        return code

    def _attend(self, process: "subprocess.Popen[str]") -> None:
        """Greet the child and hear what it says until it ends."""
        with self._lock:
            self._process = process
            for line in self._greeting():
                self._write(line)
        assert process.stdout is not None
        for line in process.stdout:
            try:
                self._on_line(line)
            except Exception:
                log.exception("could not act on what the child said", child=self.name)

    def _write(self, line: str) -> None:
        stdin = self._process and self._process.stdin
        if not stdin or stdin.closed:
            return
        try:
            stdin.write(line + "\n")
            stdin.flush()
        except OSError:  # it just ended; its successor is greeted with everything
            log.info("child is gone", child=self.name)


def _close(stream: object) -> None:
    try:
        stream.close()  # type: ignore[attr-defined]
    except OSError:
        log.info("pipe was broken")


def hold_line(connection: Connection, key: PrivateKey) -> str:
    """Return the line that hands a key to the worker."""
    return json.dumps(
        {
            "hold": connection.kind,
            "domain": connection.domain,
            "key": b64encode(key.to_openssh()).decode(),
        }
    )


def forget_line(connection: Connection) -> str:
    """Return the line that takes a key back."""
    return json.dumps({"forget": connection.id})


def worker_environment() -> dict[str, str]:
    """Return our environment without secrets: the worker gets keys over its pipe only."""
    secret = {"ENCORD_SSH_KEY", "ENCORD_SSH_KEY_FILE", "ENCORD_ONBOARDING_SSH_KEY_PASSPHRASE"}
    return {name: value for name, value in os.environ.items() if name not in secret}
