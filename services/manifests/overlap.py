"""Two threads for one pass: what holds the interpreter on one, what lets go of it on the other."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def overlap(made: Iterable[Made], take: Callable[[Made], None]) -> None:
    """Take each item on a second thread while the next one is made here.

    Items are taken one at a time and in order, so the taker needs no lock and its answer does not
    depend on timing; at most two items are alive. An error on either side ends both.
    """
    with ThreadPoolExecutor(max_workers=1) as second:
        taken: Future[None] | None = None
        for item in made:
            if taken:
                taken.result()
            taken = second.submit(take, item)
        if taken:
            taken.result()
