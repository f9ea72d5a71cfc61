"""Which entries are in a folder already: found by URL, or by frames for groups and series."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from services.domain.entries import Entry
from services.domain.identity import identity
from services.encord_api.interface import EncordGateway, Item

#: Encord's item types that are made of frames.
FRAMED: Final = frozenset({"imageGroup", "imageSequence", "dicomSeries"})
#: What an item is recognized by: the URL of its object, or those of its frames.
Key = str | tuple[str, ...]


@dataclass(slots=True)
class Wanted:
    """The entries that are looked for, indexed by what an item can be recognized by."""

    #: Entries that no item was found for yet; several may ask for one object.
    open: defaultdict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: Entry to item.
    present: dict[int, str] = field(default_factory=dict)
    #: The newest item of what several entries ask for.
    shared: dict[Key, str] = field(default_factory=dict)
    groups: bool = False
    titles: set[str] = field(default_factory=set)
    series: bool = False

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Wanted":
        """Index entries."""
        wanted = cls()
        for entry in entries:
            if entry.type.is_composite:
                wanted.open[tuple(map(identity, entry.urls))].append(entry.index)
                wanted.groups = True
                wanted.titles.add(entry.title or "")
                wanted.series |= entry.type == "dicom_series"
            elif len(entry.urls) == 1:
                wanted.open[identity(entry.urls[0])].append(entry.index)
        return wanted

    def may_be_group(self, item: Item) -> bool:
        """Whether an item's frames are worth asking for: each costs two requests."""
        if item.type not in FRAMED or not self.groups:
            return False
        return item.name in self.titles or (self.series and item.type == "dicomSeries")

    def found(self, key: Key, item: str) -> None:
        """Give an item to the last entry that asks for it and has none: items come newest first."""
        waiting = self.open.get(key)
        if not waiting:
            return
        self.present[waiting.pop()] = item
        if waiting:
            self.shared.setdefault(key, item)

    def share(self) -> None:
        """Give entries that ask for what others have found the newest item of it."""
        for key, item in self.shared.items():
            self.present.update(dict.fromkeys(self.open[key], item))


def find_present(
    gateway: EncordGateway,
    folder: str,
    entries: Iterable[Entry],
    *,
    heartbeat: Callable[[], None],
    apart: bool = False,
) -> dict[int, str]:
    """List a folder and return entry index to item UUID for the entries that are there.

    Placeholders and tombstones do not count: nothing can be linked to them. Entries that ask for
    the same have an item each, as far as there are so many; the others share one, unless they were
    to be apart because duplicates are kept.
    """
    wanted = Wanted.of(entries)
    for page in gateway.list_items(folder, newest_first=True):
        heartbeat()
        for item in page:
            if item.is_placeholder or item.is_tombstone:
                continue
            key = _key(gateway, wanted, item, heartbeat)
            if key is not None:
                wanted.found(key, item.uuid)
    if not apart:
        wanted.share()
    return wanted.present


def _key(
    gateway: EncordGateway, wanted: Wanted, item: Item, heartbeat: Callable[[], None]
) -> Key | None:
    if item.url:
        return identity(item.url)
    if wanted.may_be_group(item):
        heartbeat()  # a page may hold a thousand groups, each of two requests
        return tuple(map(identity, gateway.frame_urls(item.uuid)))
    return None
