"""Keeps the processes that tests start on this machine; `tests/conftest.py` keeps the tests.

Python imports this by itself when its directory is on PYTHONPATH. Whoever reaches out breaks, and
says so in the log that `tests.browser.server` reads.
"""

import socket
from typing import Any

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class OutsideError(RuntimeError):
    """A process of the project tried to reach another machine."""


def _guard(name: str) -> None:
    real = getattr(socket.socket, name)

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and str(address[0]) not in _LOOPBACK:
            raise OutsideError(f"OutsideError: tried to reach {address}")
        return real(self, address)

    setattr(socket.socket, name, guarded)


for _name in ("connect", "connect_ex"):
    _guard(_name)
