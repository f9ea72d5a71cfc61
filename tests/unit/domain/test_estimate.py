"""An estimate is a range, and silence while there is too little to go by."""

from services.domain.estimate import estimate


def test_too_little_says_nothing() -> None:
    assert estimate([], 100) is None
    assert estimate([(n, n) for n in range(5)], 100) is None
    assert estimate([(n, n) for n in range(10)], 10_000) is None


def test_a_steady_pace_is_a_narrow_range() -> None:
    found = estimate([(n * 10.0, n * 10) for n in range(11)], 200)
    assert found is not None
    assert (found.low, found.high) == (100, 100)


def test_a_slowing_pace_is_a_wide_range() -> None:
    points = [(float(n), n * 10) for n in range(11)] + [(10.0 + n * 10, 100 + n) for n in range(10)]
    found = estimate(points, 200)
    assert found is not None
    assert found.low < found.high


def test_nothing_left_or_nothing_moving_says_nothing() -> None:
    assert estimate([(n, n * 10) for n in range(11)], 100) is None
    assert estimate([(n, 50) for n in range(11)], 100) is None
