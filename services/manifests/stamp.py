"""Whether a stored check can still be read: it says which engine and which layout made it."""

import hashlib
import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from services.domain.findings import Finding, Summary
from services.domain.rules import RULES
from services.manifests.columns import SCHEMA
from services.manifests.options import ENGINE_VERSION

SUMMARY: Final = "summary.json"


class _Stamped(msgspec.Struct):
    stamp: str = ""


@cache
def stamp() -> str:
    """Name the engine and the layout of what it stores.

    The layout is taken from the code itself, so that nobody has to remember to raise a number when
    a column, a field or the order of the codes changes.
    """
    layout = [
        {name: str(kind) for name, kind in SCHEMA.items()},
        [[(each.name, str(each.type)) for each in fields(kind)] for kind in (Summary, Finding)],
        list(RULES),
    ]
    digest = hashlib.sha256(json.dumps(layout).encode()).hexdigest()
    return f"{ENGINE_VERSION}-{digest[:16]}"


def is_current(folder: Path) -> bool:
    """Whether a folder holds a finished check that this engine can read."""
    try:
        content = (folder / SUMMARY).read_bytes()
        return msgspec.json.decode(content, type=_Stamped).stamp == stamp()
    except (OSError, msgspec.DecodeError):
        return False
