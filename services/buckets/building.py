"""Make a manifest from a listing by a recipe: Encord's JSON, entry by entry, and what was noticed.

The same listing and recipe give the same bytes, so that asking twice makes one manifest.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import polars as pl

from services.buckets import choosing, delta, grouping
from services.buckets.grouping import Irregularity
from services.buckets.metadata import Found, Shelf, read_sidecars, read_table, sidecars_of
from services.buckets.reach import OpenReader
from services.buckets.recipe import Recipe
from services.domain import naming
from services.domain.entries import EntryType
from services.manifests.store import ManifestStore

#: Entries shown before a manifest is made, and oddities told one by one.
SHOWN: Final = 20
TOLD: Final = 200
#: Rows turned into Python objects at once.
_BLOCK: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One entry of the manifest."""

    kind: EntryType
    title: str | None
    urls: tuple[str, ...]
    metadata: dict[str, object]

    def payload(self) -> bytes:
        """Return the entry as Encord's registration JSON."""
        content: dict[str, object] = {"title": self.title} if self.title else {}
        if self.kind.is_composite:
            content |= {f"objectUrl_{place}": url for place, url in enumerate(self.urls)}
        else:
            content["objectUrl"] = self.urls[0]
        if self.kind in {EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE}:
            content["createVideo"] = self.kind is EntryType.IMAGE_SEQUENCE
        if self.metadata:
            content["clientMetadata"] = self.metadata
        return orjson.dumps(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry as a line of the preview."""

    type: str
    title: str
    url: str
    urls: int
    metadata: str


@dataclass(slots=True, kw_only=True)
class Built:
    """What was made, and what a person should know about it."""

    #: Fingerprint of the manifest; None when it was only looked at, or would be empty.
    manifest: str | None = None
    entries: int = 0
    objects: int = 0
    by_type: dict[str, int] = field(default_factory=dict)
    #: Objects that were named and are not in it, by the reason.
    left_out: dict[str, int] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    irregularities: list[Irregularity] = field(default_factory=list)
    irregular: int = 0
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0
    difference: delta.Difference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything a manifest is made from."""

    bucket: str
    objects: pl.LazyFrame
    recipe: Recipe
    open_reader: OpenReader
    #: The joined table's file.
    table: Path | None = None
    #: What the recipe took the last time, when only the difference is wanted.
    before: Path | None = None
    #: Takes what the recipe took now; None when nothing is to be remembered.
    remember: Path | None = None
    #: Where the manifest goes; None only looks.
    store: ManifestStore | None = None
    #: Where sidecars are kept meanwhile; None for the system's own folder.
    scratch: Path | None = None


def build(job: Job, progress: Callable[[float], None]) -> Built:
    """Follow a recipe.

    Raises:
        PatternError: The recipe cannot be followed.
        TableError: The table cannot be used.
        StorageError: Google could not be asked for sidecars for a while; nothing was made.
    """
    job.recipe.check()
    built = Built()
    taken = _take(job, built)
    progress(0.3)
    if job.before is not None:
        taken, built.difference = delta.difference(taken, pl.read_parquet(job.before))
    built.objects = taken.height
    odd = list(grouping.irregularities(taken))
    built.irregularities, built.irregular = odd[:TOLD], len(odd)
    with tempfile.TemporaryFile(dir=job.scratch) as aside:
        found = _metadata(job, taken, Shelf(aside), progress)
        built.problems, built.problem_count = found.problems[:TOLD], len(found.problems)
        progress(0.5)
        _write(job, built, _entries(job, taken, found), progress)
    return built


def _take(job: Job, built: Built) -> pl.DataFrame:
    """Choose, type, take apart, group and sort."""
    recipe = job.recipe
    counts = choosing.count_types(job.objects, recipe)
    objects = choosing.typed(choosing.matching(job.objects, recipe), counts)
    parted = choosing.with_parts(objects, recipe).with_columns(
        grouping.unmatched(recipe).alias("unmatched")
    )
    everything = grouping.in_order(
        grouping.grouped(parted.filter(~pl.col("unmatched")), recipe)
    ).collect()
    typed = sum(each.objects for each in counts if each.kind)
    left = {
        "no type is chosen for it": sum(each.objects for each in counts if each.kind is None),
        "the pattern does not match": typed - everything.height,
    }
    built.left_out = {reason: count for reason, count in left.items() if count}
    if job.remember is not None:
        everything.select(*delta.KEPT).write_parquet(job.remember)
    return everything


def _metadata(
    job: Job, taken: pl.DataFrame, shelf: Shelf, progress: Callable[[float], None]
) -> Found:
    found = Found()
    if job.table is not None:
        found = read_table(job.table, job.bucket, taken)
    if job.recipe.sidecars:
        pairs = sidecars_of(job.objects, taken.unique(_entry(), keep="first", maintain_order=True))
        found.shelf = shelf
        found.problems += read_sidecars(
            job.bucket, pairs, job.open_reader, shelf, lambda part: progress(0.3 + part / 5)
        )
    return found


def _entry() -> list[str | pl.Expr]:
    """Return what tells one entry from another."""
    own = pl.when(pl.col("framed")).then(pl.lit("")).otherwise(pl.col("name"))
    return ["kind", "group", own.alias("own")]


def _entries(job: Job, taken: pl.DataFrame, found: Found) -> Iterator[Made]:
    title = _title(job.recipe)
    for framed in (False, True):
        rows = _rows(taken.filter(pl.col("framed") == framed).with_columns(title))
        if framed:
            for _, frames in groupby(rows, key=lambda row: (row["kind"], row["group"])):
                yield _made(job, list(frames), found)
        else:
            for row in rows:
                yield _made(job, [row], found)


def _rows(objects: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for block in objects.iter_slices(_BLOCK):
        yield from block.iter_rows(named=True)


def _title(recipe: Recipe) -> pl.Expr:
    pieces = naming.template_parts(recipe.title, recipe.parts())
    texts = [
        pl.col(choosing.column_of(each)) if n % 2 else pl.lit(each) for n, each in enumerate(pieces)
    ]
    made = pl.concat_str(texts) if recipe.title else pl.lit(None, pl.String)
    return made.alias("title")


def _made(job: Job, frames: list[dict[str, Any]], found: Found) -> Made:
    first = frames[0]
    named = grouping.title_of(first["group"]) or None
    parts = {part: first[choosing.column_of(part)] for part in job.recipe.metadata}
    return Made(
        kind=EntryType(first["kind"]),
        title=first["title"] or named,
        urls=tuple(f"gs://{job.bucket}/{frame['name']}" for frame in frames),
        metadata={
            **{part: text for part, text in parts.items() if text is not None},
            **_facts(job.recipe, frames),
            **found.of(first["name"]),
        },
    )


def _facts(recipe: Recipe, frames: list[dict[str, Any]]) -> dict[str, object]:
    """Return what objects say about themselves: of a group its size and its newest moment.

    A report may lack a fact; it is left out then.
    """
    first = frames[0]
    generation = first["generation"]
    facts = {
        "size": sum(frame["size"] for frame in frames),
        "content_type": first["content_type"] or None,
        "updated": max((frame["updated"] for frame in frames if frame["updated"]), default=None),
        "generation": None if generation is None else str(generation),
    }
    known = {name: facts[name] for name in recipe.object_facts if facts[name] is not None}
    return {f"object_{name}": fact for name, fact in known.items()}


def _write(
    job: Job, built: Built, entries: Iterator[Made], progress: Callable[[float], None]
) -> None:
    counts: Counter[str] = Counter()
    total = max(1, built.objects)

    def counted() -> Iterator[Made]:
        done = 0
        for entry in entries:
            counts[entry.kind.value] += 1
            done += len(entry.urls)
            if len(built.shown) < SHOWN:
                built.shown.append(_shown(entry))
            if counts.total() % 1000 == 0:
                progress(0.5 + 0.45 * done / total)
            yield entry

    if job.store is None:
        for _ in counted():
            pass
    else:
        built.manifest = _keep(job, job.store, counted())
    built.entries, built.by_type = counts.total(), dict(counts.most_common())


def _shown(entry: Made) -> Shown:
    return Shown(
        type=entry.kind.label,
        title=entry.title or "",
        url=entry.urls[0],
        urls=len(entry.urls),
        metadata=orjson.dumps(entry.metadata).decode() if entry.metadata else "",
    )


def _keep(job: Job, store: ManifestStore, entries: Iterator[Made]) -> str | None:
    """Store the manifest; none when there is no entry."""
    with tempfile.TemporaryFile(dir=store.root) as aside:
        if not write_document(entries, aside):
            return None
        aside.seek(0)
        name = f"{job.recipe.name or job.bucket}{' changes' if job.before else ''}.json"
        return store.add(name, aside)


def write_document(entries: Iterator[Made], stream: BinaryIO) -> int:
    """Write entries that come section by section; returns how many there are.

    A section may come again when two types share it; it is written once, so groups and sequences
    must not be mixed in one recipe.
    """
    count = 0
    stream.write(b'{"skip_duplicate_urls":true')
    for section, made in groupby(entries, key=attrgetter("kind.section")):
        separator = f',\n"{section}":[\n'.encode()
        for entry in made:
            stream.write(separator + entry.payload())
            separator = b",\n"
            count += 1
        stream.write(b"\n]")
    stream.write(b"}\n")
    return count
