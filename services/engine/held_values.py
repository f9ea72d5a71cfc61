"""What registered items hold: a sample of their metadata, and what a plan would do to it.

Encord says neither how many items hold a key nor whether their values would fit another type, so
some items are read: the newest ones of the folders that this connection's runs went to. A sample
says exactly what was read; nothing is concluded about the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from services.domain.metadata import MetadataKey
from services.domain.schema.plan import Change, Step
from services.encord_api.errors import InvalidRequest, NotAuthorised, NotFound
from services.encord_api.interface import EncordGateway, Item
from services.engine.aside import Aside
from services.ledger.store import Ledger
from services.ledger.views import FolderView
from services.manifests.faults import shown
from services.manifests.metadata_check import value_faults

#: Items that are read in all, and the folders they are taken from.
ITEMS, FOLDERS = 3_000, 10
#: What their metadata may weigh together, in bytes; it stays in memory.
WEIGHT: Final = 8 << 20
#: Values that are named, and how much of each.
EXAMPLES, SHOWN = 3, 40

#: Steps that leave values of another type than the one before.
_RETYPING: Final = frozenset({Change.RETYPE, Change.REMOVE_OPTIONS, Change.REPLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSample:
    """What was read of one folder."""

    name: str
    items: int
    #: Whether these are all its items; else the newest.
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The metadata of some registered items."""

    at: datetime
    folders: tuple[FolderSample, ...]
    #: Folders of this connection's runs that were not read, or are gone.
    others: int
    #: One JSON object an item.
    metadata: tuple[bytes, ...]
    #: How many of the items hold a value, by key.
    filled: Mapping[str, int]

    @property
    def items(self) -> int:
        """How many items were read."""
        return len(self.metadata)

    def values(self, key: str) -> Iterator[object]:
        """Yield the values of a key, nulls left out."""
        for each in self.metadata:
            value = orjson.loads(each).get(key)
            if value is not None:
                yield value


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one step does to the items of a sample."""

    step: Step
    #: Items that hold a value of the key.
    holding: int
    #: Of these, how many would not fit any more; None when the key loses its type altogether.
    misfits: int | None
    examples: tuple[str, ...] = ()


class HeldValues(Aside[Sample]):
    """Samples by connection. Safe from any thread."""

    def __init__(self, ledger: Ledger, gateway: Callable[[str], EncordGateway]) -> None:
        """Take the ledger, which knows the folders, and what returns a connection's gateway."""
        super().__init__(lambda connection: _sample(ledger, gateway(connection), connection))


def _sample(ledger: Ledger, gateway: EncordGateway, connection: str) -> Sample:
    used = ledger.folders(connection, limit=FOLDERS)
    share = ITEMS // max(len(used.rows), 1)
    folders: list[FolderSample] = []
    metadata: list[bytes] = []
    for folder in used.rows:
        room = WEIGHT - sum(map(len, metadata))
        found = _folder_sample(gateway, folder, share, room)
        if found is not None:
            folders.append(found[0])
            metadata += found[1]
    filled: Counter[str] = Counter()
    for each in metadata:
        filled.update(key for key, value in orjson.loads(each).items() if value is not None)
    return Sample(
        at=datetime.now(UTC),
        folders=tuple(folders),
        others=used.total - len(folders),
        metadata=tuple(metadata),
        filled=filled,
    )


def _folder_sample(
    gateway: EncordGateway, folder: FolderView, share: int, room: int
) -> tuple[FolderSample, list[bytes]] | None:
    """Read the newest items of a folder; None when it is gone, which may be told as not allowed."""
    read: list[bytes] = []
    whole = True
    try:
        for item in _items(gateway, folder.uuid):
            room -= len(written := orjson.dumps(item.metadata or {}, default=str))
            if len(read) == share or room < 0:
                whole = False
                break
            read.append(written)
    except (NotFound, NotAuthorised, InvalidRequest):
        return None
    return FolderSample(name=folder.name, items=len(read), whole=whole), read


def _items(gateway: EncordGateway, folder: str) -> Iterator[Item]:
    for page in gateway.list_items(folder, newest_first=True, metadata=True):
        yield from page


def impacts(sample: Sample, steps: Sequence[Step]) -> tuple[Impact, ...]:
    """Return what steps do to the items of a sample."""
    return tuple(_impact(sample, step) for step in steps)


def _impact(sample: Sample, step: Step) -> Impact:
    holding = sample.filled.get(step.key, 0)
    if step.change not in _RETYPING or step.after is None:
        return Impact(step=step, holding=holding, misfits=None)
    wrong = [value for value in sample.values(step.key) if not fits(step.key, value, step.after)]
    named = dict.fromkeys((shown(value) or "")[:SHOWN] for value in wrong)
    examples = tuple(named)[:EXAMPLES]
    return Impact(step=step, holding=holding, misfits=len(wrong), examples=examples)


def fits(key: str, value: object, kind: MetadataKey) -> bool:
    """Whether a value is one of a type."""
    return next(value_faults(key, value, kind, ()), None) is None
