"""What has changed in a bucket since a recipe was followed the last time, by generation."""

from dataclasses import dataclass
from typing import Final

import polars as pl

#: What is remembered of each object a recipe took.
KEPT: Final = ("name", "generation", "kind", "group", "framed")
#: Names told one by one.
TOLD: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Objects that came, were replaced, or went."""

    new: int
    changed: int
    gone: int
    #: There before and now, and whether they were replaced is not known.
    unknown: int = 0
    #: The first of each that went.
    gone_names: tuple[str, ...]


def difference(now: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.DataFrame, Difference]:
    """Keep what has to be registered again: new and replaced objects, and groups with one of them.

    A group that lost a frame is changed as well. An object counts as replaced only where both
    generations are known; an inventory report may not tell them.

    Args:
        now: What the recipe takes now, with at least the columns `KEPT`.
        before: The columns `KEPT` of what it took the last time.
    """
    known = before.select("name", pl.col("generation").alias("known"), was_there=True)
    compared = now.join(known, on="name", how="left", maintain_order="left")
    is_new = pl.col("was_there").is_null()
    is_changed = (pl.col("known") != pl.col("generation")).fill_null(value=False)
    is_unknown = ~is_new & pl.any_horizontal(pl.col("known", "generation").is_null())
    gone = before.join(now.select("name"), on="name", how="anti").sort("name")
    lost = gone.filter(pl.col("framed")).select("kind", "group").unique()
    touched = is_new | is_changed
    in_touched = pl.col("framed") & touched.any().over("kind", "group")
    lost_frames = compared.join(lost, on=["kind", "group"], how="semi").filter(pl.col("framed"))
    in_lost = pl.col("name").is_in(lost_frames["name"].implode())
    wanted = compared.filter(touched | in_touched | in_lost)
    counted = compared.select(new=is_new.sum(), changed=is_changed.sum(), unknown=is_unknown.sum())
    counts = counted.row(0, named=True)
    told = Difference(
        new=int(counts["new"]),
        changed=int(counts["changed"]),
        gone=gone.height,
        unknown=int(counts["unknown"]),
        gone_names=tuple(gone["name"].head(TOLD)),
    )
    return wanted.drop("known", "was_there"), told
