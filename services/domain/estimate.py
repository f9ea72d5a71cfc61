"""How long a run may still take: a range, and only when there is enough to go by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Fewer steps than this, or less of the run, say nothing about the rest.
FEWEST_STEPS: Final = 5
SMALLEST_SHARE: Final = 0.05
RECENT: Final = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds left, from the fastest to the slowest of the recent pace."""

    low: float
    high: float


def estimate(points: Sequence[tuple[float, int]], total: int) -> Estimate | None:
    """Estimate the rest from (second, entries settled) points, oldest first.

    Returns:
        None while fewer than five steps or less than a twentieth of the entries are done, when
        nothing moved lately, and when nothing is left.
    """
    if len(points) <= FEWEST_STEPS or not total or points[-1][1] < total * SMALLEST_SHARE:
        return None
    recent = points[-RECENT:]
    half = len(recent) // 2
    paces = [pace for part in (recent, recent[half:], recent[: half + 1]) if (pace := _pace(part))]
    left = total - points[-1][1]
    if not paces or left <= 0:
        return None
    return Estimate(low=left / max(paces), high=left / min(paces))


def _pace(points: Sequence[tuple[float, int]]) -> float:
    seconds = points[-1][0] - points[0][0]
    return (points[-1][1] - points[0][1]) / seconds if seconds > 0 else 0.0
