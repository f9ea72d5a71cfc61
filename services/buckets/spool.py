"""A listing on disk: one folder of Parquet parts, and what is known about it as a whole.

    <listing>/scope.json        what was asked for, and where it comes from
              spans.json        the ranges of names it is cut into
              s00001-00002.parquet   part 2 of range 1
              s00001.json       how far range 1 is: the last name on disk
              finished.json     the totals; without it the listing is not complete

Parts are written aside and renamed, and a checkpoint only after its part: whatever a killed process
leaves can be gone on from, and no object is there twice. Only a listing is gone on with; a report
is taken from its beginning, and neither goes on with what the other left.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import polars as pl

from services.cloud_storage.interface import ObjectPage
from services.whole_files import write_whole

SCHEMA: Final[dict[str, pl.DataType]] = {
    "name": pl.String(),
    "size": pl.Int64(),
    "content_type": pl.String(),
    "updated": pl.String(),
    "generation": pl.Int64(),
}
FINISHED: Final = "finished.json"
#: Where a listing comes from: Google's answers, or an inventory report.
LISTING, INVENTORY = "listing", "inventory"
_SPANS, _SCOPE = "spans.json", "scope.json"
#: What begins anew takes away, in this order: no file may outlive what it speaks of.
_TAKEN_AWAY: Final = (FINISHED, "s[0-9]*.json", _SPANS, "s[0-9]*.parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is listed."""

    bucket: str
    #: Empty for the whole bucket.
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of names that is listed in one go."""

    prefix: str
    #: From this name on, and before that one; empty for no bound.
    start: str = ""
    end: str = ""
    #: Only what is not below a further `/`.
    flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a span is."""

    #: The last name on disk; None before the first.
    last: str | None = None
    parts: int = 0
    objects: int = 0
    bytes: int = 0
    requests: int = 0
    done: bool = False

    def after(self, frame: pl.DataFrame, requests: int, *, done: bool) -> Self:
        """Return the checkpoint once some more objects are on disk."""
        return replace(
            self,
            last=frame["name"][-1] if frame.height else self.last,
            parts=self.parts + bool(frame.height),
            objects=self.objects + frame.height,
            bytes=self.bytes + int(frame["size"].sum()),
            requests=self.requests + requests,
            done=done,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a finished listing holds."""

    objects: int
    bytes: int
    #: Asked of Google; none for an inventory report.
    requests: int
    #: `LISTING` or `INVENTORY`.
    source: str
    #: When it began: what came or went since may be missed.
    at: datetime


def frame_of(page: ObjectPage) -> pl.DataFrame:
    """Turn a page into rows."""
    columns = (page.names, page.sizes, page.content_types, page.updated, page.generations)
    return pl.DataFrame(dict(zip(SCHEMA, columns, strict=True)), schema=SCHEMA)


class Spool:
    """One listing's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, scope: Scope, source: str = LISTING) -> None:
        """Make the folder, and take away what is there unless a listing goes on with its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not source == self._source() == LISTING:
            self._clear()
        self._write(_SCOPE, {**asdict(scope), "source": source})

    def _source(self) -> str | None:
        """Return who began it; None when nobody did, or it was not noted then."""
        try:
            content = json.loads((self.folder / _SCOPE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        source: str | None = content.get("source")
        return source

    def _clear(self) -> None:
        for pattern in _TAKEN_AWAY:
            for path in self.folder.glob(pattern):
                path.unlink()

    @property
    def scope(self) -> Scope:
        """What was asked for."""
        content = json.loads((self.folder / _SCOPE).read_text(encoding="utf-8"))
        return Scope(bucket=content["bucket"], prefixes=tuple(content["prefixes"]))

    def spans(self) -> list[Span] | None:
        """Return the ranges; None before they are chosen."""
        try:
            content = json.loads((self.folder / _SPANS).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return [Span(**each) for each in content]

    def plan(self, spans: list[Span]) -> None:
        """Note the ranges."""
        self._write(_SPANS, [asdict(each) for each in spans])

    def checkpoint(self, span: int) -> Checkpoint:
        """Return how far a range is."""
        try:
            text = (self.folder / f"s{span:05}.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return Checkpoint()
        return Checkpoint(**json.loads(text))

    def add(
        self, span: int, known: Checkpoint, frame: pl.DataFrame, requests: int, *, done: bool
    ) -> Checkpoint:
        """Keep some more objects of a range, then how far it is."""
        if frame.height:
            aside = self.folder / f"s{span:05}.new"
            frame.write_parquet(aside, compression="zstd")
            aside.replace(self.folder / f"s{span:05}-{known.parts:05}.parquet")
        made = known.after(frame, requests, done=done)
        self._write(f"s{span:05}.json", asdict(made))
        return made

    def finish(self, source: str = LISTING) -> Totals:
        """Close the listing; its ranges were noted when it began, be that days ago."""
        spans = [self.checkpoint(number) for number in range(len(self.spans() or []))]
        totals = Totals(
            objects=sum(each.objects for each in spans),
            bytes=sum(each.bytes for each in spans),
            requests=sum(each.requests for each in spans),
            source=source,
            at=datetime.fromtimestamp((self.folder / _SPANS).stat().st_mtime, UTC),
        )
        self._write(FINISHED, {**asdict(totals), "at": totals.at.isoformat()})
        return totals

    def totals(self) -> Totals | None:
        """Return what the listing holds; None while it is not complete."""
        try:
            content = json.loads((self.folder / FINISHED).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Totals(**{**content, "at": datetime.fromisoformat(content["at"])})

    def parts(self) -> list[Path]:
        """List the parts; each holds ascending names. Those of a report may overlap."""
        spans = range(len(self.spans() or []))
        counts = [self.checkpoint(number).parts for number in spans]
        return [
            self.folder / f"s{span:05}-{part:05}.parquet"
            for span in spans
            for part in range(counts[span])
        ]

    def objects(self) -> pl.LazyFrame:
        """Return all objects, to be read part by part; the order is not that of the names."""
        parts = self.parts()
        return pl.scan_parquet(parts) if parts else pl.LazyFrame(schema=SCHEMA)

    def _write(self, name: str, content: object) -> None:
        write_whole(self.folder / name, json.dumps(content).encode())
