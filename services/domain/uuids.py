"""The UUIDs by which Encord knows things, as people write them."""

import re
from typing import Final
from uuid import UUID

_GROUPS: Final = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}(?:\1[0-9a-f]{4}){2}\1[0-9a-f]{12}")


def read_uuid(text: str) -> str | None:
    """Return a UUID in Encord's spelling, so that equal ones are equal text; None for other text.

    Hyphens may be missing. The ledger's columns are as wide as Encord's spelling, so nothing else
    that Python's `UUID` takes passes.
    """
    lowered = text.strip().lower()
    return str(UUID(lowered)) if _GROUPS.fullmatch(lowered) else None


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID with its hyphens; without them it may well be a name."""
    return read_uuid(text) == text.lower()
