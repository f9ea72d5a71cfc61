"""Metadata that stands elsewhere in the bucket or in a table: sidecar files and joined rows."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

import orjson
import polars as pl
from polars.exceptions import PolarsError

from services.buckets.choosing import SIDECAR
from services.buckets.errors import TableError
from services.buckets.patience import patiently
from services.buckets.reach import OpenReader
from services.cloud_storage.errors import (
    NotAuthenticated,
    RateLimited,
    StorageError,
    TimedOut,
    Unavailable,
    Unreachable,
)
from services.cloud_storage.interface import BucketReader
from services.manifests.csv_values import SAFE_DIGITS

#: Sidecars read at once, and the largest that is read, in bytes.
PARALLEL: Final = 8
LARGEST: Final = 1_000_000
#: These say nothing about the sidecar that was asked for: it is there, and can be read later.
_NOT_ITS_FAULT: Final = (NotAuthenticated, RateLimited, TimedOut, Unavailable, Unreachable)

TOO_LARGE: Final = "it is larger than 1 MB"
NOT_JSON: Final = "it is not JSON"
NOT_AN_OBJECT: Final = "it is not a JSON object"
TWICE: Final = "The table names {name} more than once."
UNREADABLE: Final = "The table cannot be read: {problem}"
NO_ROWS: Final = "The table has no rows."

#: The column a table is joined by.
_KEY: Final = "joined by?"
_KEYS: Final = ("objecturl", "object", "name", "url", "path", "file", "filename")
#: What may be a number: as many digits as are exact everywhere, and no word such as NaN.
_NUMBER: Final = rf"^-?(?:[0-9]{{1,{SAFE_DIGITS}}}|[0-9]+\.[0-9]+)$"


class Shelf:
    """Sidecars as they came, in a file: a bucket may have more of them than memory holds."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._places: dict[str, tuple[int, int]] = {}

    def put(self, name: str, content: bytes) -> None:
        """Keep the sidecar of an object. Not for several threads at once."""
        place = self._stream.seek(0, SEEK_END)
        self._stream.write(content)
        self._places[name] = (place, len(content))

    def of(self, name: str) -> dict[str, object]:
        """Return what an object's sidecar says; empty when there is none."""
        if name not in self._places:
            return {}
        place, length = self._places[name]
        self._stream.seek(place)
        content: dict[str, object] = orjson.loads(self._stream.read(length))
        return content


@dataclass(slots=True)
class Found:
    """Metadata by object name, and what could not be used."""

    #: Of a table.
    by_name: dict[str, dict[str, object]] = field(default_factory=dict)
    #: Of sidecars; a table's rows win over them.
    shelf: Shelf | None = None
    #: Sentences, each about one file or row.
    problems: list[str] = field(default_factory=list)

    def of(self, name: str) -> dict[str, object]:
        """Return an object's metadata; empty when there is none."""
        beside = self.shelf.of(name) if self.shelf else {}
        return beside | self.by_name.get(name, {})


def sidecars_of(objects: pl.LazyFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Return (name, sidecar) of the taken objects that have a sidecar, in either spelling."""
    name = pl.col("name")
    sides = objects.filter(name.str.contains(SIDECAR)).select(
        name.alias("sidecar"), name.str.replace(SIDECAR, "").alias("base")
    )
    whole = taken.select("name", base=name).lazy()
    bare = taken.select("name", base=name.str.replace(r"\.[^./]+$", "")).lazy()
    pairs = pl.concat([whole, bare]).join(sides, on="base", how="inner")
    return pairs.unique("name", keep="first").sort("name").select("name", "sidecar").collect()


def read_sidecars(
    bucket: str,
    pairs: pl.DataFrame,
    open_reader: OpenReader,
    shelf: Shelf,
    advance: Callable[[float], None],
) -> list[str]:
    """Read sidecars onto a shelf, one request or two each.

    Returns:
        A sentence about each that cannot be used.

    Raises:
        StorageError: Google could not be asked for a while: what is left unread is not missing.
    """
    reading = _Reading(bucket, shelf, advance, pairs.height)
    with ThreadPoolExecutor(PARALLEL) as pool:
        slices = [pairs[start::PARALLEL] for start in range(PARALLEL)]
        tasks = [pool.submit(reading.read, open_reader(), some) for some in slices]
        done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        reading.stopped.set()
    for task in done:
        task.result()
    return sorted(reading.problems)


@dataclass(slots=True)
class _Reading:
    """Sidecars being read, several at once."""

    bucket: str
    shelf: Shelf
    advance: Callable[[float], None]
    total: int
    done: int = 0
    problems: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, reader: BucketReader, pairs: pl.DataFrame) -> None:
        for name, sidecar in pairs.iter_rows():
            if self.stopped.is_set():
                return
            try:
                content = patiently(partial(_read_one, reader, self.bucket, sidecar), self.stopped)
            except _NOT_ITS_FAULT:
                raise
            except (StorageError, TableError) as problem:
                self.problems.append(f"{sidecar}: {problem}")
            else:
                with self.lock:
                    self.shelf.put(name, content)
            self._count()

    def _count(self) -> None:
        with self.lock:
            self.done += 1
            self.advance(self.done / self.total)


def _read_one(reader: BucketReader, bucket: str, sidecar: str) -> bytes:
    pieces = bytearray()
    for piece in reader.read(bucket, sidecar):
        pieces += piece
        if len(pieces) > LARGEST:
            raise TableError(TOO_LARGE)
    try:
        content = orjson.loads(pieces)
    except orjson.JSONDecodeError:
        raise TableError(NOT_JSON) from None
    if not isinstance(content, dict):
        raise TableError(NOT_AN_OBJECT)
    return bytes(pieces)


def read_table(path: Path, bucket: str, objects: pl.DataFrame) -> Found:
    """Join a CSV: its first column, or one named like an object, names objects or files.

    Raises:
        TableError: It cannot be read, or names an object twice.
    """
    table = _load(path)
    headers = table.columns
    key = next((each for each in headers if each.lower() in _KEYS), headers[0])
    told = [each for each in headers if each != key]
    named = table.select(
        pl.col(key).str.strip_prefix(f"gs://{bucket}/").alias(_KEY),
        # By its place: a header may be any of the listing's columns.
        *(_told(table[each]).alias(str(place)) for place, each in enumerate(told)),
    )
    twice = named.filter(pl.col(_KEY).is_duplicated())
    if twice.height:
        raise TableError(TWICE, name=twice[_KEY][0])
    return _joined(named, told, objects)


def _load(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(path, infer_schema=False)
    except PolarsError as problem:
        raise TableError(UNREADABLE, problem=str(problem).splitlines()[0]) from None
    if table.is_empty():
        raise TableError(NO_ROWS)
    return table


def _told(cells: pl.Series) -> pl.Series:
    """Turn a column into numbers or truths where each cell reads back as it was written.

    One cell that does not makes the column text: beside `0870`, `1234` is a code as well.
    """
    if cells.drop_nulls().is_in(["true", "false"]).all():
        return cells == "true"
    whole, number = (cells.cast(kind, strict=False) for kind in (pl.Int64, pl.Float64))
    back = whole.cast(pl.String).zip_with(whole.is_not_null(), number.cast(pl.String))
    if not (cells.str.contains(_NUMBER).all() and back.eq_missing(cells).all()):
        return cells
    return whole if whole.null_count() == cells.null_count() else number


def _joined(named: pl.DataFrame, told: list[str], objects: pl.DataFrame) -> Found:
    by = _spoken_of(named)
    pairs = objects.select("name", pl.col(by).alias(_KEY)).join(named, on=_KEY, how="inner")
    found = Found()
    for name, *cells in pairs.drop(_KEY).iter_rows():
        row = zip(told, cells, strict=True)
        found.by_name[name] = {key: cell for key, cell in row if cell is not None}
    unused = named.join(objects.select(pl.col(by).alias(_KEY)), on=_KEY, how="anti")
    found.problems += [f"{each}: no such object is taken" for each in unused[_KEY]]
    return found


def _spoken_of(named: pl.DataFrame) -> str:
    """Tell whether a table speaks of whole names, of file names, or of their stems."""
    if named[_KEY].str.contains("/").any():
        return "name"
    return "file" if named[_KEY].str.contains(r"\.[A-Za-z0-9]{1,8}$").any() else "stem"
