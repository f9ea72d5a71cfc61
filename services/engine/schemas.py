"""The metadata schemas of connections, read aside, and which one each manifest is checked against.

Encord may be slow or away, so nobody waits for a schema: it is read on a thread, at most one a
connection, and whoever asks gets what was read last together with its time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.domain.metadata import MetadataSchema, OrganisationSchema
from services.encord_api.interface import EncordGateway
from services.engine.aside import Aside
from services.engine.connections import Connection
from services.manifests.basis import NOBODY, PLAIN, Basis, BasisStore, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A connection's schema as it was at one moment."""

    whole: OrganisationSchema
    at: datetime

    @property
    def schema(self) -> MetadataSchema:
        """The keys in use."""
        return self.whole.declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became different between two schemas, by key."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


class Schemas(Aside[Snapshot]):
    """Reads schemas and remembers choices. Safe from any thread."""

    def __init__(self, gateway: Callable[[str], EncordGateway], choices: BasisStore) -> None:
        """Take what returns the gateway of a connection id, and where choices are kept."""
        super().__init__(lambda connection: _read(gateway(connection)))
        self._choices = choices

    # Choosing

    def basis(self, manifest: str, connection: str | None) -> Basis:
        """Return what a manifest is checked against; nothing when nobody chose."""
        return self._choices.find(manifest, connection or NOBODY) or PLAIN

    def prepare(
        self, manifest: str, connection: Connection | None, *, like: str | None, patience: float
    ) -> Basis:
        """Choose for a manifest that has no choice yet, and return what it is checked against.

        Args:
            manifest: Fingerprint of the new manifest.
            connection: Whose schema to use; None leaves metadata uncompared.
            like: The manifest it was made from: a choice a person made for that is kept.
            patience: Seconds to wait for a schema that is not known yet.
        """
        viewer = connection.id if connection else NOBODY
        chosen = self._choices.find(manifest, viewer)
        if chosen is None:
            before = self._choices.find(like, viewer) if like else None
            kept = before if before and before.source is not Source.CONNECTION else None
            chosen = kept or self._current(connection, patience)
            self._choices.keep(manifest, viewer, chosen)
        return chosen

    def _current(self, connection: Connection | None, patience: float) -> Basis:
        if connection is None:
            return PLAIN
        self.refresh(connection.id, patience=patience)
        last = self.last(connection.id)
        return Basis(
            source=Source.CONNECTION,
            name=connection.label,
            at=last.at if last else None,
            schema=last.schema if last else None,
        )

    def use_connection(self, manifest: str, connection: Connection) -> Basis:
        """Check a manifest against the schema that was read last."""
        return self._choose(manifest, connection, self._current(connection, 0.0))

    def use_file(
        self, manifest: str, connection: Connection | None, name: str, schema: MetadataSchema
    ) -> Basis:
        """Check a manifest against the schema of a file."""
        found = Basis(source=Source.FILE, name=name, at=datetime.now(UTC), schema=schema)
        return self._choose(manifest, connection, found)

    def use_none(self, manifest: str, connection: Connection | None) -> Basis:
        """Check a manifest without a schema."""
        return self._choose(manifest, connection, PLAIN)

    def _choose(self, manifest: str, connection: Connection | None, basis: Basis) -> Basis:
        self._choices.keep(manifest, connection.id if connection else NOBODY, basis)
        return basis

    def change(self, basis: Basis, connection: str) -> Change | None:
        """Return what changed at Encord since a basis was read; None when nobody knows."""
        last = self.last(connection)
        if last is None or basis.source is not Source.CONNECTION:
            return None
        return compare(basis.schema or {}, last.schema)


def compare(before: MetadataSchema, after: MetadataSchema) -> Change:
    """Compare two schemas key by key."""
    return Change(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(key for key in sorted(before.keys() & after) if before[key] != after[key]),
    )


def _read(gateway: EncordGateway) -> Snapshot:
    return Snapshot(whole=gateway.metadata_schema(), at=datetime.now(UTC))
