"""The ledger's clock: the one that leases and waiting are measured by.

Wall clocks step; a step of an hour would expire every lease (reliability row 11). PostgreSQL's
server clock is one clock for all machines. For SQLite every process is on one machine, so its
time since boot serves, and a reboot is told apart by the machine's boot id.
"""

import time
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, text


class LedgerClock(Protocol):
    """Seconds that only go forward, the same for every process on one ledger."""

    def now(self, cx: Connection) -> float:
        """Return the current second."""
        ...

    def epoch(self) -> str:
        """Name the stretch of time in which `now` values compare; another name voids them."""
        ...


class BootClock:
    """Time since this machine booted."""

    def now(self, cx: Connection) -> float:
        """Return seconds since boot, sleep included where the system offers it."""
        del cx
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def epoch(self) -> str:
        """Return the boot id; constant where the system has none."""
        path = Path("/proc/sys/kernel/random/boot_id")
        return path.read_text().strip() if path.exists() else "boot"


class ServerClock:
    """PostgreSQL's own clock."""

    def now(self, cx: Connection) -> float:
        """Return the server's time, also inside a transaction that began earlier."""
        return float(cx.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0)

    def epoch(self) -> str:
        """Return one name for ever."""
        return "server"
