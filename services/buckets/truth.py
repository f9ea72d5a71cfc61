"""Compare a manifest with its buckets by one listing: what is there, how large, of which type.

Nothing is asked per object. A listing is read part by part, and only the names in a part's range
are joined against it: in memory are the manifest's names and one part.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from services.buckets.addresses import addresses, scopes
from services.buckets.listing import list_objects
from services.buckets.patience import patiently
from services.buckets.reach import OpenReader
from services.buckets.spool import Scope, Spool
from services.cloud_storage.errors import (
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotBilled,
    NotFound,
    PayerMissing,
)
from services.cloud_storage.google import is_bucket_name
from services.domain import content_types
from services.domain.entries import EntryType
from services.domain.findings import Severity
from services.domain.rulebook.metadata import BUCKET
from services.manifests.checked import CheckedManifest
from services.manifests.url_check import FITTING

FINDINGS: Final = "findings.parquet"
#: Missing objects for which a name in other spelling is looked for.
HINTED: Final = 1_000
GET: Final = "storage.objects.get"
#: Why nothing is known about the URLs of one bucket.
NO_NAME: Final = "{bucket} is not a name that Google has for a bucket"
NOT_LISTED: Final = "{bucket} may not be listed with these credentials"
REFUSED: Final = {
    PayerMissing: "{bucket} has requester pays on",
    NotBilled: "the billing of {bucket} is off",
    InvalidRequest: "Google refused to list {bucket} as an invalid request",
    NotAuthenticated: "Google did not accept the credentials for {bucket}",
}
ERRORS: Final = [rule.code for rule in BUCKET if rule.severity is Severity.ERROR]
#: Types whose size Encord advises on; of others it says nothing.
_SIZED: Final = [
    kind.value
    for kind in (
        EntryType.VIDEO,
        EntryType.IMAGE,
        EntryType.IMAGE_GROUP,
        EntryType.IMAGE_SEQUENCE,
        EntryType.DICOM_SERIES,
    )
]
#: Content types that say how an object is packed, not what it is.
_PACKED: Final = "archive"

_FOUND: Final[dict[str, pl.DataType]] = {
    "entry": pl.UInt32(),
    "nth": pl.UInt32(),
    "code": pl.String(),
    "url": pl.String(),
    "size": pl.Int64(),
    "content_type": pl.String(),
    "hint": pl.String(),
}


@dataclass(slots=True, kw_only=True)
class Compared:
    """What a comparison found, as a whole; its findings are in a file beside it."""

    urls: int = 0
    #: Exact, by finding code.
    counts: dict[str, int] = field(default_factory=dict)
    #: Entries with at least one error.
    entries_with_errors: int = 0
    #: URLs about which nothing is known, by the reason.
    unknown: dict[str, int] = field(default_factory=dict)
    objects_listed: int = 0
    requests: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared, and where the listings and the answer go."""

    checked: CheckedManifest
    open_reader: OpenReader
    folder: Path


def compare(work: Comparison, progress: Callable[[float], None]) -> Compared:
    """List the buckets a manifest names, join, and write the findings.

    Raises:
        StorageError: Google could not be reached for a while; going on later is possible.
    """
    found = addresses(work.checked)
    progress(0.1)
    compared, pieces = Compared(urls=found.height), [pl.DataFrame(schema=_FOUND)]
    elsewhere = found.filter(pl.col("bucket").is_null()).height
    if elsewhere:
        compared.unknown["not in Google Cloud Storage"] = elsewhere
    wanted = scopes(found)
    for number, scope in enumerate(wanted):
        part = found.filter(pl.col("bucket") == scope.bucket)
        watch = _share(progress, number, len(wanted), part.height)
        pieces.append(_judge(work, scope, part, compared, watch))
    return _close(work, compared, pl.concat(pieces))


def _share(
    progress: Callable[[float], None], number: int, of: int, expected: int
) -> Callable[[int], None]:
    """Turn objects of one listing into progress of the whole; how many will come is not known."""
    return lambda objects: progress(0.1 + 0.85 * (number + objects / (objects + expected + 1)) / of)


def _judge(
    work: Comparison,
    scope: Scope,
    part: pl.DataFrame,
    compared: Compared,
    listed: Callable[[int], None],
) -> pl.DataFrame:
    """Compare one bucket; what may not be listed is found forbidden or stays unknown."""
    # Looked at first: a name from an address may also be a way out of the folder.
    if not is_bucket_name(scope.bucket):
        return _unknown(part, compared, NO_NAME)
    spool = Spool(work.folder / scope.bucket)
    try:
        totals = spool.totals() or list_objects(spool, scope, work.open_reader, listed)
    except NotFound:
        return _all(part, "object-missing", f": the bucket {scope.bucket} does not exist")
    except (InvalidRequest, NotAuthenticated, NotBilled) as refusal:
        return _unknown(part, compared, REFUSED[type(refusal)])
    except NotAuthorised:
        if _is_forbidden(work, scope.bucket):
            return _all(part, "object-forbidden", "")
        return _unknown(part, compared, NOT_LISTED)
    compared.at = min(compared.at, totals.at)  # one that was stopped goes on with older listings
    compared.objects_listed += totals.objects
    compared.requests += totals.requests
    return judge(part, spool)


def _is_forbidden(work: Comparison, bucket: str) -> bool:
    """Whether Google says that the objects may not be read either; no word is no verdict."""
    ask = partial(work.open_reader().test_permissions, bucket, [GET])
    try:
        return GET not in patiently(ask)
    except (InvalidRequest, NotAuthenticated, NotAuthorised, NotFound):
        return False


def _unknown(part: pl.DataFrame, compared: Compared, reason: str) -> pl.DataFrame:
    """Note that nothing is known about the URLs of one bucket."""
    compared.unknown[reason.format(bucket=part["bucket"][0])] = part.height
    return pl.DataFrame(schema=_FOUND)


def judge(part: pl.DataFrame, spool: Spool) -> pl.DataFrame:
    """Return the findings about the URLs of one bucket against its listing."""
    joined = join(part.sort("key"), spool)
    missing = part.join(joined.select("entry", "nth"), on=["entry", "nth"], how="anti")
    return pl.concat([_missing(missing, spool), *_looked_at(joined)])


def join(part: pl.DataFrame, spool: Spool) -> pl.DataFrame:
    """Return the URLs whose objects are there, with size and content type.

    Args:
        part: URLs of one bucket, sorted by `key`.
        spool: A finished listing.
    """
    pieces = [part.head(0).with_columns(_nothing("size"), _nothing("content_type"))]
    for path in spool.parts():
        objects = pl.read_parquet(path, columns=["name", "size", "content_type"])
        low = part["key"].search_sorted(objects["name"][0], side="left")
        high = part["key"].search_sorted(objects["name"][-1], side="right")
        some = part.slice(low, high - low)
        pieces.append(some.join(objects, left_on="key", right_on="name", how="inner"))
    return pl.concat(pieces)


def _nothing(name: str) -> pl.Expr:
    return pl.lit(None).cast(_FOUND[name]).alias(name)


def _all(part: pl.DataFrame, code: str, hint: str) -> pl.DataFrame:
    return _found(part.with_columns(_nothing("size"), _nothing("content_type")), code, pl.lit(hint))


def _found(rows: pl.DataFrame, code: str, hint: pl.Expr | None = None) -> pl.DataFrame:
    said = (hint if hint is not None else pl.lit("")).alias("hint")
    return rows.with_columns(pl.lit(code).alias("code"), said).select(list(_FOUND))


def _looked_at(joined: pl.DataFrame) -> list[pl.DataFrame]:
    """Look at size and content type of what is there."""
    empty = pl.col("size") == 0
    large = (pl.col("size") > content_types.ADVISED_BYTES) & pl.col("kind").is_in(_SIZED)
    return [
        _found(joined.filter(empty), "object-empty"),
        _found(joined.filter(large), "object-too-large"),
        _found(_misfits(joined), "object-type"),
    ]


def _misfits(joined: pl.DataFrame) -> pl.DataFrame:
    """Keep what has a content type that does not fit; there are few different ones."""
    looks = joined.select("kind", "content_type").unique()
    bad = [row for row in looks.iter_rows() if not fits(EntryType(row[0]), row[1])]
    table = pl.DataFrame(bad, schema=looks.schema, orient="row")
    return joined.join(table, on=["kind", "content_type"], how="semi")


def fits(kind: EntryType, content_type: str | None) -> bool:
    """Whether a content type may stand for a type of entry; one that tells nothing may."""
    family = content_types.family_of(content_type)
    if family is None or kind is EntryType.SCENE:
        return True
    return family in FITTING[kind] or (kind is EntryType.NIFTI and family == _PACKED)


def _missing(missing: pl.DataFrame, spool: Spool) -> pl.DataFrame:
    """Say what is missing, and for the first ones which object has the name in other letters."""
    if missing.is_empty():
        return pl.DataFrame(schema=_FOUND)
    asked = missing.head(HINTED).select(pl.col("key").str.to_lowercase().alias("lower")).unique()
    alike = (
        spool.objects()
        .select("name", pl.col("name").str.to_lowercase().alias("lower"))
        .join(asked.lazy(), on="lower", how="semi")
        .unique("lower", keep="any")
        .collect(engine="streaming")
    )
    rows = missing.with_columns(
        pl.col("key").str.to_lowercase().alias("lower"), _nothing("size"), _nothing("content_type")
    ).join(alike, on="lower", how="left", maintain_order="left")
    hint = (
        pl.when(pl.col("name").is_null())
        .then(pl.lit(""))
        .otherwise(pl.concat_str(pl.lit("; there is "), pl.col("name")))
    )
    return _found(rows, "object-missing", hint)


def _close(work: Comparison, compared: Compared, findings: pl.DataFrame) -> Compared:
    ordered = findings.sort("entry", "nth", "code")
    ordered.write_parquet(work.folder / FINDINGS)
    compared.counts = dict(Counter(ordered["code"].to_list()).most_common())
    held = ordered.filter(pl.col("code").is_in(ERRORS))
    compared.entries_with_errors = held["entry"].n_unique()
    return compared
