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
_CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u{fffd}]"


def doubtful_urls(
    column: pl.Series, kind: EntryType, options: CheckOptions, bare: pl.Series | None = None
) -> pl.Series:
    """Mark the URLs that have to be looked at one by one.

    Args:
        column: All present.
        kind: What they are objects of.
        options: May name the bucket they have to be in.
        bare: Which are ASCII without quotes, blanks, controls, `#`, `?` and the backslash.
    """
    alike = _alike(column)
    doubt = _malformed(column, alike, bare) | (column.str.len_bytes() > urls.MAX_BYTES)
    if alike is None:
        doubt |= column.str.contains(_PEOPLE)
    else:
        doubt |= _where(~alike, column, _PEOPLE)
    if options.bucket:
        named = column.to_frame().select(_bucket(column.name)).to_series()
        doubt |= (named != options.bucket).fill_null(value=True)
    return doubt | _unfitting(column, kind)


def _alike(column: pl.Series) -> pl.Series | None:
    """Mark the URLs that are longer than the first one's scheme and bucket and begin with them.

    Most do, and that is told far sooner than a pattern is matched. Returns None if the first URL
    is not well, or Google's host begins it.
    """
    first = column.head(1)
    usual = _USUAL.match(first[0]) if first.str.contains(urls.GOOD).any() else None
    if usual is None:
        return None
    return column.str.starts_with(usual[0]) & (column.str.len_bytes() > usual.end())


def _malformed(column: pl.Series, alike: pl.Series | None, bare: pl.Series | None) -> pl.Series:
    """Mark the URLs that are not spelled well; those that are bare and alike are."""
    if alike is None or bare is None:
        return ~column.str.contains(urls.GOOD)
    other = ~(bare & alike)
    if not other.any():
        return other
    places = other.arg_true()
    return other.scatter(places, ~column.gather(places).str.contains(urls.GOOD))


def _unfitting(column: pl.Series, kind: EntryType) -> pl.Series:
    """Mark the URLs whose extension belongs to another type."""
    wrong = [ext for ext, family in FAMILIES.items() if family not in FITTING[kind]]
    pattern = rf"\.(?i:{'|'.join(wrong)})$"
    usual = _EXTENSION.search(str(column.first() or ""))
    if usual is None or usual[0][1:].lower() in wrong:
        return column.str.contains(pattern)
    # Most URLs end as the first one does, which is told far sooner than a pattern is matched.
    return _where(~column.str.ends_with(usual[0]), column, pattern)


def _where(asked: pl.Series, column: pl.Series, pattern: str) -> pl.Series:
    """Mark the texts that match, of those that are asked for."""
    if not asked.any():
        return asked
    places = asked.arg_true()
    return asked.scatter(places, column.gather(places).str.contains(pattern))


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
