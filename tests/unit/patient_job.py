"""A job that goes on until it is cancelled."""

import sys
import threading
from pathlib import Path

from services.jobs import Progress, run_job


def wait(_order: str, progress: Progress) -> bytes:
    while not threading.Event().wait(0.01):
        progress(0.5)
    return b""


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]), wait, expected=ValueError))
