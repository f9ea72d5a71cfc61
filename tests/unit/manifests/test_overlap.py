"""Two threads for one pass: in order, beside each other, and ended by an error on either side."""

import threading
from collections.abc import Iterator

import pytest

from services.manifests.overlap import overlap

PATIENCE = 30.0


def test_items_are_taken_in_order_on_one_other_thread() -> None:
    taken: list[tuple[int, int]] = []
    overlap(range(100), lambda item: taken.append((item, threading.get_ident())))
    assert [item for item, _ in taken] == list(range(100))
    assert len({thread for _, thread in taken} - {threading.get_ident()}) == 1


def test_the_next_item_is_made_while_one_is_taken() -> None:
    second_is_made = threading.Event()

    def made() -> Iterator[int]:
        yield 1
        second_is_made.set()
        yield 2

    waited: list[bool] = []
    overlap(made(), lambda _: waited.append(second_is_made.wait(PATIENCE)))
    assert waited == [True, True]


def test_an_error_of_the_taker_ends_the_pass_before_more_is_taken() -> None:
    taken: list[int] = []

    def take(item: int) -> None:
        taken.append(item)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        overlap(range(10), take)
    assert taken == [0]


def test_an_error_of_the_maker_waits_for_what_is_being_taken() -> None:
    taken: list[int] = []

    def made() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        overlap(made(), taken.append)
    assert taken == [1]
