"""What the rows of a receipt are made of: counts for pictures."""

from typing import Final

import polars as pl

from services.domain.verification import Verdict

#: Bars of one picture; what is rarer is one more bar.
MOST: Final = 8
REST: Final = "everything else"
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
