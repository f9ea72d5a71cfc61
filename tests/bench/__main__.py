"""`make bench`: the engine against its peers and against its targets, as ratios within one run.

The contenders take turns, each in a process of its own, so that a busy moment of the machine hits
all of them; medians are printed. The first contender of a task is what the others are measured by;
what is done with a checked manifest is measured by its check.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import buckets, pages, people, sandbox_load, submission, work
from tests.bench.table import HEAD, Line, Target, late


@dataclass(frozen=True)
class Task:
    """One document and who works on it."""

    title: str
    name: str
    write: Callable[[Path], None]
    contenders: tuple[str, ...]
    targets: Mapping[str, Target] = field(default_factory=dict)


#: What may be done with a checked manifest, in multiples of the check.
USES: Final = {
    "conversion": Target(ratio=2.0),
    "chunking": Target(ratio=2.0),
}
TASKS: Final = (
    Task(
        "500,000 images, clean",
        "clean.json",
        lambda p: work.write_images(p, faulty=False),
        ("parse", "engine and use", "command", "jsonschema-rs", "pydantic"),
        {"check": Target(ratio=1.25, megabytes=370), **USES},
    ),
    Task(
        "500,000 images, 1 % faulty",
        "faulty.json",
        lambda p: work.write_images(p, faulty=True),
        ("parse", "engine", "command", "jsonschema-rs"),
        {"check": Target(ratio=1.25, megabytes=370)},
    ),
    Task(
        "100,000 images, all faulty",
        "all.json",
        lambda p: work.write_images(p, faulty=True, count=work.ALL_FAULTY, every=1),
        ("parse", "engine"),
    ),
    Task(
        "1,000,000 URLs in groups",
        "groups.json",
        work.write_groups,
        ("parse", "engine", "command"),
        {"check": Target(ratio=2.0)},
    ),
    Task(
        "1,000,000 CSV rows, clean",
        "clean.csv",
        lambda p: work.write_csv(p, faulty=False),
        ("polars", "engine and use", "command"),
        {"check": Target(ratio=2.0), **USES},
    ),
    Task(
        "1,000,000 CSV rows, 1 % faulty",
        "faulty.csv",
        lambda p: work.write_csv(p, faulty=True),
        ("polars", "engine"),
    ),
    Task(
        "10,000 images, 1 % faulty",
        "small.json",
        lambda p: work.write_images(p, faulty=True, count=10_000),
        ("parse", "command"),
        {"command": Target(seconds=1.0)},
    ),
    Task(
        "500,000 expected, 500,000 found",
        "expected.arrow",
        work.write_expected,
        ("verification",),
        {"verification": Target(seconds=1.0, megabytes=600)},
    ),
    Task(
        "500,000 URLs in a bucket of 1,000,000",
        "names.parquet",
        buckets.write_names,
        ("join",),
        {"join": Target(seconds=2.0, megabytes=600)},
    ),
    Task(
        "100,000 objects, with the sandbox's start",
        "none",
        lambda p: p.touch(),
        ("listing",),
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", default="", help="tasks whose title has this")
    asked = parser.parse_args()
    say(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        for task in TASKS:
            if asked.only in task.title:
                file = Path(folder) / task.name
                task.write(file)
                report(task, file, asked.turns)
                file.unlink()
    if asked.only in "sandbox":
        report_sandbox()
    if asked.only in "submission":
        report_submission(turns=(asked.turns + 1) // 2)
    if asked.only in "people":
        report_people(rounds=2 * asked.turns)
    if asked.only in "pages":
        report_pages(rounds=3 * asked.turns)
    return 0


def report(task: Task, file: Path, turns: int) -> None:
    """Let the contenders take turns, and print a line for each thing they do."""
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, list[float]] = defaultdict(list)
    for _ in range(turns):
        for contender in task.contenders:
            for what, took, used in measure(contender, file):
                seconds[what].append(took)
                memory[what].append(used)
    first = next(iter(seconds))
    for what, each in seconds.items():
        base = median(seconds["check" if what in USES else first])
        line = Line(
            work=task.title,
            what=what,
            seconds=median(each),
            ratio=median(each) / base,
            peak=median(memory[what]),
            target=task.targets.get(what),
        )
        say(line.words())


def measure(contender: str, file: Path) -> list[tuple[str, float, float]]:
    """Return what a contender did, how long each took and the peak memory up to then."""
    words = [sys.executable, "-m", "tests.bench.peers", contender, str(file)]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = (line.split() for line in said.splitlines())
    return [(what, float(seconds), float(megabytes)) for what, seconds, megabytes in lines]


def report_pages(rounds: int) -> None:
    """Print how long pages take while a check runs, and what the app holds meanwhile."""
    seconds, resident = pages.measure(rounds)
    title = "while 500,000 entries are checked"
    for page, each in seconds.items():
        note = f"95 % within {late(each):.2f} s"
        target = Target(seconds=0.3)
        say(Line(work=title, what=page, seconds=median(each), note=note, target=target).words())
    say(Line(work=title, what="the app", peak=resident, target=Target(megabytes=400)).words())


def report_people(rounds: int) -> None:
    """Print what each page takes at full size: alone, and among twenty people."""
    title = "500,000 entries and outcomes, 10,000 runs"
    ratios, busy, clicks = dict[str, float](), list[float](), list[float]()
    for name, seen, alone, paced, crowd in people.told(people.measure(rounds)):
        ratios[name] = crowd / paced
        busy.append(crowd / alone)
        clicks += seen.crowd
        note = (
            f"{max(seen.first, seen.again) / 1000:,.0f} kB; at a person's pace "
            f"{1000 * paced:,.0f} ms, among {people.PEOPLE} people {1000 * crowd:,.0f} ms; "
            f"idle in a browser after {seen.browser:.2f} s"
        )
        target = Target(seconds=0.1)
        say(Line(work=title, what=name, seconds=alone, note=note, target=target).words())
    what, slowest = "the page that others slow most", max(ratios, key=ratios.__getitem__)
    note = (
        f"{slowest}; {median(ratios.values()):.2f} times as long is the median of pages; beside "
        f"one person without any pause {median(busy):.2f}, at most {max(busy):.2f}"
    )
    target = Target(ratio=2.0)
    say(Line(work=title, what=what, ratio=ratios[slowest], note=note, target=target).words())
    what = f"any page among {people.PEOPLE} people"
    note = f"median {1000 * median(clicks):,.0f} ms"
    target = Target(seconds=0.5)
    say(
        Line(
            work=f"{title}, 95 %", what=what, seconds=late(clicks), note=note, target=target
        ).words()
    )


#: What the sandbox may take with 500,000 items in one folder.
SANDBOX: Final = {
    "a job, answered": Target(seconds=5.0),
    "a page of 1,000 items, answered": Target(seconds=0.05),
    "the process": Target(megabytes=1000),
}


def report_sandbox() -> None:
    """Print what the sandbox takes for Encord's documented maximum."""
    for what, seconds, peak in sandbox_load.measure():
        target = SANDBOX.get(what)
        title = "500,000 items in the sandbox"
        say(Line(work=title, what=what, seconds=seconds, peak=peak, target=target).words())


def report_submission(turns: int) -> None:
    """Print what a whole onboarding takes of the processor, and what the SDK's calls do."""
    title, base = f"{submission.COUNT:,} entries, from a manifest to the proof", 0.0
    for who, seconds, asked in submission.measure(turns):
        base = base or seconds
        target = Target(ratio=1.3) if who == submission.COMMAND else None
        note = f"seconds of the processor; {asked} requests"
        ratio = seconds / base
        say(
            Line(
                work=title, what=who, seconds=seconds, ratio=ratio, note=note, target=target
            ).words()
        )


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the bench's output


if __name__ == "__main__":
    sys.exit(main())
