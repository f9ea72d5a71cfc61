"""Read a finished listing: folders with their totals, objects, and how many a pattern matches."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from services.buckets import choosing
from services.buckets.recipe import Recipe
from services.buckets.spool import Spool
from services.domain.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a folder: a folder in it, or an object."""

    #: The whole name; of a folder, with its `/`.
    name: str
    objects: int
    bytes: int
    #: None for a folder.
    content_type: str | None
    #: Of a folder, the newest.
    updated: datetime | None
    #: None for a folder, and where an inventory report does not tell it.
    generation: int | None
    is_folder: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What patterns match."""

    objects: int
    bytes: int


#: Marks the lines of folders, which come first.
_FOLDER: Final = "folder?"


def level(spool: Spool, prefix: str, *, offset: int = 0, limit: int = 25) -> Page[Entry]:
    """Return what lies directly in a folder: its folders first, with counts and sizes."""
    below = spool.objects().filter(pl.col("name").str.starts_with(prefix))
    rest = pl.col("name").str.slice(len(prefix))
    head = rest.str.extract(r"^([^/]*/)")
    lines = (
        below.filter(rest != "")
        .with_columns(
            pl.when(head.is_null())
            .then(pl.col("name"))
            .otherwise(pl.lit(prefix) + head)
            .alias("line"),
            head.is_not_null().alias(_FOLDER),
        )
        .group_by("line", _FOLDER)
        .agg(_totals())
    )
    return _page(lines, offset, limit)


def search(
    spool: Spool, patterns: tuple[str, ...], *, offset: int = 0, limit: int = 25
) -> Page[Entry]:
    """Return the objects that any pattern matches; no pattern matches all.

    Raises:
        PatternError: A pattern cannot be read.
    """
    found = choosing.matching(spool.objects(), Recipe(include=patterns))
    one = [
        pl.col("name").alias("line"),
        pl.lit(value=False).alias(_FOLDER),
        pl.lit(1).alias("objects"),
    ]
    return _page(found.with_columns(one), offset, limit)


def taken(spool: Spool, recipe: Recipe) -> Matches:
    """Count what a recipe names; one without patterns names everything.

    Raises:
        PatternError: A pattern cannot be read.
    """
    found = choosing.matching(spool.objects(), recipe)
    row = found.select(pl.len().alias("n"), pl.col("size").sum()).collect(engine="streaming").row(0)
    return Matches(objects=int(row[0]), bytes=int(row[1]))


def _totals() -> list[pl.Expr]:
    return [
        pl.len().alias("objects"),
        pl.col("size").sum(),
        pl.col("content_type").first(),
        pl.col("updated").max(),
        pl.col("generation").first(),
    ]


def _page(lines: pl.LazyFrame, offset: int, limit: int) -> Page[Entry]:
    """Sort folders first, then as people count, and turn one page into objects."""
    found = lines.with_columns(choosing.natural("line").alias("order")).collect(engine="streaming")
    page = found.sort([pl.col(_FOLDER).not_(), "order", "line"]).slice(offset, limit)
    return Page([_entry(row) for row in page.iter_rows(named=True)], found.height)


def _entry(row: dict[str, object]) -> Entry:
    is_folder = bool(row[_FOLDER])
    return Entry(
        name=str(row["line"]),
        objects=int(str(row["objects"])),
        bytes=int(str(row["size"])),
        content_type=None if is_folder else str(row["content_type"] or ""),
        updated=_moment(row["updated"]),
        generation=None if is_folder else _generation(row["generation"]),
        is_folder=is_folder,
    )


def _generation(number: object) -> int | None:
    return None if number is None else int(str(number))


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
