"""What the metadata of a manifest is checked against, remembered beside the manifest.

One choice a connection: a reload, a second tab and a submission meet the same check, and nobody
sees the schema of another person's connection. A check itself is named by the schema alone, so the
same schema read again, or under another name, is the same check.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Self

from services.domain.metadata import MetadataSchema, read_schema
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.whole_files import write_whole

#: Stands for everybody who is not connected.
NOBODY: Final = "nobody"


class Source(StrEnum):
    """Where a schema comes from."""

    CONNECTION = "connection"
    FILE = "file"
    #: A person wants none.
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Basis:
    """A schema as it was at one moment, and whose it is."""

    source: Source
    #: The connection's label or the file's name.
    name: str = ""
    #: When it was read; None when it was not, because nobody answered in time.
    at: datetime | None = None
    #: Without a key when the organization declares none: then nothing can be compared.
    schema: MetadataSchema | None = None

    @cached_property
    def options(self) -> CheckOptions:
        """Return what the check is asked for."""
        return CheckOptions(schema=self.schema or None)

    def to_json(self) -> str:
        """Write what `from_json` reads."""
        schema = self.schema
        content = {
            "source": self.source.value,
            "name": self.name,
            "at": self.at.isoformat() if self.at else None,
            "schema": None if schema is None else {k: v.write() for k, v in schema.items()},
        }
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        content = json.loads(text)
        schema, at = content["schema"], content["at"]
        return cls(
            source=Source(content["source"]),
            name=content["name"],
            at=datetime.fromisoformat(at) if at else None,
            schema=None if schema is None else read_schema(schema),
        )


#: A check that compares metadata with nothing.
PLAIN: Final = Basis(source=Source.NONE)


class BasisStore:
    """The choices made so far. Any process may read and replace them."""

    def __init__(self, manifests: ManifestStore) -> None:
        self._manifests = manifests

    def find(self, manifest: str, connection: str) -> Basis | None:
        """Return what was chosen for a manifest by those who use a connection."""
        try:
            return _read(self._path(manifest, connection).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def keep(self, manifest: str, connection: str, basis: Basis) -> None:
        """Choose what a manifest is checked against from now on."""
        path = self._path(manifest, connection)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, basis.to_json().encode())

    def _path(self, manifest: str, connection: str) -> Path:
        return self._manifests.folder(manifest) / "basis" / f"{connection}.json"


@lru_cache(maxsize=32)
def _read(text: str) -> Basis:
    return Basis.from_json(text)
