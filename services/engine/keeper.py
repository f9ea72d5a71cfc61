"""Have the ledger backed up every hour, by a process of its own so that no step waits for it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from services.engine.supervisor import ROOT

log = structlog.get_logger(__name__)

HOUR: Final = 3600.0
#: Lets a server that has just started serve its first visitors.
FIRST_SECONDS: Final = 30.0
#: Ended because the ledger is damaged.
EXIT_DAMAGED: Final = 72


class Keeper:
    """A thread that asks for a backup whenever a new hour has begun."""

    def __init__(self, folder: Path, *, on_damage: Callable[[], None] | None = None) -> None:
        """Take the folder of the backups and what to do once the ledger is found damaged."""
        self._command = [sys.executable, "-m", "services", "ledger", "keep", str(folder.absolute())]
        self._on_damage = on_damage or (lambda: os._exit(EXIT_DAMAGED))

    def start(self) -> None:
        """Keep the ledger for as long as this process lives."""
        threading.Thread(target=self._keep_for_ever, daemon=True, name="keeper").start()

    def keep(self) -> None:
        """Have this hour's backup made, and stop the work if it finds the ledger damaged."""
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
            self._command, cwd=ROOT, check=False, capture_output=True, text=True
        )
        if done.returncode == 0:
            log.info("ledger kept", said=done.stdout.strip())
            return
        log.error("the ledger was not backed up", said=done.stderr.strip())
        if "damaged" in done.stderr:
            self._on_damage()

    def _keep_for_ever(self) -> None:
        pause = threading.Event()
        pause.wait(FIRST_SECONDS)
        while True:
            self.keep()
            pause.wait(HOUR - time.time() % HOUR)
