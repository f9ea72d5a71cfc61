"""Gather findings: exact counts, a mark for every entry, and samples with their places."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.domain.findings import Severity
from services.domain.rules import RULES
from services.manifests.faults import Fault

#: Code to the number that stands for it on disk.
NUMBER_OF: Final = {code: number for number, code in enumerate(RULES)}
CODES: Final = tuple(RULES)
_ERRORS: Final = frozenset(code for code, rule in RULES.items() if rule.severity is Severity.ERROR)


class Where(msgspec.Struct, frozen=True):
    """The place of one sample: a byte offset still to be turned into a line, or the line itself."""

    offset: int | None = None
    line: int | None = None
    column: int | None = None
    #: RFC 6901 pointer.
    pointer: str | None = None


class Sample(msgspec.Struct, frozen=True):
    """A fault that is kept as a finding."""

    fault: Fault
    entry: int | None
    where: Where


Locate = Callable[[Fault], Where]


def nowhere(_fault: Fault) -> Where:
    """Place a fault that is about the whole file."""
    return Where()


def always(where: Where) -> Locate:
    """Place a fault at a place that is already known."""
    return lambda _: where


def pointer(prefix: str, path: Iterable[str | int]) -> str:
    """Write a path as RFC 6901 pointer below a prefix."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join([prefix, *(f"/{step}" for step in steps)])


@dataclass(slots=True)
class Collector:
    """All findings of one check."""

    limit: int
    counts: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    #: Marked entries and, at the same places, the numbers of their codes.
    entries: "array[int]" = field(default_factory=lambda: array("I"))
    codes: "array[int]" = field(default_factory=lambda: array("B"))

    def add(self, fault: Fault, entry: int | None, locate: Locate) -> None:
        """Count a fault; its place is computed only when it is kept."""
        code = fault.code
        self.counts[code] += 1
        if entry is not None:
            self.entries.append(entry)
            self.codes.append(NUMBER_OF[code])
        if self.counts[code] <= self.limit:
            self.samples.append(Sample(fault, entry, locate(fault)))

    def keeps(self, code: str) -> bool:
        """Tell whether the next fault of a code is kept, and so has to have a path."""
        return self.counts[code] < self.limit

    def add_all(self, faults: Iterable[Fault], entry: int | None, locate: Locate) -> bool:
        """Count the faults of one entry; returns whether it stays valid."""
        valid = True
        for fault in faults:
            self.add(fault, entry, locate)
            valid = valid and fault.code not in _ERRORS
        return valid

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(count for code, count in self.counts.items() if code in _ERRORS)

    def offsets(self) -> Iterator[int]:
        """Yield the byte offsets that still have to be turned into lines."""
        return (each.where.offset for each in self.samples if each.where.offset is not None)
