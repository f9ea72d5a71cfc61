"""The registry of finding codes: what people read must be there and must render."""

import re
import string

import pytest

from services.domain.nearest import distance, nearest
from services.domain.rules import GROUPS, ORDER, RULES, Fix

#: The codes of the public contract; adding one is a decision, changing one is a break.
CODES = 71


def test_every_code_is_registered_once() -> None:
    listed = [each.code for rules in GROUPS.values() for each in rules]
    assert len(listed) == len(set(listed)) == len(RULES) == CODES


@pytest.mark.parametrize("code", RULES)
def test_texts_are_whole_sentences(code: str) -> None:
    each = RULES[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", code)
    for text in (each.what, each.why, each.fix, each.message):
        assert text.endswith((".", '".', "}.")), text
    assert each.title
    assert each.example
    assert all(isinstance(fix, Fix) for fix in each.fixes)


@pytest.mark.parametrize("code", RULES)
def test_messages_render_with_any_details(code: str) -> None:
    each = RULES[code]
    names = [name for _, name, _, _ in string.Formatter().parse(each.message) if name]
    said = each.say(dict.fromkeys(names, "X{y}"))
    assert said.count("X{y}") == len(names)
    assert "{" not in each.say({}).replace("{}", "")


def test_errors_come_first() -> None:
    severities = [RULES[code].severity.value for code in sorted(RULES, key=ORDER.__getitem__)]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


@pytest.mark.parametrize(
    ("word", "guess"),
    [
        ("titel", "title"),
        ("Titles", "title"),
        ("client_metdata", "clientMetadata"),
        ("x", None),
        ("completely different", None),
        ("t" * 100, None),
    ],
)
def test_guesses_are_near(word: str, guess: str | None) -> None:
    assert nearest(word, ["title", "clientMetadata", "objectUrl"]) == guess


def test_a_swap_is_one_slip() -> None:
    assert [distance("titel", "title"), distance("a", ""), distance("ab", "ba")] == [1, 1, 1]
