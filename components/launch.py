"""What the launcher does around the server: refuse unsafe addresses, start and stop the runtime."""

import asyncio
import gc
import ipaddress
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from components import script_runner
from components.runtime import get_damage, get_runtime
from services.ledger.errors import LedgerAwayError

if TYPE_CHECKING:
    from services.bootstrap import Runtime

#: Imported before the first visitor comes, so that nobody waits for them.
WARM: Final = ("pandas", "pyarrow", "streamlit.elements.arrow")
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)
#: What this process has open, where the system tells.
_OPENED: Final = Path("/dev/fd")


class OpenHouseError(RuntimeError):
    """The dashboard would be reachable from other machines by anyone."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Refusing to serve on {address or 'every interface'} without a sign-in: anyone on the "
            "network could use the connected accounts. Serve on 127.0.0.1, or set up [auth] in "
            ".streamlit/secrets.toml."
        )


def refuse_open_house() -> None:
    """Stop the start when other machines could reach the dashboard without a sign-in."""
    address = st.get_option("server.address") or ""
    if not is_loopback(address) and not sign_in_configured():
        raise OpenHouseError(address)


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach `address`."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def sign_in_configured() -> bool:
    """Tell whether the server's secrets hold a sign-in."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def answer_at_once() -> None:
    """Let no page wait for the browser's delayed acknowledgement, 40 ms of each click.

    Streamlit 1.67 makes its listening socket without naming TCP, and asyncio turns the waiting off
    only where that is named. What is set on a listening socket holds for its connections.
    """
    for opened in _OPENED.iterdir() if _OPENED.is_dir() else ():
        with suppress(OSError):  # one that was closed meanwhile
            _answer_at_once(int(opened.name))


def _answer_at_once(number: int) -> None:
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        return
    with socket.socket(fileno=os.dup(number)) as opened:
        is_tcp = opened.family in _INTERNET and opened.type == socket.SOCK_STREAM
        if is_tcp and opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def ending_without_traceback() -> Iterator[None]:
    """End the process with the sentence of a start that was refused: nothing runs yet.

    The server would write where in the code that was.
    """
    try:
        yield
    except (OpenHouseError, LedgerAwayError) as refused:
        sys.stderr.write(f"error: {refused}\n")
        sys.stderr.flush()
        os._exit(1)


@asynccontextmanager
async def running_runtime() -> AsyncIterator[None]:
    """Run the sandbox and the worker for as long as the server runs."""
    script_runner.mend(asyncio.get_running_loop())
    answer_at_once()
    with ending_without_traceback():
        damage = await asyncio.to_thread(get_damage)
    if damage:  # every page says so; no worker is started
        sys.stderr.write(f"error: {damage}\n")
        yield
        return
    runtime = await asyncio.to_thread(get_runtime)
    await asyncio.to_thread(runtime.start)
    await asyncio.to_thread(_warm_up)
    news = asyncio.create_task(_announce(runtime))
    try:
        yield
    finally:
        news.cancel()
        await asyncio.to_thread(runtime.stop)


def _warm_up() -> None:
    for name in WARM:
        __import__(name)
    # What is loaded now stays for good: the collector need not walk it at every collection.
    gc.collect()
    gc.freeze()


async def _announce(runtime: "Runtime") -> None:
    """Say on the terminal where the dashboard is and what it is connected to."""
    connection = None
    while connection is None:
        await asyncio.sleep(0.25)
        connection = runtime.connections.default()
    # The first visitor then finds the answer, and does not have to ask for it.
    await asyncio.to_thread(runtime.connections.check, connection.id)
    port = st.get_option("server.port")
    sys.stdout.write(
        f"Encord Onboarding is on http://localhost:{port}, connected to {connection.label}.\n"
    )
    sys.stdout.flush()
