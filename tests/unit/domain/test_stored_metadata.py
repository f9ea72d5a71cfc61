"""When stored metadata is what was asked for: by what values mean, and only for keys asked for."""

import pytest

from services.domain.stored_metadata import canonical_text, differences

NOON = "2026-11-01T12:00:00Z"


def said(asked: object, stored: object) -> list[str]:
    expected, found = canonical_text({"key": asked}), canonical_text({"key": stored})
    assert expected is not None
    assert found is not None
    return differences(expected, found)


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (1, 1.0),
        (-0.0, 0),
        (1e3, 1000),
        (NOON, "2026-11-01T13:00:00+01:00"),
        (NOON, "2026-11-01t12:00:00.000+00:00"),
        (NOON, "2026-11-01 12:00Z"),
        ([1, {"a": 2.0, "b": NOON}], [1.0, {"b": "2026-11-01T07:00:00-05:00", "a": 2}]),
        (None, None),
    ],
)
def test_spellings_of_one_value_are_the_same(asked: object, stored: object) -> None:
    assert said(asked, stored) == []
    assert said(stored, asked) == []


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (1, "1"),
        (1, True),
        (0, False),
        (1, 1.5),
        (2**53, 2**53 + 1),
        ("harbor", "Harbor"),
        (NOON, "2026-11-01T12:00:01Z"),
        (NOON, "2026-11-01T12:00:00"),  # without a zone, nobody knows which moment it is
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        (["a", "b"], ["b", "a"]),
        (None, ""),
        ("2026-99-99T12:00:00Z", "2026-99-99T13:00:00+01:00"),
    ],
)
def test_other_values_are_not(asked: object, stored: object) -> None:
    assert len(said(asked, stored)) == 1
    assert len(said(stored, asked)) == 1


def test_keys_nobody_asked_for_do_not_matter_and_absent_ones_are_named() -> None:
    expected, found = canonical_text({"a": 1}), canonical_text({"b": 2, "a": 1})
    assert expected is not None
    assert found is not None
    assert differences(expected, found) == []
    assert differences(found, expected) == ["b: asked for 2, not there"]


@pytest.mark.parametrize("nothing", [None, {}, [], "text"])
def test_nothing_asked_for_is_nothing_to_compare(nothing: object) -> None:
    assert canonical_text(nothing) is None
