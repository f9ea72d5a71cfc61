"""Three threads for one pass: in order, beside each other, and ended by an error on any side."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from services.manifests.overlap import overlap

PATIENCE = 30.0


def nothing(_: object) -> None:
    """Judge nothing."""


def same(item: int) -> int:
    return item


def test_each_step_has_the_items_in_order_and_on_its_thread() -> None:
    seen: dict[str, list[tuple[int, int]]] = {"look": [], "judge": [], "take": []}

    def see(step: str, item: int) -> None:
        seen[step].append((item, threading.get_ident()))

    def look(item: int) -> int:
        see("look", item)
        return item

    overlap(range(100), look, partial(see, "judge"), partial(see, "take"))
    threads = {step: {thread for _, thread in items} for step, items in seen.items()}
    assert all([item for item, _ in items] == list(range(100)) for items in seen.values())
    assert threads["judge"] == {threading.get_ident()}
    assert [len(each) for each in threads.values()] == [1, 1, 1]
    assert len(set.union(*threads.values())) == 3


def test_an_item_is_judged_before_it_is_taken() -> None:
    judged: list[int] = []
    late: list[int] = []

    def take(item: int) -> None:
        if item not in judged:
            late.append(item)

    overlap(range(20), same, judged.append, take)
    assert not late


def test_the_next_item_is_made_while_one_is_looked_at() -> None:
    second_is_made = threading.Event()

    def made() -> Iterator[int]:
        yield 1
        second_is_made.set()
        yield 2

    waited: list[bool] = []
    overlap(made(), lambda _: waited.append(second_is_made.wait(PATIENCE)), nothing, nothing)
    assert waited == [True, True]


def test_an_error_of_the_taker_ends_the_pass_before_more_is_taken() -> None:
    taken: list[int] = []

    def take(item: int) -> None:
        taken.append(item)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        overlap(range(10), same, nothing, take)
    assert taken == [0]


@pytest.mark.parametrize("step", ["look", "judge"])
def test_an_error_of_another_step_ends_the_pass_before_its_item_is_taken(step: str) -> None:
    taken: list[int] = []

    def fail(item: int) -> int:
        if item == 3:
            raise ZeroDivisionError
        return item

    def judge(item: int) -> None:
        fail(item)

    look = fail if step == "look" else same
    with pytest.raises(ZeroDivisionError):
        overlap(range(10), look, nothing if step == "look" else judge, taken.append)
    assert taken == [0, 1, 2]


def test_an_error_of_the_maker_waits_for_what_is_being_looked_at() -> None:
    looked: list[int] = []

    def made() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        overlap(made(), looked.append, nothing, nothing)
    assert looked == [1]
