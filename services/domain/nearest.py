"""Guess which word was meant: the nearest known one by edit distance."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_LONGEST: Final = 64


def fold(word: str) -> str:
    """Drop what spellings differ in: case, blanks, hyphens and underscores."""
    return word.casefold().replace("_", "").replace("-", "").replace(" ", "")


def distance(one: str, other: str) -> int:
    """Count inserted, deleted, replaced and swapped characters between two words."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one):
        above, row = row, [i + 1]
        for j, right in enumerate(other):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (left != right)))
            if i and j and left == other[j - 1] and right == one[i - 1]:
                row[-1] = min(row[-1], before[j - 1] + 1)
        before = above
    return row[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` is most likely a slip of, if any is near enough."""
    return None if len(word) > _LONGEST else _nearest(word, tuple(known))


@lru_cache(maxsize=1_024)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    folded = fold(word)
    limit = max(1, len(folded) // 3)
    near = [(distance(folded, fold(each)), each) for each in known if _may_be(folded, each, limit)]
    best = min(near, default=None)
    return best[1] if best and best[0] <= limit else None


def _may_be(folded: str, known: str, limit: int) -> bool:
    """Whether two words have letters enough in common to be worth comparing."""
    other = fold(known)
    missing = max(len(set(other) - set(folded)), len(set(folded) - set(other)))
    return abs(len(other) - len(folded)) <= limit and missing <= limit


def hint(word: str, known: Iterable[str]) -> str:
    """Phrase the guess as the end of a sentence; empty when there is none."""
    guess = nearest(word, known)
    return f" (perhaps {guess} is meant)" if guess else ""
