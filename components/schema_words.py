"""Types of metadata keys in a few words."""

from services.domain.metadata import MetadataKey, ValueType


def words(kind: MetadataKey | None) -> str:
    """Describe a type in a few words."""
    if kind is None:
        return ""
    if kind.type is ValueType.ENUM:
        return f"enum: {', '.join(kind.options)}"
    return f"embedding of {kind.size:,}" if kind.size and not kind.options else kind.type.value
