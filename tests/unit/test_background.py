"""Answers worked out beside a page: kept, aged, forgotten."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from components.background import KEPT, Background

PATIENCE = 10.0
MINUTE = timedelta(minutes=1)


@dataclass
class HandClock:
    """Time that moves only when a test says so."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


def ask(background: Background, answer: str, *, fresh: timedelta | None = None) -> object:
    background.start("name", lambda: answer, fresh=fresh)
    assert background.phase("name", patience=PATIENCE) == "done"
    return background.result("name")


@pytest.mark.parametrize(
    ("fresh", "age", "answer"),
    [(None, 100 * MINUTE, "first"), (MINUTE, MINUTE, "first"), (MINUTE, 1.1 * MINUTE, "second")],
)
def test_an_answer_is_kept_until_it_is_too_old(
    fresh: timedelta | None, age: timedelta, answer: str
) -> None:
    clock = HandClock()
    background = Background(clock)
    assert ask(background, "first", fresh=fresh) == "first"
    begun, clock.at = clock.at, clock.at + age
    assert ask(background, "second", fresh=fresh) == answer
    assert background.asked("name") == (begun if answer == "first" else clock.at)


def test_only_the_last_answers_are_kept() -> None:
    background = Background()
    for n in range(KEPT + 5):
        background.start(f"{n}", partial(str, n))
        background.phase(f"{n}", patience=PATIENCE)
    background.start("last", str)
    known = [n for n in range(KEPT + 5) if background.phase(f"{n}") == "done"]
    assert known[0] >= 5
