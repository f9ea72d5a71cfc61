"""Look at URLs as whole columns: which ones are certainly good, and which buckets they name."""

import re
from collections import Counter
from typing import Final

import polars as pl

from services.domain import urls
from services.domain.entries import EntryType
from services.manifests.options import CheckOptions
from services.manifests.url_check import FAMILIES, FITTING

_BUCKET: Final = r"^(?:gs|s3)://([^/]+)/"
_GOOGLE: Final = r"^https://storage\.googleapis\.com/([^/]+)/"
_USUAL: Final = re.compile(r"(?:gs|s3)://([^/]+)/")
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_PEOPLE: Final = rf"^https://(?i:{re.escape(urls.GOOGLE_PEOPLE_HOST)})[:/]"
_URL: Final = pl.col("url")
_CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u{fffd}]"


def doubtful_urls(
    column: pl.Series, kind: EntryType, options: CheckOptions, bare: pl.Expr | None = None
) -> pl.Series:
    """Mark the URLs that have to be looked at one by one.

    Most begin and end as the first one does, which is told for all of them in one query and far
    sooner than a pattern is matched. Patterns are for the others.

    Args:
        column: All present.
        kind: What they are objects of.
        options: May name the bucket they have to be in.
        bare: Which are ASCII without quotes, blanks, controls, `#`, `?` and the backslash.
    """
    first = str(column.first() or "")
    told = column.to_frame("url").select(
        alike=_alike(first),
        bare=pl.lit(value=False) if bare is None else bare,
        ends_alike=_ends_alike(first, kind),
        is_long=_URL.str.len_bytes() > urls.MAX_BYTES,
    )
    unusual = ~told["alike"]
    asked = unusual | ~told["bare"]
    malformed = asked & ~matching(asked, column, urls.GOOD)
    doubt = malformed | told["is_long"]
    doubt |= matching(unusual & ~malformed, column, _PEOPLE)
    doubt |= matching(~told["ends_alike"], column, _unfitting(kind))
    if options.bucket:
        named = column.to_frame("url").select(_bucket("url")).to_series()
        doubt |= (named != options.bucket).fill_null(value=True)
    return doubt


def _alike(first: str) -> pl.Expr:
    """Mark the URLs that are longer than the first one's scheme and bucket and begin with them.

    None is if the first one is not well, or Google's host begins it.
    """
    usual = _USUAL.match(first)
    if usual is None or isinstance(urls.split(first), urls.UrlFault):
        return pl.lit(value=False)
    return _URL.str.starts_with(usual[0]) & (_URL.str.len_bytes() > usual.end())


def _ends_alike(first: str, kind: EntryType) -> pl.Expr:
    """Mark the URLs with the extension of the first one, unless it belongs to another type."""
    usual = _EXTENSION.search(first)
    if usual is None or usual[0][1:].lower() in _others(kind):
        return pl.lit(value=False)
    return _URL.str.ends_with(usual[0])


def _unfitting(kind: EntryType) -> str:
    """Return the pattern of URLs whose extension belongs to another type."""
    return rf"\.(?i:{'|'.join(_others(kind))})$"


def _others(kind: EntryType) -> list[str]:
    return [extension for extension, family in FAMILIES.items() if family not in FITTING[kind]]


def matching(asked: pl.Series, column: pl.Series, pattern: str) -> pl.Series:
    """Mark the texts that match, of those that are asked for."""
    if not asked.any():
        return asked
    if asked.all():
        return column.str.contains(pattern)
    places = asked.arg_true()
    # Scattering changes the column itself.
    return asked.clone().scatter(places, column.gather(places).str.contains(pattern))


def _bucket(name: str) -> pl.Expr:
    text = pl.col(name).str
    return pl.coalesce(text.extract(_BUCKET), text.extract(_GOOGLE))


def count_buckets(column: pl.Series) -> Counter[str]:
    """Count URLs by bucket; only unusual hosts are taken apart one by one."""
    first = _USUAL.match(column[0]) if len(column) else None
    if first:
        in_first = column.str.starts_with(first[0])
        counts = Counter({first[1]: int(in_first.sum())})
        if not in_first.all():
            counts.update(_count_others(column.filter(~in_first)))
        return counts
    return _count_others(column)


def _count_others(column: pl.Series) -> Counter[str]:
    frame = column.to_frame().with_columns(_bucket(column.name).alias("bucket"))
    known = frame.drop_nulls("bucket").group_by("bucket").len()
    counts = Counter(dict(known.iter_rows()))
    for url in frame.filter(pl.col("bucket").is_null())[column.name]:
        counts[urls.bucket_of(url) or ""] += 1
    return counts


def doubtful_titles(column: pl.Series) -> pl.Series:
    """Mark titles with control characters."""
    return column.str.contains(_CONTROL).fill_null(value=False)


def extensions(column: pl.Series) -> pl.Series:
    """Return the extension of every URL as it is written; empty when there is none."""
    usual = _EXTENSION.search(column[0]) if len(column) else None
    if usual and column.str.ends_with(usual[0]).all():
        return pl.repeat(usual[0], len(column), dtype=pl.String, eager=True)
    return column.str.extract(r"(\.[A-Za-z0-9]{1,8})$").fill_null("")


def odd_frames(url: pl.Series, owner: pl.Series) -> pl.Series:
    """Mark URLs that repeat a URL of the same owner or end otherwise than the one before."""
    extension = extensions(url)
    odd = (extension != extension.shift(1)) & (owner == owner.shift(1))
    hashed = url.hash()
    if hashed.n_unique() < len(hashed):
        odd |= pl.DataFrame({"hash": hashed, "owner": owner}).is_duplicated()
    return odd
