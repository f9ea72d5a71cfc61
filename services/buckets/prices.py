"""What a listing will cost in requests, time and money, before it is made."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

import polars as pl

from services.buckets.addresses import addresses, scopes
from services.buckets.listing import PARALLEL
from services.buckets.reach import OpenReader
from services.buckets.spool import Scope
from services.cloud_storage.errors import StorageError
from services.cloud_storage.interface import BucketReader
from services.manifests.checked import CheckedManifest

PAGE: Final = 1_000
#: Google's price in US dollars for 1,000 listing requests: class A, standard storage, one region.
LIST_PRICE: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a comparison will take."""

    urls: int
    #: How many buckets and prefixes are listed.
    prefixes: int
    #: None when nothing can be said.
    objects: int | None
    requests: int | None
    seconds: float | None
    dollars: float | None
    #: Sentences about what could not be looked at.
    problems: tuple[str, ...] = ()


def estimate(
    checked: CheckedManifest, open_reader: OpenReader, progress: Callable[[float], None]
) -> Price:
    """Estimate a comparison from one page of each prefix: how dense the manifest's names lie there.

    One request a prefix, at most 32 a bucket.
    """
    found = addresses(checked)
    progress(0.5)
    reader, started = open_reader(), time.perf_counter()
    pairs = [(scope, prefix) for scope in scopes(found) for prefix in scope.prefixes or ("",)]
    #: None where nothing is known, be it that Google refused.
    sizes: list[int | None] = []
    problems: list[str] = []
    for scope, prefix in pairs:
        try:
            sizes.append(_objects(reader, scope, prefix, found))
        except StorageError as problem:
            sizes.append(None)
            problems.append(str(problem))
    took = (time.perf_counter() - started) / max(1, len(pairs))
    return _price(found.height, len(pairs), sizes, took, tuple(dict.fromkeys(problems)))


def _objects(reader: BucketReader, scope: Scope, prefix: str, found: pl.DataFrame) -> int | None:
    """Estimate how many objects a prefix has; None when its first page names none of ours.

    Google may answer a page without names, and a token.
    """
    page = reader.list_page(scope.bucket, prefix)
    if page.token is None:
        return len(page.names)
    ours = found.filter((pl.col("bucket") == scope.bucket) & pl.col("key").str.starts_with(prefix))[
        "key"
    ]
    seen = int((ours <= page.names[-1]).sum()) if page.names else 0
    return round(len(page.names) * len(ours) / seen) if seen else None


def _price(
    urls: int, prefixes: int, sizes: list[int | None], took: float, problems: tuple[str, ...]
) -> Price:
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return Price(
            urls=urls,
            prefixes=prefixes,
            objects=None,
            requests=None,
            seconds=None,
            dollars=None,
            problems=problems,
        )
    requests = sum(max(1, ceil(size / PAGE)) for size in known)
    return Price(
        urls=urls,
        prefixes=prefixes,
        objects=sum(known),
        requests=requests,
        seconds=requests * took / min(PARALLEL, max(1, prefixes)),
        dollars=requests * LIST_PRICE / 1_000,
        problems=problems,
    )
