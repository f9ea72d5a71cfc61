"""Saved recipes, what each made when, and the manifests made from listings by them.

    <view>/recipes/<name digest>/recipe.json    the recipe and who saved it
                                 <listing>.parquet   the objects it took from a listing
                                 <listing>.json      and what it made of them
           work/<digest>.job/                   a manifest being made or looked at
           tables/<digest>.csv                  a table to join

Made is made: the same recipe on the same listing is one job, however often it is asked for.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from services.buckets.building import Built
from services.buckets.catalog import Catalog, View
from services.buckets.errors import NothingBeforeError
from services.buckets.orders import MADE, BuildOrder, Making, write_order
from services.buckets.recipe import Recipe
from services.jobs import RESULT, JobState
from services.whole_files import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A recipe that was saved."""

    recipe: Recipe
    owner: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is made of a listing."""

    view: View
    listing: str
    recipe: Recipe
    #: Whether a manifest is made, or only looked at.
    save: bool = False
    #: Whether only what changed since the recipe was followed the last time is wanted.
    changes: bool = False

    @property
    def digest(self) -> str:
        """Name the work by what is asked, so that asking twice is asking once."""
        asks = (self.listing, self.recipe.digest, self.save, self.changes)
        return hashlib.sha256(repr(asks).encode()).hexdigest()[:24]


class Recipes:
    """The recipes of all views."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def save(self, view: View, recipe: Recipe, owner: str) -> None:
        """Keep a recipe under its name; one of that name is replaced, what it made stays.

        Raises:
            PatternError: It cannot be followed.
        """
        recipe.check()
        saved = Saved(recipe=recipe, owner=owner, at=datetime.now(UTC))
        folder = self._folder(view, recipe.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "recipe.json", msgspec.json.encode(saved))

    def all(self, view: View) -> list[Saved]:
        """Return the saved recipes by name."""
        paths = (self._catalog.folder(view) / "recipes").glob("*/recipe.json")
        found = [msgspec.json.decode(path.read_bytes(), type=Saved) for path in paths]
        return sorted(found, key=lambda each: each.recipe.name.lower())

    def made(self, view: View, name: str) -> list[Making]:
        """Return what a recipe made, oldest first."""
        paths = self._folder(view, name).glob(f"*{MADE}")
        found = [msgspec.json.decode(path.read_bytes(), type=Making) for path in paths]
        return sorted(found, key=lambda each: each.at)

    def add_table(self, view: View, table: BinaryIO) -> str:
        """Keep a CSV to be joined; returns the name a recipe knows it by."""
        content = table.read()
        name = hashlib.sha256(content).hexdigest()
        folder = self._catalog.folder(view) / "tables"
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{name}.csv", content)
        return name

    def has_earlier(self, asked: Asked) -> bool:
        """Tell whether the recipe was followed on a listing before this one."""
        return bool(self._earlier(asked))

    def start(self, asked: Asked) -> None:
        """Make a manifest, or look at one; does nothing when that is under way or done.

        Raises:
            NothingBeforeError: Changes were asked for, and the recipe was not followed before.
        """
        job = self._job(asked)
        if self._catalog.jobs.state(job).phase in {"none", "failed"}:
            job.parent.mkdir(parents=True, exist_ok=True)
            order = write_order(self._order(asked))
            self._catalog.jobs.start(job, order, whisper=asked.view.reach.line())

    def state(self, asked: Asked) -> JobState:
        """Return how far it is."""
        return self._catalog.jobs.state(self._job(asked))

    def cancel(self, asked: Asked) -> None:
        """Stop it; nothing was made then."""
        self._catalog.jobs.cancel(self._job(asked))

    def result(self, asked: Asked) -> Built:
        """Return what is done."""
        return msgspec.json.decode((self._job(asked) / RESULT).read_bytes(), type=Built)

    def _order(self, asked: Asked) -> BuildOrder:
        recipe, folder = asked.recipe, self._folder(asked.view, asked.recipe.name)
        folder.mkdir(parents=True, exist_ok=True)
        tables = self._catalog.folder(asked.view) / "tables"
        return BuildOrder(
            listing=self._catalog.spool(asked.view, asked.listing).folder,
            recipe=recipe,
            table=tables / f"{recipe.table}.csv" if recipe.table else None,
            before=self._before(asked),
            remember=_objects(folder, asked.listing) if asked.save and recipe.name else None,
            name=asked.listing,
            save=asked.save,
        )

    def _before(self, asked: Asked) -> Path | None:
        """Return what the recipe took from the listing before this one."""
        if not asked.changes:
            return None
        earlier = self._earlier(asked)
        if not earlier:
            raise NothingBeforeError
        return _objects(self._folder(asked.view, asked.recipe.name), earlier[-1])

    def _earlier(self, asked: Asked) -> list[str]:
        """Return the listings that the recipe was followed on before this one, oldest first."""
        known = [each.listing for each in self.made(asked.view, asked.recipe.name)]
        return known[: known.index(asked.listing)] if asked.listing in known else known

    def _job(self, asked: Asked) -> Path:
        return self._catalog.folder(asked.view) / "work" / f"{asked.digest}.job"

    def _folder(self, view: View, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self._catalog.folder(view) / "recipes" / digest


def _objects(folder: Path, listing: str) -> Path:
    return folder / f"{listing.replace('/', '-')}.parquet"
