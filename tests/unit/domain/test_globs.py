"""Patterns over names: Google's syntax, alike in Python and in polars."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import globs
from services.domain.globs import PatternError

NAMES = ["a.jpg", "x/a.jpg", "x/y/a.jpg", "x/y/b.png", "x/[b].png", "xy/a.jpg", "x/y/"]


def matched(pattern: str) -> list[str]:
    expression = globs.expression(pattern)
    by_python = [name for name in NAMES if re.search(expression, name)]
    by_polars = pl.Series(NAMES).filter(pl.Series(NAMES).str.contains(expression)).to_list()
    assert by_python == by_polars
    return by_python


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.jpg", ["a.jpg"]),
        ("**/*.jpg", ["a.jpg", "x/a.jpg", "x/y/a.jpg", "xy/a.jpg"]),
        ("**.png", ["x/y/b.png", "x/[b].png"]),
        ("x/*/?.{jpg,png}", ["x/y/a.jpg", "x/y/b.png"]),
        ("x/**", ["x/a.jpg", "x/y/a.jpg", "x/y/b.png", "x/[b].png", "x/y/"]),
        ("x/y/[!a]*", ["x/y/b.png"]),
        ("x/y/[a-b].*", ["x/y/a.jpg", "x/y/b.png"]),
        (r"x/\[b]*", ["x/[b].png"]),
        ("x/", ["x/a.jpg", "x/y/a.jpg", "x/y/b.png", "x/[b].png", "x/y/"]),
    ],
)
def test_a_pattern_matches_as_google_matches(pattern: str, names: list[str]) -> None:
    assert matched(pattern) == names


@pytest.mark.parametrize("pattern", ["images/[ab", "images/*.{jpg"])
def test_a_pattern_that_is_not_closed_says_so(pattern: str) -> None:
    with pytest.raises(PatternError, match="is not closed"):
        globs.expression(pattern)


@pytest.mark.parametrize("pattern", ["[]", "[z-a].jpg"])
def test_a_bracket_without_characters_says_so(pattern: str) -> None:
    with pytest.raises(PatternError, match="names no characters"):
        globs.expression(pattern)


def test_no_pattern_is_every_name() -> None:
    assert globs.any_of(()) is None
    assert globs.any_of(("", "")) is None
    both = globs.any_of(("x/", "*.jpg"))
    assert both is not None
    assert [name for name in NAMES if re.search(both, name)] == [
        n for n in NAMES if n != "xy/a.jpg"
    ]


@given(st.text(alphabet="ab/*.+()|^$&~-", max_size=8), st.text(alphabet="ab/*.+", max_size=8))
def test_what_is_not_magic_stands_for_itself(name: str, start: str) -> None:
    prefix = start.replace("*", "")
    assert bool(re.search(globs.expression(prefix), name)) == name.startswith(prefix)


def test_patterns_are_read_one_a_line() -> None:
    assert globs.read_lines(" a/ \n\n**.png\na/\n") == ("a/", "**.png")
