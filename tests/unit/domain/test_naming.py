"""What names say: parts, gaps and repeats."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import naming
from services.domain.globs import PatternError


def test_gaps_are_told_as_ranges() -> None:
    assert [str(gap) for gap in naming.gaps([4, 1, 2, 9, 10, 20])] == ["3", "5 to 8", "11 to 19"]
    assert naming.gaps([7]) == []
    assert naming.repeated([3, 1, 3, 2, 1]) == [1, 3]


@given(st.sets(st.integers(0, 60), min_size=1))
def test_gaps_and_frames_make_up_the_whole_range(numbers: set[int]) -> None:
    missing = {n for gap in naming.gaps(numbers) for n in range(gap.first, gap.last + 1)}
    assert missing | numbers == set(range(min(numbers), max(numbers) + 1))
    assert not missing & numbers


def test_a_pattern_takes_a_name_apart_from_its_end() -> None:
    pattern = naming.path_pattern("{site}/series-{series}/{frame}.dcm")
    assert pattern.parts == ("site", "series", "frame")
    found = re.search(pattern.expression, "scans/2026/harbor/series-01/0007.dcm")
    assert found is not None
    assert found.groupdict() == {"site": "harbor", "series": "01", "frame": "0007"}
    assert re.search(pattern.expression, "harbor/series-01/deeper/0007.dcm") is None


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("images/*.jpg", "names no part"),
        ("{Site}/a.jpg", "is not a part"),
        ("{a}/{a}.jpg", "stands twice"),
        ("{folder}/{a}.jpg", "one every object has"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern: str, says: str) -> None:
    with pytest.raises(PatternError, match=says):
        naming.path_pattern(pattern)


def test_a_title_names_known_parts_only() -> None:
    assert naming.template_parts("{site}, {n}!", ("site", "n")) == ["", "site", ", ", "n", "!"]
    with pytest.raises(PatternError, match="there are site"):
        naming.template_parts("{sight}", ("site",))
