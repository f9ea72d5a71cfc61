"""The objects a manifest names, as columns, and which part of which bucket has to be listed."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final
from urllib.parse import unquote

import polars as pl

from services.buckets.spool import Scope
from services.domain import urls
from services.domain.chunks import Ranges
from services.domain.entries import COMPOSITE, EntryType
from services.manifests.checked import CheckedManifest
from services.manifests.stored import frames

SCHEMA: Final[dict[str, pl.DataType]] = {
    "entry": pl.UInt32(),
    "nth": pl.UInt32(),
    "kind": pl.String(),
    "url": pl.String(),
}
#: More folders than this are listed as one bucket.
MOST_PREFIXES: Final = 32
_MANY: Final = [kind.value for kind in (*COMPOSITE, EntryType.SCENE)]
_GS: Final = r"^gs://([^/]+)/((?s).+)$"
_HTTPS: Final = "https://"
_BLOCK: Final = 50_000


def addresses(checked: CheckedManifest) -> pl.DataFrame:
    """Return every object URL of the valid entries.

    Returns:
        Columns `entry`, `nth` (which of the entry's URLs), `kind`, `url`, `bucket` and `key`; the
        last two are null for what is not in Google Cloud Storage.
    """
    parts = [pl.DataFrame(schema=SCHEMA)]
    for frame in frames(checked.folder, checked.valid_indexes()):
        is_many = pl.col("type").cast(pl.String).is_in(_MANY)
        plain = frame.filter(~is_many)
        parts.append(
            plain.select(
                pl.col("index").alias("entry"),
                pl.lit(0, pl.UInt32).alias("nth"),
                pl.col("type").cast(pl.String).alias("kind"),
                "url",
            )
        )
        parts.extend(_of_groups(checked, frame.filter(is_many)["index"]))
    return _taken_apart(pl.concat(parts))


def _of_groups(checked: CheckedManifest, indexes: pl.Series) -> Iterator[pl.DataFrame]:
    rows: list[tuple[int, int, str, str]] = []
    for entry in checked.read(Ranges.of(indexes.to_list())):
        rows += [(entry.index, n, entry.type.value, url) for n, url in enumerate(entry.urls)]
        if len(rows) > _BLOCK:
            yield pl.DataFrame(rows, schema=SCHEMA, orient="row")
            rows = []
    yield pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _taken_apart(found: pl.DataFrame) -> pl.DataFrame:
    """Add bucket and key; the rare https forms are taken apart one by one."""
    url = pl.col("url")
    split = found.with_columns(
        url.str.extract(_GS, 1).alias("bucket"), url.str.extract(_GS, 2).alias("key")
    )
    others = split.filter(url.str.starts_with(_HTTPS))
    if others.is_empty():
        return split
    places = [_google_place(each) for each in others["url"]]
    named = others.with_columns(
        pl.Series("bucket", [bucket for bucket, _ in places], dtype=pl.String),
        pl.Series("key", [key for _, key in places], dtype=pl.String),
    )
    return pl.concat([split.filter(~url.str.starts_with(_HTTPS)), named])


def _google_place(url: str) -> tuple[str | None, str | None]:
    found = urls.split(url)
    if isinstance(found, urls.UrlFault) or not urls.is_google(found.host):
        return None, None
    return found.bucket, unquote(found.key)


def scopes(found: pl.DataFrame) -> list[Scope]:
    """Return what has to be listed to find every object, as narrow as a few prefixes allow."""
    known = found.filter(pl.col("bucket").is_not_null())
    bounds = (
        known.group_by("bucket", pl.col("key").str.extract(r"^([^/]*/)").alias("top"))
        .agg(pl.col("key").min().alias("low"), pl.col("key").max().alias("high"))
        .sort("bucket", "low")
    )
    return [
        Scope(bucket=str(name), prefixes=_prefixes(rows))
        for (name,), rows in bounds.group_by("bucket", maintain_order=True)
    ]


def _prefixes(rows: pl.DataFrame) -> tuple[str, ...]:
    if rows.height > MOST_PREFIXES:
        return ()
    shared = (_shared(low, high) for low, high in rows.select("low", "high").iter_rows())
    return tuple(sorted(dict.fromkeys(shared)))


def _shared(low: str, high: str) -> str:
    """Return how both texts begin, and so does everything between them."""
    pairs = zip(low, high, strict=False)
    return low[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]
