"""A draft: the schema a person wants, cell by cell as written, so that nothing is ever dropped."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.domain.metadata import (
    ALIASES,
    DECLARABLE,
    EMBEDDING_LIMIT,
    MetadataKey,
    OrganisationSchema,
    ValueType,
    is_tombstone,
)

#: Encord's SDK takes one option fewer than its documentation says (256).
OPTION_LIMIT: Final = 255
_SEPARATORS: Final = re.compile(r"[\n\r\t;|]+")
_SCALARS: Final = frozenset(DECLARABLE) - {
    ValueType.ENUM,
    ValueType.EMBEDDING,
    ValueType.GEOSPATIAL,
}


class KeyState(StrEnum):
    """What is to become of a key."""

    IN_USE = "in use"
    #: It can be restored with the type it had.
    DELETED = "deleted"
    #: It can never be used again.
    DELETED_FOREVER = "deleted for ever"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftKey:
    """One row of a draft, as it was written."""

    key: str
    #: A word of `ValueType`, or whatever was written instead.
    type: str
    options: tuple[str, ...] = ()
    size: str = ""
    state: KeyState = KeyState.IN_USE

    def kind(self) -> MetadataKey | None:
        """Return the type that is asked for, or None when it cannot be read."""
        word = ALIASES.get(self.type.strip(), self.type.strip())
        if word not in DECLARABLE:
            return None
        kind = ValueType(word)
        if kind is ValueType.ENUM:
            return MetadataKey(kind, self.options) if self.options else None
        if kind is ValueType.EMBEDDING:
            size = self.embedding_size()
            return MetadataKey(kind, (), size) if size else None
        return MetadataKey(kind)

    def embedding_size(self) -> int | None:
        """Return the size of an embedding within Encord's limits, else None."""
        text = self.size.strip().replace(",", "")
        whole = int(text) if text.isascii() and text.isdecimal() else 0
        return whole if 1 <= whole <= EMBEDDING_LIMIT else None


Draft = tuple[DraftKey, ...]


def draft_of(schema: OrganisationSchema) -> Draft:
    """Return the draft that changes nothing."""
    used = (_row(key, kind, KeyState.IN_USE) for key, kind in schema.declared.items())
    gone = (
        _row(key, kind, KeyState.DELETED if kind else KeyState.DELETED_FOREVER)
        for key, kind in schema.deleted.items()
    )
    return (*used, *gone)


def _row(key: str, kind: MetadataKey | None, state: KeyState) -> DraftKey:
    if kind is None:
        return DraftKey(key=key, type="", state=state)
    size = str(kind.size) if kind.type is ValueType.EMBEDDING else ""
    return DraftKey(key=key, type=kind.type.value, options=kind.options, size=size, state=state)


def split_options(text: str) -> tuple[str, ...]:
    """Cut a pasted list into options: one a line, or separated by tab, semicolon or bar.

    A single line without those is cut at commas, as lists are often written.
    """
    parts = _SEPARATORS.split(text.strip())
    if len(parts) == 1:
        parts = text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def is_fixed(schema: OrganisationSchema, key: str) -> bool:
    """Whether Encord offers no way to change the type of a key that exists.

    Only scalars written as variants can be typed anew; enums grow, everything else stays
    [the SDK's `metadata_schema.py`].
    """
    answer = alive(schema.answer.get(key))
    return not isinstance(answer, Mapping) or answer.get("ty") != "variant"


def alive(kind: object) -> object:
    """Return what a key is when it is not deleted; None when it was deleted for ever."""
    return kind.get("deleted_ty") if isinstance(kind, Mapping) and is_tombstone(kind) else kind


def differs(one: MetadataKey, other: MetadataKey) -> bool:
    """Whether two types are two to a person: a varchar's length, for one, is Encord's own."""
    if one.type is not other.type:
        return True
    is_sized = one.type is ValueType.EMBEDDING
    return set(one.options) != set(other.options) or (is_sized and one.size != other.size)


def is_scalar(kind: MetadataKey) -> bool:
    """Whether a type is one that `add_scalar` declares."""
    return kind.type in _SCALARS


def by_key(draft: Iterable[DraftKey]) -> dict[str, DraftKey]:
    """Return the rows by key; of a key that stands there twice, the first."""
    found: dict[str, DraftKey] = {}
    for row in draft:
        found.setdefault(row.key, row)
    return found
