"""Put objects together into entries: groups of images, series of DICOM files, or one each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from services.buckets.choosing import column_of, natural
from services.buckets.recipe import Recipe
from services.domain import naming
from services.domain.entries import EntryType

#: Between the parts of a group's name; stands in no object name.
_BETWEEN: Final = "\x1f"
#: Digits of a frame number; more would not fit a column of whole numbers.
_COUNTED: Final = 18
Problem = Literal["gap", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregularity:
    """Something odd about the frames of one group."""

    group: str
    problem: Problem
    #: Numbers that are missing, or that more than one frame has.
    frames: str


def grouped(objects: pl.LazyFrame, recipe: Recipe) -> pl.LazyFrame:
    """Add the type of the entry and the name of its group, empty for an entry of its own."""
    kind = pl.col("kind").cast(pl.String)
    is_frame = kind == EntryType.DICOM_SERIES.value
    made = kind
    if recipe.grouping != "none":
        image = kind == EntryType.IMAGE.value
        made = pl.when(image).then(pl.lit(recipe.group_as.value)).otherwise(kind)
        is_frame |= image
    group = pl.when(is_frame).then(_group_name(recipe)).otherwise(pl.lit(""))
    return objects.with_columns(made.alias("kind"), group.alias("group"), is_frame.alias("framed"))


def _group_name(recipe: Recipe) -> pl.Expr:
    if recipe.grouping == "pattern":
        return pl.concat_str(map(column_of, recipe.group_parts()), separator=_BETWEEN)
    return pl.when(pl.col("folder") == "").then(pl.lit("/")).otherwise(pl.col("folder"))


def unmatched(recipe: Recipe) -> pl.Expr:
    """Mark the objects that the pattern says nothing about, where something depends on it."""
    needed = [*recipe.metadata, *naming.template_parts(recipe.title, recipe.parts())[1::2]]
    needed += recipe.group_parts() if recipe.grouping == "pattern" else []
    columns = [column_of(name) for name in dict.fromkeys(needed) if name not in naming.OWN_PARTS]
    return pl.any_horizontal([pl.col(name).is_null() for name in columns] or [pl.lit(value=False)])


def in_order(objects: pl.LazyFrame) -> pl.LazyFrame:
    """Sort as people count: by type, group, and the numbers in the name."""
    keys = objects.with_columns(
        natural("group").alias("by_group"), natural("name").alias("by_name")
    )
    return keys.sort("kind", "by_group", "group", "by_name", "name").drop("by_group", "by_name")


def irregularities(objects: pl.DataFrame) -> Iterator[Irregularity]:
    """Yield gaps and duplicates among the frame numbers of each group."""
    frames = objects.filter(pl.col("framed"))
    number = pl.col("stem").str.extract(r"([0-9]+)[^0-9/]*$").str.tail(_COUNTED).cast(pl.Int64)
    lists = frames.group_by("group", maintain_order=True).agg(number.drop_nulls().alias("numbers"))
    unique = pl.col("numbers").list.n_unique()
    spread = pl.col("numbers").list.max() - pl.col("numbers").list.min() + 1
    suspicious = lists.filter((spread != unique) | (pl.col("numbers").list.len() != unique))
    for group, numbers in suspicious.iter_rows():
        yield from _irregular(title_of(group), numbers)


def _irregular(group: str, numbers: list[int]) -> Iterator[Irregularity]:
    if missing := naming.gaps(numbers):
        yield Irregularity(group=group, problem="gap", frames=", ".join(map(str, missing[:20])))
    if twice := naming.repeated(numbers):
        yield Irregularity(group=group, problem="duplicate", frames=", ".join(map(str, twice[:20])))


def title_of(group: str) -> str:
    """Name a group as a person would."""
    return " ".join(group.split(_BETWEEN))
