"""The metadata schema: which keys an organization declares, and what their values must be.

A `MetadataSchema` maps each declared key to its type; that is all a check needs. What Encord keeps
is more: keys that were deleted, and types that only a newer Encord knows. `OrganisationSchema`
holds both views of the same answer, and the answer itself, because Encord saves a schema whole.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

#: Encord's limit for varchar values.
VARCHAR_LIMIT: Final = 8_192
#: Encord's limit for the size of embeddings.
EMBEDDING_LIMIT: Final = 4_096


class ValueType(StrEnum):
    """The types a metadata key can be declared with."""

    BOOLEAN = "boolean"
    DATETIME = "datetime"
    NUMBER = "number"
    UUID = "uuid"
    VARCHAR = "varchar"
    TEXT = "text"
    ENUM = "enum"
    EMBEDDING = "embedding"
    GEOSPATIAL = "geospatial"
    #: A reference that Encord sets itself; nothing is known about its values.
    USER = "user"
    #: Declared in a way nobody here understands; its values are taken as they are.
    UNREADABLE = "unreadable"


#: Types a person can declare, in the order they are offered.
DECLARABLE: Final = tuple(
    kind for kind in ValueType if kind not in {ValueType.USER, ValueType.UNREADABLE}
)
#: Names that Encord used before, still answers with, and takes for a type.
ALIASES: Final = {"string": ValueType.VARCHAR, "long_string": ValueType.TEXT}
#: Types that need no more than their name, as Encord writes them outside of a variant too.
_PLAIN: Final = {
    kind.value: kind
    for kind in ValueType
    if kind not in {ValueType.ENUM, ValueType.EMBEDDING, ValueType.UNREADABLE}
}
_SCALARS: Final = {
    **{name: kind for name, kind in _PLAIN.items() if name not in {"geospatial", "user"}},
    **ALIASES,
}


class SchemaProblem(ValueError):  # noqa: N818 - it is told to a person, not raised at a fault
    """A schema file that cannot be used: which key, what is wrong with it, and what would be right.

    SchemaProblem
     +-- NotJsonError     not JSON; says where
     +-- NoSchemaError    not an object of keys at all
     +-- RepeatedKeyError one key stands there twice
     +-- KeyTypeError     one key has no type that is known
    """


class NotJsonError(SchemaProblem):
    """The file cannot be parsed."""

    def __init__(self, line: int | None, column: int | None) -> None:
        place = f" (line {line}, column {column})" if line else ""
        super().__init__(f"The file is not JSON{place}.")


class NoSchemaError(SchemaProblem):
    """The file is not an object of keys and types."""

    def __init__(self) -> None:
        super().__init__('A schema is a JSON object of keys and types, such as {"site": "text"}.')


class RepeatedKeyError(SchemaProblem):
    """One object of the file has a key twice: which of the two is meant, nobody can tell."""

    def __init__(self, key: object) -> None:
        super().__init__(f"Key {key!r} stands there twice. Keep one of the two.")


class KeyTypeError(SchemaProblem):
    """The type of one key cannot be read."""

    def __init__(self, key: str, written: object) -> None:
        known = ", ".join(DECLARABLE)
        found = repr(written)
        found = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
        super().__init__(
            f"Key {key!r}: {found} is not a type. Types are {known}; an enum needs its options, "
            f"an embedding a size from 1 to {EMBEDDING_LIMIT:,}."
        )


_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class MetadataKey:
    """How one key is declared."""

    type: ValueType
    #: The options of an enum.
    options: tuple[str, ...] = ()
    #: The size of an embedding, or the longest varchar.
    size: int | None = None

    @classmethod
    def read(cls, written: object) -> Self:
        """Read `"number"` or `{"type": "enum", "options": [...], "size": 3}`.

        Raises:
            ValueError, TypeError, OverflowError: It is neither.
        """
        if isinstance(written, str):
            return cls(ALIASES.get(written) or ValueType(written))
        if not isinstance(written, Mapping):
            raise TypeError
        options = written.get("options") or written.get("values") or ()
        if not isinstance(options, Sequence) or isinstance(options, str):
            raise TypeError
        size = written.get("size", written.get("max_length"))
        word = str(written.get("type"))
        return cls(
            ALIASES.get(word) or ValueType(word),
            tuple(str(each) for each in options),
            int(size) if size is not None else None,
        )

    @classmethod
    def answered(cls, kind: object) -> Self:
        """Read Encord's own type object, e.g. `{"ty": "variant", "hint": "number"}`; never fails.

        What cannot be read is UNREADABLE: one type that only a newer Encord knows must not make the
        other keys unusable.
        """
        found = kind if isinstance(kind, Mapping) else {}
        match found.get("ty"):
            case "variant":
                return cls(_scalar(found.get("hint", "text")))
            case "enum":
                options = _options(found.get("values"))
                return cls(ValueType.ENUM, options) if options else cls(ValueType.UNREADABLE)
            case "embedding":
                size = _whole(found.get("size"), EMBEDDING_LIMIT)
                return cls(ValueType.EMBEDDING, (), size) if size else cls(ValueType.UNREADABLE)
            case "varchar":
                return cls(ValueType.VARCHAR, (), _whole(found.get("max_length"), VARCHAR_LIMIT))
            case name:
                return cls(_PLAIN.get(str(name), ValueType.UNREADABLE))

    def write(self) -> dict[str, object]:
        """Write what `read` reads."""
        return {"type": self.type.value, "options": list(self.options), "size": self.size}


MetadataSchema = Mapping[str, MetadataKey]


def parse_schema(document: bytes) -> MetadataSchema:
    """Read the JSON of a schema file; see `read_schema`.

    Raises:
        SchemaProblem: Says what is wrong, and where.
    """
    try:
        content = json.loads(document.decode("utf-8-sig"), object_pairs_hook=distinct)
    except RepeatedKeyError:
        raise
    except json.JSONDecodeError as problem:
        raise NotJsonError(problem.lineno, problem.colno) from None
    except (ValueError, RecursionError):  # bytes that are no text, a number too long to read
        raise NotJsonError(None, None) from None
    return read_schema(content)


def distinct(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Make an object of its members.

    Raises:
        RepeatedKeyError: Two have the same key.
    """
    made: dict[str, object] = {}
    for key, value in pairs:
        if key in made:
            raise RepeatedKeyError(key)
        made[key] = value
    return made


def read_schema(content: object) -> MetadataSchema:
    """Read the schema of a file: keys to types, in our form or as Encord's SDK prints it.

    Keys that Encord marks as deleted are left out.

    Raises:
        SchemaProblem: Says which key is wrong and what would be right.
    """
    if not isinstance(content, Mapping):
        raise NoSchemaError
    return {key: _read_key(key, each) for key, each in content.items() if not is_tombstone(each)}


def _read_key(key: str, written: object) -> MetadataKey:
    if isinstance(written, Mapping) and "ty" in written:
        return MetadataKey.answered(written)
    try:
        found = MetadataKey.read(written)
    except (ValueError, TypeError, OverflowError):
        raise KeyTypeError(key, written) from None
    whole = found.type is not ValueType.ENUM or found.options
    if not whole or (found.size is not None and found.size < 0):
        raise KeyTypeError(key, written)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationSchema:
    """The whole metadata schema of an organization, as Encord answered it."""

    #: The keys in use, by name; UNREADABLE ones among them.
    declared: MetadataSchema
    #: Deleted keys with the type they can be restored with; None when they were deleted for ever.
    deleted: Mapping[str, MetadataKey | None]
    #: Encord's object of every key, unchanged, to be saved with whatever else changes.
    answer: Mapping[str, object]

    @classmethod
    def of(cls, answer: Mapping[str, object]) -> Self:
        """Read Encord's answer, whatever is in it."""
        declared: dict[str, MetadataKey] = {}
        deleted: dict[str, MetadataKey | None] = {}
        for key, kind in sorted(answer.items()):
            if is_tombstone(kind):
                deleted[key] = _before_deletion(kind)
            else:
                declared[key] = MetadataKey.answered(kind)
        return cls(declared=declared, deleted=deleted, answer=dict(answer))

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Return the keys in use whose type nobody here understands."""
        return unreadable(self.declared)


def unreadable(schema: MetadataSchema) -> tuple[str, ...]:
    """Return the keys of a schema whose type nobody here understands."""
    return tuple(key for key, each in schema.items() if each.type is ValueType.UNREADABLE)


def is_tombstone(kind: object) -> bool:
    """Whether an object of Encord's stands for a deleted key."""
    return isinstance(kind, Mapping) and kind.get("ty") == "tombstone"


def _before_deletion(kind: object) -> MetadataKey | None:
    before = kind.get("deleted_ty") if isinstance(kind, Mapping) else None
    return None if before is None else MetadataKey.answered(before)


def _scalar(hint: object) -> ValueType:
    return _SCALARS.get(str(hint), ValueType.UNREADABLE)


def _options(values: object) -> tuple[str, ...]:
    """Return the options of an enum; none when they are not a list of texts."""
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        return ()
    return tuple(values)


def _whole(value: object, limit: int) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and isinstance(value, int) and 0 < value <= limit else None
