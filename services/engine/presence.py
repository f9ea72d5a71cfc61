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


@dataclass(slots=True)
class Wanted:
    """The entries that are looked for, indexed by what an item can be recognized by."""

    singles: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    groups: defaultdict[tuple[str, ...], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    titles: set[str] = field(default_factory=set)
    series: bool = False

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Wanted":
        """Index entries."""
        wanted = cls()
        for entry in entries:
            if entry.type.is_composite:
                wanted.groups[tuple(map(identity, entry.urls))].append(entry.index)
                wanted.titles.add(entry.title or "")
                wanted.series |= entry.type == "dicom_series"
            elif len(entry.urls) == 1:
                wanted.singles[identity(entry.urls[0])].append(entry.index)
        return wanted

    def may_be_group(self, item: Item) -> bool:
        """Whether an item's frames are worth asking for: each costs two requests."""
        if item.type not in FRAMED or not self.groups:
            return False
        return item.name in self.titles or (self.series and item.type == "dicomSeries")


def find_present(
    gateway: EncordGateway,
    folder: str,
    entries: Iterable[Entry],
    *,
    heartbeat: Callable[[], None],
) -> dict[int, str]:
    """List a folder and return entry index to item UUID for the entries that are there.

    Placeholders and tombstones do not count: nothing can be linked to them.
    """
    wanted = Wanted.of(entries)
    present: dict[int, str] = {}
    for page in gateway.list_items(folder, newest_first=True):
        heartbeat()
        for item in page:
            if item.is_placeholder or item.is_tombstone:
                continue
            for index in _recognize(gateway, wanted, item, heartbeat):
                present.setdefault(index, item.uuid)
    return present


def _recognize(
    gateway: EncordGateway, wanted: Wanted, item: Item, heartbeat: Callable[[], None]
) -> list[int]:
    if item.url:
        return wanted.singles.get(identity(item.url), [])
    if wanted.may_be_group(item):
        heartbeat()  # a page may hold a thousand groups, each of two requests
        frames = tuple(map(identity, gateway.frame_urls(item.uuid)))
        return wanted.groups.get(frames, [])
    return []
