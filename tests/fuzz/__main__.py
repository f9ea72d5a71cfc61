"""`make fuzz`: coverage-guided fuzzing of what reads foreign bytes, ten minutes in all.

Each target runs in a process of its own. A crash, a hang of over ten seconds or a broken promise
stops it, and the input that did it is left in `.data/fuzz`.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

TARGETS: Final = ("json", "csv", "jsonl", "url", "key")
SECONDS: Final = 600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for all targets together")
    asked = parser.parse_args()
    crashes = Path(".data/fuzz")
    crashes.mkdir(parents=True, exist_ok=True)
    worst = 0
    for target in TARGETS:
        corpus = crashes / f"corpus-{target}"
        corpus.mkdir(exist_ok=True)
        options = [
            f"-max_total_time={max(1, asked.seconds // len(TARGETS))}",
            "-timeout=10",
            "-max_len=4096",
            "-print_final_stats=1",
            f"-artifact_prefix={crashes}/{target}-",
            str(corpus),
        ]
        words = [sys.executable, "-m", "tests.fuzz.targets", target, *options]
        worst = max(worst, subprocess.run(words, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
