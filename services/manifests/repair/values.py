"""Values that a fix writes in the place of others; `UNSURE` where there is no safe answer."""

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Final
from urllib.parse import quote

from services.domain.metadata import MetadataKey, MetadataSchema, ValueType
from services.domain.nearest import fold
from services.manifests.faults import Path
from services.manifests.media_check import MEDIA
from services.manifests.repair import dates
from services.manifests.repair.actions import as_json


class Sure(Enum):
    """Marks that there is no safe answer; every JSON value, null too, can be one."""

    NOT = "not"


UNSURE: Final = Sure.NOT

_WORDS: Final = {
    **dict.fromkeys(("true", "yes", "y", "1", "on"), True),
    **dict.fromkeys(("false", "no", "n", "0", "off"), False),
}
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,2})?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACE: Final = re.compile(r"\s")


def trimmed(url: object) -> object:
    """Take white space away at both ends."""
    return url.strip() if isinstance(url, str) else UNSURE


def percent_encoded(url: object) -> object:
    """Write white space inside as %20 and the like; at the ends it is never part of a name."""
    if not isinstance(url, str):
        return UNSURE
    return _SPACE.sub(lambda found: quote(found[0]), url.strip())


def to_boolean(value: object) -> object:
    """Read yes and no as people write them."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), UNSURE)
    return bool(value) if value in (0, 1) else UNSURE


def to_number(value: object) -> object:
    """Read text that is nothing but a number."""
    if not isinstance(value, str):
        return UNSURE
    bare = value.strip()
    if _WHOLE.fullmatch(bare):
        return int(bare)
    return float(bare) if _NUMBER.fullmatch(bare) else UNSURE


def to_text(value: object) -> object:
    """Write a number or a boolean as text; take control characters out of text."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    return as_json(value) if isinstance(value, int | float) else UNSURE


def to_object(value: object) -> object:
    """Read text that is a JSON object."""
    if not isinstance(value, str):
        return UNSURE
    try:
        made = json.loads(value)
    except (ValueError, RecursionError):
        return UNSURE
    return made if isinstance(made, dict) else UNSURE


def retyped(path: Path, value: object, schema: MetadataSchema | None) -> object:
    """Write a value in the type its place asks for.

    Args:
        path: Where the value stands in its entry.
        value: What stands there.
        schema: Types of metadata keys, if known.
    """
    head = str(path[0]) if path else ""
    if fold(head) == "title":
        return to_text(value)
    if fold(head) == "createvideo":
        return to_boolean(value)
    if fold(head) == "clientmetadata" and len(path) > 1:
        return _metadata(str(path[1]), value, schema)
    media = next((name for name in MEDIA if fold(name) == fold(head)), None)
    if media and len(path) > 1:
        return _media(MEDIA[media], str(path[1]), value)
    return to_object(value) if media or head == "settings" else UNSURE


def _media(types: Mapping[str, str], key: str, value: object) -> object:
    wanted = next((types[name] for name in types if fold(name) == fold(key)), "a number")
    return to_text(value) if wanted == "text" else to_number(value)


def _metadata(key: str, value: object, schema: MetadataSchema | None) -> object:
    if isinstance(value, str) and "\x00" in value:
        return value.replace("\x00", "")
    declared = (schema or {}).get(key)
    match declared.type if declared else None:
        case ValueType.BOOLEAN:
            return to_boolean(value)
        case ValueType.NUMBER:
            return to_number(value)
        case ValueType.DATETIME:
            return dates.epoch(as_json(value)) or UNSURE
        case ValueType.TEXT | ValueType.VARCHAR | ValueType.UUID:
            return to_text(value)
        case _:
            return UNSURE


def option_of(value: object, declared: MetadataKey | None) -> object:
    """Find the one option of an enum that differs from a value in spelling only."""
    if declared is None or not isinstance(value, str | int | float):
        return UNSURE
    written = fold((value if isinstance(value, str) else as_json(value)).strip())
    fitting = [option for option in declared.options if fold(option) == written]
    return fitting[0] if len(fitting) == 1 else UNSURE
