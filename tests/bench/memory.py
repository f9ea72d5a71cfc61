"""The most memory that a process ever had."""

import subprocess
from pathlib import Path


def peak(process: int) -> float:
    """Return the most MB a process ever had resident.

    Not from `getrusage`, which counts what its parent had when it was started.
    """
    said = Path(f"/proc/{process}/status")
    if not said.exists():
        command = ["ps", "-o", "rss=", "-p", str(process)]
        return (
            int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024
        )
    line = next(each for each in said.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
