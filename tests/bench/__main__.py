"""`make bench`: the manifest engine against its peers, as ratios within one run.

The contenders take turns, each in a process of its own, so that a busy moment of the machine hits
all of them; medians are printed.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import work

JSON: Final = ("parse", "engine", "command", "jsonschema-rs", "pydantic")
#: Title, file name, writer, contenders, and who everybody is measured by.
TASKS: Final[tuple[tuple[str, str, Callable[[Path], None], tuple[str, ...]], ...]] = (
    ("500,000 images, clean", "clean.json", lambda p: work.write_images(p, faulty=False), JSON),
    (
        "500,000 images, 1 % faulty",
        "faulty.json",
        lambda p: work.write_images(p, faulty=True),
        JSON,
    ),
    ("1,000,000 URLs in groups", "groups.json", work.write_groups, ("parse", "engine", "command")),
    ("1,000,000 CSV rows", "rows.csv", work.write_csv, ("polars read", "engine", "command")),
    (
        "10,000 images",
        "small.json",
        lambda p: work.write_images(p, faulty=True, count=10_000),
        ("parse", "command"),
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    print("| work | who | seconds | ratio | peak MB |\n|---|---|---|---|---|")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        for title, name, write, peers in TASKS:
            file = Path(folder) / name
            write(file)
            report(title, file, peers, asked.turns)
            file.unlink()
    return 0


def report(title: str, file: Path, peers: tuple[str, ...], turns: int) -> None:
    """Measure in turns and print one line a contender; the first one is the measure."""
    seconds: dict[str, list[float]] = {peer: [] for peer in peers}
    memory: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(turns):
        for peer in peers:
            took, used = measure(peer, file)
            seconds[peer].append(took)
            memory[peer].append(used)
    base = median(seconds[peers[0]])
    for peer in peers:
        took = median(seconds[peer])
        used = median(memory[peer])
        print(  # noqa: T201 - the bench's output
            f"| {title} | {peer} | {took:.2f} | {took / base:.2f} | {used:.0f} |", flush=True
        )


def measure(peer: str, file: Path) -> tuple[float, float]:
    words = [sys.executable, "-m", "tests.bench.peers", peer, str(file)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(said[-2]), float(said[-1])


if __name__ == "__main__":
    sys.exit(main())
