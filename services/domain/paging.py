"""One page of rows out of many: what every table in the app is fed with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of one page, and how many match in all."""

    rows: Sequence[T]
    total: int
    #: Whether there are more than `total`: counting stopped there.
    more: bool = False
