"""How the metadata of JSON entries is decoded by the accept filters of `json_filter`.

What a decoder takes has no finding in it, with a schema or without one; and its keys are counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.domain.metadata import VARCHAR_LIMIT, MetadataKey, MetadataSchema, ValueType
from services.manifests.metadata_check import is_reserved, key_problem

#: Decoded values have the types that were made for them; no name says which.
Accepted = Any
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
#: Whole numbers that are exact as numbers of 64 bits; of larger ones some are not.
Exact = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Scalar = Whole | float | str | bool | None

#: Ends as text does; `$` would also let a line break follow.
_UUID: Final = r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z"
#: Dates and times in UTC that certainly exist; others are looked at more closely.
_MOMENT: Final = (
    r"^[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?)?\Z"
)
#: A filter that met more keys than this stops learning; the rules still know better.
_MOST_KEYS: Final = 10_000
#: A decoder is made for at most so many fields.
MOST_FIELDS: Final = 200


@dataclass(slots=True)
class Metadata:
    """How metadata is decoded, and how many keys a decoded one has."""

    type: Any
    #: Count the keys of a decoded value; a negative number refuses it.
    count: Callable[[Any], int]


@dataclass(slots=True)
class _KnownKeys:
    """Keys that were found good, so that each is looked at once."""

    good: set[str] = field(default_factory=set)

    def count(self, metadata: dict[str, Any]) -> int:
        """Count the keys; -1 when one of them may be a finding."""
        if self.good.issuperset(metadata) or all(map(self._learn, metadata)):
            return len(metadata)
        return -1

    def _learn(self, key: str) -> bool:
        if key in self.good:
            return True
        if key_problem(key) or is_reserved(key):
            return False
        if len(self.good) < _MOST_KEYS:
            self.good.add(key)
        return True


def metadata_of(schema: MetadataSchema | None) -> Metadata:
    """Make the decoder of metadata for a schema, or for no schema."""
    if schema is None:
        return Metadata(dict[str, Scalar | list[Scalar]], _KnownKeys().count)
    keys = [key for key in schema if not (key_problem(key) or is_reserved(key))]
    if not keys:
        return Metadata(dict[str, Scalar], lambda found: -1 if found else 0)
    names = [f"k{number}" for number in range(len(keys))]
    made = msgspec.defstruct(
        "Metadata",
        [
            (name, _value_type(schema[key]) | UnsetType, UNSET)
            for name, key in zip(names, keys, strict=True)
        ],
        rename=dict(zip(names, keys, strict=True)),
        forbid_unknown_fields=True,
        gc=False,
    )
    return Metadata(made, _field_counter(names))


def _field_counter(names: Sequence[str]) -> Callable[[Any], int]:
    """Count the fields of a struct that were given."""
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda found: int(only(found) is not UNSET)
    read = attrgetter(*names)
    total = len(names)
    return lambda found: total - read(found).count(UNSET)


def _value_type(declared: MetadataKey) -> Accepted:
    """Give the type that a declared value is decoded as."""
    simple: dict[ValueType, Any] = {
        ValueType.BOOLEAN: bool | None,
        ValueType.NUMBER: Exact | float | None,
        ValueType.UUID: Annotated[str, Meta(pattern=_UUID)] | None,
        ValueType.DATETIME: Annotated[str, Meta(pattern=_MOMENT)] | None,
        ValueType.TEXT: str | None,
        ValueType.GEOSPATIAL: str | None,
        ValueType.VARCHAR: Annotated[str, Meta(max_length=declared.size or VARCHAR_LIMIT)] | None,
    }
    if declared.type is ValueType.ENUM:
        return Literal[declared.options] | None if declared.options else None
    if declared.type is ValueType.EMBEDDING:
        exact = Meta(min_length=declared.size, max_length=declared.size)
        return Annotated[list[Whole | float], exact] | None
    return simple.get(declared.type)  # without one, every value is explained


def usual_metadata(
    sample: Sequence[dict[str, Any]], schema: MetadataSchema | None
) -> Metadata | None:
    """Make a decoder for the keys that most sampled metadata have; None when they differ."""
    seen = Counter(map(tuple, sample)).most_common(1)
    if not seen or seen[0][1] * 2 < len(sample):
        return None
    names = seen[0][0]
    if not names or len(names) > MOST_FIELDS or _KnownKeys().count(dict.fromkeys(names)) < 0:
        return None
    if schema is not None and not set(names) <= set(schema):
        return None
    lists = {name for each in sample for name, value in each.items() if isinstance(value, list)}
    types = [
        _value_type(schema[name])
        if schema
        else (Scalar | list[Scalar] if name in lists else Scalar)
        for name in names
    ]
    fields = [f"k{number}" for number in range(len(names))]
    made = msgspec.defstruct(
        "UsualMetadata",
        list(zip(fields, types, strict=True)),
        rename=dict(zip(fields, names, strict=True)),
        forbid_unknown_fields=True,
        gc=False,
    )
    total = len(names)
    return Metadata(made, lambda _: total)
