"""Longer work on buckets as orders: written down for a child process and carried out there."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from services.buckets import building, inventory, listing, prices, truth
from services.buckets.errors import (
    BucketWorkError,
    GoogleRefusedError,
    NothingToListError,
    RecipeError,
)
from services.buckets.reach import Reach
from services.buckets.recipe import Recipe
from services.buckets.spool import Scope, Spool
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.domain.globs import PatternError
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.whole_files import write_whole

Progress = Callable[[float], None]
#: A listing's end is not known; this many objects look like half of it.
_HALF: Final = 200_000
#: Ends the file that says what a recipe made.
MADE: Final = ".made.json"


class ListOrder(msgspec.Struct, frozen=True, kw_only=True, tag="list"):
    """List a scope into a folder, or go on with it."""

    folder: Path
    scope: Scope


class ReportOrder(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """Take an inventory report into a folder."""

    folder: Path
    scope: Scope
    report: Path


class BuildOrder(msgspec.Struct, frozen=True, kw_only=True, tag="build"):
    """Make a manifest from a listing, or look at what it would be."""

    listing: Path
    recipe: Recipe
    table: Path | None = None
    before: Path | None = None
    remember: Path | None = None
    #: Names the listing for who asks later.
    name: str = ""
    save: bool = False


class PriceOrder(msgspec.Struct, frozen=True, kw_only=True, tag="price"):
    """Estimate what a comparison takes."""

    manifest: str
    options: str


class CompareOrder(msgspec.Struct, frozen=True, kw_only=True, tag="compare"):
    """Compare a manifest with its buckets."""

    manifest: str
    options: str
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One manifest made by a saved recipe."""

    #: The listing it was made from.
    listing: str
    #: None when there was nothing to make.
    manifest: str | None
    entries: int
    at: datetime


#: What goes on where it was stopped, and what to say of it.
_RESUMED: Final = (ListOrder, CompareOrder)
_KEPT: Final = " What was listed so far is kept; going on is possible."
Order = ListOrder | ReportOrder | BuildOrder | PriceOrder | CompareOrder


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order is carried out."""

    store: ManifestStore
    reach: Reach
    progress: Progress


def write_order(order: Order) -> str:
    """Write what `carry_out` reads; the same order is the same text."""
    return msgspec.json.encode(order, enc_hook=str).decode()


def _read_path(kind: type, text: str) -> Path:
    """Read what the encoder does not know; paths are all there is."""
    assert kind is Path
    return Path(text)


def carry_out(text: str, place: Place) -> bytes:
    """Do what an order says and return the answer as JSON.

    Raises:
        BucketWorkError: It cannot be done; says why.
    """
    order = msgspec.json.decode(text, type=Order, dec_hook=_read_path)
    try:
        return msgspec.json.encode(_do(order, place))
    except CredentialProblem as problem:
        error: BucketWorkError = GoogleRefusedError(str(problem))
    except StorageError as problem:
        error = GoogleRefusedError(f"{problem}{_KEPT if isinstance(order, _RESUMED) else ''}")
    except PatternError as problem:
        error = RecipeError(str(problem))
    # Raised here, so that Google's exception does not travel along.
    raise error


def _do(order: Order, place: Place) -> object:
    match order:
        case ListOrder():
            return listing.list_objects(
                Spool(order.folder), order.scope, place.reach.open, _open_end(place.progress)
            )
        case ReportOrder():
            try:
                return inventory.take_report(Spool(order.folder), order.scope, order.report)
            finally:
                order.report.unlink(missing_ok=True)
        case BuildOrder():
            return _build(order, place)
        case PriceOrder():
            return prices.estimate(_checked(order, place), place.reach.open, place.progress)
        case CompareOrder():
            work = truth.Comparison(
                checked=_checked(order, place), open_reader=place.reach.open, folder=order.folder
            )
            return truth.compare(work, place.progress)


def _open_end(progress: Progress) -> listing.Advance:
    """Turn objects so far into progress."""
    return lambda objects: progress(objects / (objects + _HALF))


def _checked(order: PriceOrder | CompareOrder, place: Place) -> CheckedManifest:
    return place.store.open(order.manifest, CheckOptions.from_json(order.options))


def _build(order: BuildOrder, place: Place) -> building.Built:
    spool = Spool(order.listing)
    if spool.totals() is None:
        raise NothingToListError
    job = building.Job(
        bucket=spool.scope.bucket,
        objects=spool.objects(),
        recipe=order.recipe,
        open_reader=place.reach.open,
        table=order.table,
        before=order.before,
        remember=order.remember and order.remember.with_suffix(f".{os.getpid()}.new"),
        store=place.store if order.save else None,
        scratch=place.store.root,
    )
    try:
        built = building.build(job, place.progress)
        # What was taken counts once the manifest is there: a build that ended before took nothing.
        if order.remember and job.remember:
            job.remember.replace(order.remember)
    finally:
        if job.remember:
            job.remember.unlink(missing_ok=True)
    if order.remember:
        made = Making(
            listing=order.name,
            manifest=built.manifest,
            entries=built.entries,
            at=datetime.now(UTC),
        )
        write_whole(order.remember.with_suffix(MADE), msgspec.json.encode(made))
    return built
