"""The table of measurements: what was measured, by how much, and whether that is as we want it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Target:
    """The most that something may take."""

    #: As a multiple of what it is measured by.
    ratio: float | None = None
    seconds: float | None = None
    megabytes: float | None = None

    def words(self) -> str:
        """Say it."""
        limits = ((self.ratio, "x"), (self.seconds, " s"), (self.megabytes, " MB"))
        return ", ".join(f"<= {limit:g}{unit}" for limit, unit in limits if limit is not None)

    def is_met(self, line: "Line") -> bool:
        """Whether a line keeps to it."""
        found = (
            (self.ratio, line.ratio),
            (self.seconds, line.seconds),
            (self.megabytes, line.peak),
        )
        return all(limit is None or value <= limit for limit, value in found if value is not None)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One measurement."""

    work: str
    what: str
    seconds: float | None = None
    ratio: float | None = None
    #: Most resident memory in MB.
    peak: float | None = None
    note: str = ""
    target: Target | None = None

    def words(self) -> str:
        """Return the line of a Markdown table."""
        cells = [self.work, self.what, _number(self.seconds, 2), _number(self.ratio, 2)]
        cells.append(_number(self.peak, 0))
        cells += [self.target.words(), _yes(self.target.is_met(self))] if self.target else ["", ""]
        return f"| {' | '.join([*cells, self.note])} |"


HEAD: Final = (
    "| work | what | seconds | ratio | peak MB | target | met | note |\n"
    "|---|---|---|---|---|---|---|---|"
)


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:,.{places}f}"


def _yes(met: bool) -> str:  # noqa: FBT001 - the word of a cell
    return "yes" if met else "no"


def late(values: list[float]) -> float:
    """Return what 95 of 100 are not above."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]
