"""Names are put in the order people count in."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from services.buckets.choosing import natural


def ordered(names: list[str]) -> list[str]:
    return pl.DataFrame({"name": names}).sort(natural("name"))["name"].to_list()


def test_names_are_ordered_as_people_count() -> None:
    names = ["f10.jpg", "f2.jpg", "f1.jpg", "f02b.jpg", "e100.jpg", "f1/2", "f1/10"]
    assert ordered(names) == [
        *("e100.jpg", "f1.jpg", "f1/2", "f1/10", "f2.jpg", "f02b.jpg", "f10.jpg"),
    ]


@given(st.lists(st.integers(min_value=0, max_value=10**12), min_size=1, unique=True))
def test_numbers_in_names_are_compared_as_numbers(numbers: list[int]) -> None:
    names = [f"site 7/frame-{number}.png" for number in numbers]
    assert ordered(names) == [f"site 7/frame-{number}.png" for number in sorted(numbers)]
