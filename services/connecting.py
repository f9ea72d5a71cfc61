"""How a command connects: with the sandbox's key or the server's, and what it says without one.

A key that a browser gave is that session's alone. No command ever has it.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from services.bootstrap import Runtime, build_runtime
from services.engine.connections import SANDBOX, Connection
from services.engine.errors import EngineError
from services.ledger.errors import LedgerError
from services.ledger.specs import run_spec
from services.ledger.views import RunView
from services.manifests.errors import ManifestError
from services.settings import Settings

EXIT_USAGE: Final = 2
#: Who acts, for the ledger's events.
ACTOR: Final = "command line"
#: How a command gets a key.
HOW: Final = (
    "Set ENCORD_SSH_KEY_FILE to the private key's file, and ENCORD_ONBOARDING_DOMAIN where that "
    "key is not for Encord EU"
)


class RefusedError(Exception):
    """What was asked for cannot be done.

    RefusedError
     +-- NoKeyError          the server has no key
     +-- OtherKeyError       a run needs a key that a browser gave
     +-- NoSandboxError      the sandbox is switched off, or does not answer
     +-- NoAnswerError       the connection does not answer as it should (`arguments`)
     +-- NoIntegrationError  no integration, or more than one, is called so (`arguments`)
     +-- NoEntryError        no entry of the manifest can be sent (`arguments`)
     +-- NotCancelledError   what is to begin anew was not cancelled (`arguments`)
    """


class NoKeyError(RefusedError):
    """The server has no key."""

    def __init__(self) -> None:
        super().__init__(
            "A command speaks to Encord with the server's key, and none is set. A key that was "
            f"given in a browser is for that session alone. {HOW}; then give the command again."
        )


class OtherKeyError(RefusedError):
    """A run needs a key that this process does not have: a browser gave it."""

    def __init__(self, label: str, account: str) -> None:
        super().__init__(
            f"This was begun on {label} with the key {account}, which was given in a browser. A "
            f"command has the server's key only. {HOW}; then give the command again. Or go on in "
            "the dashboard, connected with that key."
        )


class NoSandboxError(RefusedError):
    """The sandbox is switched off, does not answer, or is another one by now."""

    def __init__(self) -> None:
        super().__init__(
            "The sandbox that this needs is not there: it is switched off "
            "(ENCORD_ONBOARDING_SANDBOX=false), does not start, or its data was removed. "
            "For a real account give --connection encord."
        )


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Let a command choose its connection."""
    parser.add_argument("--connection", choices=("sandbox", "encord"), default="sandbox")


def opened(act: Callable[[Runtime], int]) -> int:
    """Do something with the engine, or say why that cannot be; returns the exit code."""
    try:
        runtime = build_runtime(Settings())
    except LedgerError as refused:
        return refuse(str(refused))
    try:
        return act(runtime)
    except (OSError, LedgerError, ManifestError, EngineError, RefusedError) as problem:
        return refuse(str(problem))
    finally:
        runtime.stop()


def connected(wanted: str, act: Callable[[Runtime, Connection], int]) -> int:
    """Do something with a connection, or say why that cannot be; returns the exit code."""
    return opened(lambda runtime: act(runtime, connect(runtime, wanted)))


def connect(runtime: Runtime, wanted: str) -> Connection:
    """Return the sandbox's connection, or that of the server's key.

    Raises:
        ConnectionProblem: The server's key cannot be used.
        NoKeyError: The server has none.
        NoSandboxError: The sandbox is not there.
    """
    if wanted == "encord":
        problem = runtime.connect_server()
        found = runtime.connections.server()
        if found is None:
            raise problem or NoKeyError
        return found
    if runtime.settings.sandbox:
        runtime.start_sandbox()
        runtime.wait_for_sandbox()
    sandbox = runtime.connections.sandbox()
    if sandbox is None:
        raise NoSandboxError
    return sandbox


def connect_for(runtime: Runtime, run: RunView) -> None:
    """Get the key of a run.

    Raises:
        ConnectionProblem: The server's key cannot be used.
        NoSandboxError: It is a run of a sandbox that is not there.
        OtherKeyError: It was begun with another key than the server's.
    """
    problem = runtime.connect_server()
    is_sandbox = run.connection_label == SANDBOX
    if is_sandbox:
        connect(runtime, "sandbox")
    if runtime.connections.get(run.connection):
        return
    if is_sandbox:
        raise NoSandboxError
    if problem:
        raise problem
    with runtime.ledger.reading() as cx:
        account = run_spec(cx, run.id).account
    raise OtherKeyError(run.connection_label, account)


def say(line: str) -> None:
    """Tell how it goes on."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress


def refuse(why: str) -> int:
    """Say why it does not go on, and return the exit code."""
    say(why)
    return EXIT_USAGE
