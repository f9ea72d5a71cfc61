"""What a recipe takes from a listing, as columns: filter, type, parts of the name, order."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from services.buckets.recipe import Recipe, rules_by_look
from services.domain import content_types, globs, naming
from services.domain.entries import EntryType
from services.manifests.url_check import FAMILIES

_EXTENSION: Final = r"(?i)\.(nii\.gz|[a-z0-9]{1,8})$"
#: How the name of a file with metadata ends.
SIDECAR: Final = r"(?i)(?:\.metadata)?\.json$"
#: Digits that are compared as a number; of a longer run, the last ones.
_DIGITS: Final = 20
_KINDS: Final = pl.Enum([kind.value for kind in EntryType])
_LOOK: Final = ("extension", "content_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCount:
    """Objects of one extension and content type, and what they become."""

    extension: str
    content_type: str
    objects: int
    bytes: int
    #: None where they are left out.
    kind: EntryType | None


def matching(objects: pl.LazyFrame, recipe: Recipe) -> pl.LazyFrame:
    """Keep what a recipe names, without the empty objects that stand for folders."""
    name = pl.col("name")
    wanted = ~name.str.ends_with("/")
    if include := globs.any_of(recipe.include):
        wanted &= name.str.contains(include)
    if exclude := globs.any_of(recipe.exclude):
        wanted &= ~name.str.contains(exclude)
    if recipe.sidecars:
        wanted &= ~name.str.contains(SIDECAR)
    return objects.filter(wanted)


def with_look(objects: pl.LazyFrame) -> pl.LazyFrame:
    """Add the extension, and make the content type a text that can be compared."""
    extension = pl.col("name").str.extract(_EXTENSION).str.to_lowercase().fill_null("")
    return objects.with_columns(extension.alias("extension"), pl.col("content_type").fill_null(""))


def count_types(objects: pl.LazyFrame, recipe: Recipe) -> list[TypeCount]:
    """Count what a recipe takes by extension and content type, most first."""
    decided = rules_by_look(recipe)
    counted = (
        with_look(matching(objects, recipe))
        .group_by(*_LOOK)
        .agg(pl.len().alias("objects"), pl.col("size").sum().alias("bytes"))
        .sort(["objects", *_LOOK], descending=[True, False, False])
        .collect(engine="streaming")
    )
    return [
        TypeCount(
            **row,
            kind=decided.get(
                (row["extension"], row["content_type"]),
                guess(row["extension"], row["content_type"]),
            ),
        )
        for row in counted.iter_rows(named=True)
    ]


def guess(extension: str, content_type: str) -> EntryType | None:
    """Guess a type by the extension, else by the content type; None when neither tells."""
    family = FAMILIES.get(extension.partition(".")[0]) or content_types.family_of(content_type)
    return content_types.USUAL.get(family or "")


def typed(objects: pl.LazyFrame, counts: list[TypeCount]) -> pl.LazyFrame:
    """Add the type and leave out what has none."""
    rows = [(each.extension, each.content_type, each.kind) for each in counts if each.kind]
    schema = {"extension": pl.String(), "content_type": pl.String(), "kind": _KINDS}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return with_look(objects).join(table.lazy(), on=list(_LOOK), how="inner")


def with_parts(objects: pl.LazyFrame, recipe: Recipe) -> pl.LazyFrame:
    """Add the parts of the name; where the pattern does not match, its parts are null."""
    name = pl.col("name")
    file = name.str.extract(r"([^/]+)$")
    own = objects.with_columns(
        name.str.extract(r"^(.*)/[^/]*$").fill_null("").alias("folder"),
        file.alias("file"),
        file.str.replace(_EXTENSION, "").alias("stem"),
    )
    if not recipe.pattern:
        return own
    found = naming.path_pattern(recipe.pattern)
    columns = [column_of(part) for part in found.parts]
    groups = name.str.extract_groups(found.expression).struct.rename_fields(columns)
    return own.with_columns(groups.alias("found?")).unnest("found?")


def column_of(part: str) -> str:
    """Name the column of a part; a pattern may call its own like any column of a listing."""
    return part if part in naming.OWN_PARTS else f"part {part}"


def natural(column: str) -> pl.Expr:
    """Return a text that sorts a column as people count: frame 2 before frame 10."""
    padded = pl.col(column).str.replace_all(r"[0-9]+", "0" * _DIGITS + "$0")
    return padded.str.replace_all(rf"[0-9]+([0-9]{{{_DIGITS}}})", "$1")
