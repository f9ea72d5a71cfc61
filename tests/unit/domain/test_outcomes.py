"""Failures are sorted by a reviewed table; what it does not know stays unknown."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from services.domain.outcomes import BY_CODE, CAUSES, UNKNOWN_CAUSE, Cause, Outcome, cause_of

MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))
LONG = 16_384


@pytest.mark.parametrize("known", MESSAGES, ids=lambda known: known["message"][:60])
def test_a_message_leads_to_its_cause(known: dict[str, str]) -> None:
    assert cause_of(known["message"]).code == known["cause"], known["source"]


def test_every_cause_has_a_message_and_a_remedy() -> None:
    seen = Counter(known["cause"] for known in MESSAGES)
    assert set(seen) == set(BY_CODE)
    assert len(BY_CODE) == len(CAUSES) + 1
    assert all(cause.remedy.endswith(".") for cause in CAUSES)
    assert len({cause.remedy for cause in CAUSES}) >= len(CAUSES) - 1


@pytest.mark.parametrize("known", MESSAGES, ids=lambda known: known["message"][:60])
def test_case_and_surroundings_do_not_matter(known: dict[str, str]) -> None:
    if known["message"]:
        assert cause_of(known["message"].upper()).code == known["cause"]
        assert cause_of(f"  {known['message']}\n").code == known["cause"]


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.code)
def test_names_of_objects_decide_nothing(cause: Cause) -> None:
    for phrase in cause.phrases:
        name = phrase.replace(" * ", " ").strip("^ ")
        assert cause_of(f"gs://bucket/{name.replace(' ', '/')}") is UNKNOWN_CAUSE
        assert cause_of(f"No such object: a/{name}.jpg").code == "object-missing"


def adversaries() -> list[str]:
    words = [part for cause in CAUSES for phrase in cause.phrases for part in phrase.split(" * ")]
    seeds = ["a", " ", "/", "/ ", "a/b ", ".", "'", ":", "\t", "^ ", "4", "a.jpg/ ", "é", "\x00"]
    return [(seed * LONG)[:LONG] for seed in [*seeds, *(f"{word} " for word in words)]]


def test_no_message_makes_the_search_slow() -> None:
    slowest = 0.0
    for text in adversaries():
        started = time.process_time()
        cause_of(text)
        slowest = max(slowest, time.process_time() - started)
    assert slowest < 0.05


def test_better_outcomes_come_first() -> None:
    ranked = sorted(Outcome, key=lambda outcome: outcome.rank)
    assert ranked == list(Outcome)
    assert [outcome for outcome in Outcome if outcome.arrived] == ranked[:2]
