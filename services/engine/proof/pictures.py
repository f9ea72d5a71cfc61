"""What a receipt is made of, in counts for pictures: its rows, and what Encord had listed."""

from collections import Counter
from typing import Final

import orjson
import polars as pl

from services.domain.verification import Verdict

#: Values that are counted one by one; what is rarer is counted together.
MOST: Final = 500
REST: Final = "everything else"
#: Metadata keys that a receipt keeps the counts of.
MOST_KEYS: Final = 8
#: The bucket and the first two folders of a URL.
_FOLDER: Final = r"^([a-z0-9]+://[^/]+(?:/[^/]+/)?(?:[^/]+/)?)"
_VALUES: Final = {
    "type": pl.col("type"),
    "folder": pl.col("url").str.extract(_FOLDER).fill_null(""),
    "stage": pl.col("stage"),
    "detail": pl.when(pl.col("detail") == "").then(pl.col("stage")).otherwise(pl.col("detail")),
}
_ASKED: Final = pl.col("entry").is_not_null()
_CHOSEN: Final = {
    "stage": pl.col("verdict") == Verdict.MISSING,
    "detail": _ASKED & (pl.col("verdict") != Verdict.MATCHED),
}


def counted(lines: pl.DataFrame, what: str) -> list[tuple[str, int]]:
    """Count rows by `type`, `folder`, `stage` or `detail`, most first."""
    chosen = lines.filter(_CHOSEN.get(what, _ASKED)).select(value=_VALUES[what])
    counts = chosen.group_by("value").len().sort(["len", "value"], descending=[True, False])
    shown = [(str(value), int(count)) for value, count in counts.head(MOST).iter_rows()]
    rest = int(counts["len"].slice(MOST).sum())
    return [*shown, (REST, rest)] if rest else shown


#: Upper bounds of sizes in bytes, with their words.
SIZES: Final = (
    (1, "empty"),
    (10_000, "under 10 kB"),
    (100_000, "under 100 kB"),
    (1_000_000, "under 1 MB"),
    (10_000_000, "under 10 MB"),
    (100_000_000, "under 100 MB"),
    (1_000_000_000, "under 1 GB"),
)
LARGER: Final = "1 GB and more"
UNTOLD: Final = "not told"


def by_size(found: pl.DataFrame) -> list[tuple[str, int]]:
    """Count what Encord lists by size, smallest first; what Encord does not say comes last."""
    sizes, told = found["bytes"], []
    below = 0
    for bound, word in SIZES:
        upto = int((sizes < bound).sum())
        told.append((word, upto - below))
        below = upto
    told.append((LARGER, len(sizes) - sizes.null_count() - below))
    told.append((UNTOLD, sizes.null_count()))
    return [(word, count) for word, count in told if count]


def by_key(found: pl.DataFrame) -> list[tuple[str, int]]:
    """Count how much of what Encord lists has each metadata key, most first; the first few keys."""
    counts: Counter[str] = Counter()
    for text in found["metadata"].drop_nulls():
        counts.update(orjson.loads(text).keys())
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_KEYS]
