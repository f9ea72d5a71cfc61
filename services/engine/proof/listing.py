"""Write what Encord lists as columns, page by page: a dataset's rows, a folder's items."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from services.domain.identity import identity
from services.domain.stored_metadata import NONE_AT_ALL, canonical_text
from services.encord_api.interface import DataRow, EncordGateway, Item
from services.engine.proof.columns import FOUND, frame_of, frames_key
from services.engine.proof.compare import FRAMED

BATCH: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """One connection's listings.

    `framed` says whether groups and series are asked for: reading the frames of one takes two
    requests.
    """

    gateway: EncordGateway
    heartbeat: Callable[[], None]
    framed: bool
    metadata: bool

    def dataset(self, uuid: str) -> pl.DataFrame:
        """List a dataset's rows. Encord answers all of them at once, so memory follows them."""
        rows = self.gateway.list_rows(uuid, metadata=self.metadata)
        self.heartbeat()
        frames = []
        while rows:  # from the end, so that what became columns is let go of
            batch, rows = rows[-BATCH:], rows[:-BATCH]
            frames.append(frame_of(map(self._row, batch), FOUND))
        return pl.concat(reversed(frames)) if frames else pl.DataFrame(schema=FOUND)

    def folder(
        self, uuid: str, *, unused: bool = False, wanted: Callable[[Item], bool] | None = None
    ) -> pl.DataFrame:
        """List a folder's items but placeholders and tombstones, to which nothing can be linked.

        Args:
            uuid: The folder.
            unused: Only items that are in no dataset.
            wanted: Only items it says yes to.
        """
        frames = []
        in_dataset = False if unused else None
        for page in self.gateway.list_items(uuid, metadata=self.metadata, in_dataset=in_dataset):
            self.heartbeat()
            usable = (item for item in page if not (item.is_placeholder or item.is_tombstone))
            items = (self._item(each) for each in usable if not wanted or wanted(each))
            frames.append(frame_of(items, FOUND))
        return pl.concat(frames) if frames else pl.DataFrame(schema=FOUND)

    def _row(self, row: DataRow) -> tuple[Any, ...]:
        url, key = self._keys(row.file_link, row.type, row.item_uuid)
        metadata = self._metadata(row.metadata)
        return row.uuid, row.item_uuid, row.type, row.title, url, key, metadata, row.size

    def _item(self, item: Item) -> tuple[Any, ...]:
        url, key = self._keys(item.url, item.type, item.uuid)
        metadata = self._metadata(item.metadata)
        return None, item.uuid, item.type, item.name, url, key, metadata, item.size

    def _metadata(self, found: object) -> str | None:
        """Return canonical metadata; None only where it was not asked for, so is not known."""
        return (canonical_text(found) or NONE_AT_ALL) if self.metadata else None

    def _keys(self, url: str | None, kind: str, item: str | None) -> tuple[str | None, str | None]:
        """Return the URL to show and the key to compare."""
        if kind in FRAMED:  # a group's row may carry a derived link, which names no object
            if not (self.framed and item):
                return None, None
            self.heartbeat()
            frames = self.gateway.frame_urls(item)
            return (frames[0], frames_key(frames)) if frames else (None, None)
        return url, None if url is None else identity(url)
