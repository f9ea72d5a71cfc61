"""The columns a verification works on: what was expected, what was found, and the result.

All three lie on disk as Arrow files and are read by memory mapping. Keys say when two of them
speak of the same object: the identity of a URL, or for groups and series the identities of all
frames in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from services.domain.identity import identity

#: Between the URLs of a group's frames: no URL may hold it.
BETWEEN: Final = "\x1f"

EXPECTED: Final[dict[str, pl.DataType]] = {
    #: 0-based place in what was asked for.
    "entry": pl.UInt32(),
    "type": pl.String(),
    "title": pl.String(),
    #: The first one, as written.
    "url": pl.String(),
    "urls": pl.UInt32(),
    #: Null when no URL says which object it is, as for scenes.
    "key": pl.String(),
    #: Canonical metadata that was asked for; null when none was.
    "metadata": pl.String(),
    #: The item that carried it when it was registered; null when none is known.
    "item_uuid": pl.String(),
    #: Where it stopped, should it be missing, and that in words.
    "stage": pl.String(),
    "detail": pl.String(),
    #: Whether each entry of one object is to have an item of its own: duplicates were kept.
    "apart": pl.Boolean(),
}
FOUND: Final[dict[str, pl.DataType]] = {
    #: A data row's UUID; null for an item of a folder.
    "row_uuid": pl.String(),
    "item_uuid": pl.String(),
    #: Encord's own word.
    "type": pl.String(),
    "title": pl.String(),
    "url": pl.String(),
    "key": pl.String(),
    #: Canonical metadata; null when it was not asked for.
    "metadata": pl.String(),
    #: Null when Encord does not say.
    "bytes": pl.Int64(),
}
LINES: Final[dict[str, pl.DataType]] = {
    "verdict": pl.String(),
    #: Null for what nobody asked for.
    "entry": pl.UInt32(),
    "type": pl.String(),
    "title": pl.String(),
    "url": pl.String(),
    "urls": pl.UInt32(),
    #: Where a missing entry stopped.
    "stage": pl.String(),
    #: The same, or what differs, in words.
    "detail": pl.String(),
    "item_uuid": pl.String(),
    #: The dataset's rows that carry it, separated by spaces.
    "row_uuids": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Places:
    """What was listed to verify: a dataset's rows, a folder's items, or both."""

    dataset: pl.DataFrame | None = None
    folder: pl.DataFrame | None = None

    @property
    def found(self) -> pl.DataFrame:
        """What is where the files are to be: the dataset's rows, or else the folder's items."""
        chosen = self.folder if self.dataset is None else self.dataset
        return pl.DataFrame(schema=FOUND) if chosen is None else chosen


def frame_of(rows: Iterable[Sequence[Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return rows as columns; polars takes twice as long to do it from rows."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=dict(schema))


def frames_key(urls: Iterable[str]) -> str:
    """Return the key of a group or series: its frames' identities, in order."""
    return BETWEEN.join(map(identity, urls))
