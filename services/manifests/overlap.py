"""Threads for one pass: what holds the interpreter on one, what lets go of it on two others."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")
Looked = TypeVar("Looked")


def overlap(
    made: Iterable[Made],
    look: Callable[[Made], Looked],
    judge: Callable[[Looked], None],
    take: Callable[[Looked], None],
) -> None:
    """Look at each item on a second thread while the next one is made here; then judge it here.

    Then it is taken on a third one, as looking would wait while columns are written. Each step has
    the items one at a time and in order, so that it needs no lock against itself and its answer
    does not depend on timing. At most three items are alive. An error on any side ends all.
    """
    looked: deque[Future[Looked]] = deque()
    taken: deque[Future[None]] = deque()
    with ThreadPoolExecutor(max_workers=1) as second, ThreadPoolExecutor(max_workers=1) as third:

        def go_on() -> None:
            item = looked.popleft().result()
            judge(item)
            while taken:
                taken.popleft().result()
            taken.append(third.submit(take, item))

        for item in made:
            looked.append(second.submit(look, item))
            if len(looked) > 1:
                go_on()
        while looked:
            go_on()
        while taken:
            taken.popleft().result()
