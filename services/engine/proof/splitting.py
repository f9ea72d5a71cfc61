"""Cut a run into parts by a metadata key, and say whether the parts share an object."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson

from services.domain.chunks import Ranges
from services.domain.entries import Entry
from services.domain.identity import identity
from services.manifests.checked import CheckedManifest

#: Entries that are looked at for keys, and values that a key to split by may have.
LOOKED_AT: Final = 1_000
MOST_VALUES: Final = 50
#: Stands for the value in the title of each part's dataset.
VALUE: Final = "{value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Entries by the value they have; no entry is in two parts."""

    key: str
    parts: Mapping[str, Ranges]
    #: Entries without the key; they are in no part.
    without: int
    #: Objects that entries of more than one part name: training and test would share them.
    shared: int
    #: Values beyond `MOST_VALUES`, whose entries are in no part.
    more_values: int

    def outside(self, values: Iterable[str]) -> int:
        """Count the known entries that are in none of the parts of these values."""
        kept = set(values)
        left = (len(entries) for value, entries in self.parts.items() if value not in kept)
        return self.without + sum(left)


def titles_of(values: Iterable[str], pattern: str) -> dict[str, str]:
    """Return the title of each value's dataset."""
    return {value: pattern.replace(VALUE, value).strip() for value in values}


def are_titles(titles: Mapping[str, str]) -> bool:
    """Tell whether each value has a title, and one of its own."""
    return all(titles.values()) and len(set(titles.values())) == len(titles)


def keys_of(manifest: CheckedManifest, entries: Ranges) -> list[str]:
    """Return the keys whose values are few enough, as the first entries show."""
    values: dict[str, set[str]] = {}
    looked = 0
    for entry in islice(manifest.read(entries), LOOKED_AT):
        looked += 1
        for key, value in _metadata(entry).items():
            values.setdefault(key, set()).add(_word(value))
    few = max(2, min(MOST_VALUES, looked // 2))
    return sorted(key for key, found in values.items() if len(found) <= few)


def split(manifest: CheckedManifest, entries: Ranges, key: str) -> Split:
    """Cut entries by a key's values."""
    parts: dict[str, list[int]] = {}
    owner: dict[str, str] = {}
    shared: set[str] = set()
    without = 0
    for entry in manifest.read(entries):
        metadata = _metadata(entry)
        if key not in metadata:
            without += 1
            continue
        value = _word(metadata[key])
        parts.setdefault(value, []).append(entry.index)
        for url in map(identity, entry.urls):
            if owner.setdefault(url, value) != value:
                shared.add(url)
    kept = sorted(parts, key=lambda value: (-len(parts[value]), value))[:MOST_VALUES]
    return Split(
        key=key,
        parts={value: Ranges.of(parts[value]) for value in kept},
        without=without,
        shared=len(shared),
        more_values=len(parts) - len(kept),
    )


def _metadata(entry: Entry) -> Mapping[str, Any]:
    found = orjson.loads(entry.payload).get("clientMetadata")
    return found if isinstance(found, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
