"""The metadata schema a check runs against, in the form the check needs: key to type.

Shapes follow Encord's metadata schema: scalars (boolean, datetime, number, uuid, varchar, text),
enums, embeddings and geospatial values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

#: Encord's limit for varchar values.
VARCHAR_LIMIT: Final = 8_192


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
        """Read `"number"` or `{"type": "enum", "options": [...], "size": 3}`."""
        if isinstance(written, str):
            return cls(ValueType(written))
        if not isinstance(written, Mapping):
            raise TypeError
        options = written.get("options") or written.get("values") or ()
        size = written.get("size", written.get("max_length"))
        return cls(
            ValueType(str(written.get("type"))),
            tuple(str(each) for each in options),
            int(size) if size is not None else None,
        )

    def write(self) -> dict[str, object]:
        """Write what `read` reads."""
        return {"type": self.type.value, "options": list(self.options), "size": self.size}


MetadataSchema = Mapping[str, MetadataKey]
