"""`python -m services worker`: the worker as a process that its parent feeds with keys."""

import json
import os
import sys
import threading
from base64 import b64decode
from typing import Protocol, TextIO

import structlog

from services.encord_api.credentials import load_private_key
from services.engine.connections import Connections
from services.engine.context import Tools
from services.ledger import runs

log = structlog.get_logger(__name__)


class AnyWorker(Protocol):
    """What both kinds of worker have in common."""

    tools: Tools

    def run(self) -> None:
        """Work."""
        ...

    def ring(self) -> None:
        """Look for work now."""
        ...


def serve(worker: AnyWorker, connections: Connections) -> None:
    """Work until the parent closes standard input."""
    listener = threading.Thread(
        target=_listen, args=(worker, connections, sys.stdin), daemon=True, name="parent"
    )
    listener.start()
    worker.run()


def _listen(worker: AnyWorker, connections: Connections, lines: TextIO) -> None:
    try:
        for line in lines:
            _hear_safely(worker, connections, line)
    finally:
        # The parent is gone. Steps in flight are what the ledger's protocol is for.
        os._exit(0)


def _hear_safely(worker: AnyWorker, connections: Connections, line: str) -> None:
    """Hear a line; a ledger that cannot be written to now must not end the listening."""
    try:
        _hear(worker, connections, line)
    except Exception:
        log.exception("could not act on what the parent said")


def _hear(worker: AnyWorker, connections: Connections, line: str) -> None:
    message = json.loads(line)
    if "forget" in message:
        connections.forget(message["forget"])
        worker.ring()  # what needs that key is left to those who hold it
        return
    connection = connections.hold(
        message["hold"], message["domain"], load_private_key(b64decode(message["key"]))
    )
    worker.ring()  # before anything is unblocked: others stop a run whose key nobody noted
    with worker.tools.ledger.transaction() as cx:
        runs.unblock(cx, connection=connection.id)
