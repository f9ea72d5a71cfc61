"""Start the sandbox: lock its data directory, listen on loopback, say where, serve until told.

Not here: what it answers (`app`), and what it knows (`state`).
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from pathlib import Path

import uvicorn

from services.sandbox import accounts, demo, jobs
from services.sandbox.app import build
from services.sandbox.data_directory import (
    DirectoryInUseError,
    lock,
    remembered_port,
    write_private,
)
from services.sandbox.state import Sandbox, ensure_demo, set_rate
from services.sandbox.store import Store, set_value, value
from services.sandbox.wire import Object

HOST = "127.0.0.1"
EXIT_IN_USE, EXIT_PORT_TAKEN = 3, 4


class PortTakenError(Exception):
    """The port that was asked for is not free."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on {HOST} is taken.")


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted; 0 at the end, 3 when the data directory is in use, 4 the port."""
    options = _options(argv)
    logging.basicConfig(level=options.log_level, format="%(levelname)s %(name)s %(message)s")
    os.umask(0o077)  # this may make the app's own data directory, when it is started first
    directory = Path(options.data).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    if options.exit_with_parent:
        threading.Thread(target=_exit_at_end_of_input, daemon=True).start()
    try:
        held = lock(directory)
    except DirectoryInUseError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_IN_USE
    with contextlib.closing(held):
        try:
            return _serve(directory, options)
        except PortTakenError as error:
            sys.stderr.write(f"{error}\n")
            return EXIT_PORT_TAKEN


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m services sandbox",
        description="A loopback stand-in for Encord and Google Cloud Storage, with demo data.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes the last one, or any free one")
    parser.add_argument("--data", default=".data/sandbox", help="where its state is kept")
    parser.add_argument(
        "--rate", type=float, default=40, help="units a job advances per second; 0 only by hand"
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="exit when standard input ends"
    )
    parser.add_argument("--log-level", default="WARNING", help="DEBUG shows a line a request")
    return parser.parse_args(argv)


def _exit_at_end_of_input() -> None:
    """Leave at once when standard input ends: its other end closed, however the parent died."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def _serve(directory: Path, options: argparse.Namespace) -> int:
    store = Store(directory / "sandbox.sqlite")
    with contextlib.closing(store):
        sandbox = _sandbox(directory, store, options.rate)
        with _listen(options.port or remembered_port(directory), fixed=bool(options.port)) as sock:
            port = sock.getsockname()[1]
            server = _Server(sandbox, directory, port)
            server.run(sockets=[sock])
    return 0


def _sandbox(directory: Path, store: Store, rate: float) -> Sandbox:
    with store.write() as connection:
        accounts.ensure(connection, directory)
        secret = value(connection, "secret") or secrets.token_hex(32)
        set_value(connection, "secret", secret)
        jobs.hold(connection, now=time.time_ns() // 1000)
        set_rate(connection, rate)
    sandbox = Sandbox(
        store=store,
        directory=directory,
        secret=bytes.fromhex(secret),
        control_token=secrets.token_urlsafe(32),
        default_rate=rate,
    )
    ensure_demo(sandbox)
    return sandbox


def _listen(port: int, *, fixed: bool) -> socket.socket:
    """Bind a loopback port; a remembered one that is taken gives way to any free one."""
    # TCP is named: only then does asyncio send at once. Else each answer on a connection that is
    # kept waits 40 ms for the client's delayed acknowledgement.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Elsewhere the option would let a second process take the port over.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
    except OSError as error:
        if fixed:
            sock.close()
            raise PortTakenError(port) from error
        sock.bind((HOST, 0))
    return sock


class _Server(uvicorn.Server):
    """A server that says where it listens, once it does."""

    def __init__(self, sandbox: Sandbox, directory: Path, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                build(sandbox),
                host=HOST,
                log_config=None,
                lifespan="off",
                access_log=False,
                ws="none",
                backlog=2048,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._sandbox = sandbox
        self._directory = directory
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then announce it on standard output and in `endpoint.json`."""
        await super().startup(sockets)
        await asyncio.to_thread(self._announce)

    def _announce(self) -> None:
        found: dict[str, object] = {
            "url": f"http://{HOST}:{self._port}",
            "ssh_key_path": str(self._directory / "demo_key"),
            "integrations": [demo.INTEGRATION, demo.STRICT_INTEGRATION],
            "buckets": [demo.BUCKET],
            "accounts": self._accounts(),
        }
        private = {**found, "pid": os.getpid(), "control_token": self._sandbox.control_token}
        write_private(self._directory / "endpoint.json", json.dumps(private).encode())
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

    def _accounts(self) -> list[Object]:
        with self._sandbox.store.read() as connection:
            return list(accounts.said(connection, self._directory))


if __name__ == "__main__":
    sys.exit(main())
