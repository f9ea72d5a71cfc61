"""Change the metadata schema of an organization: read, plan, carry out on exactly what was planned.

Encord takes a schema whole, keeps no versions and lets the last writer win. So what is there is
read again right before it is saved, kept as a snapshot, and read back and compared afterwards.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.domain.metadata import OrganisationSchema
from services.domain.paging import Page
from services.domain.schema.drift import KeyDrift, drift
from services.domain.schema.plan import Plan, same
from services.encord_api.errors import EncordError, Unclear
from services.encord_api.interface import EncordGateway
from services.engine.connections import Connection
from services.ledger import snapshots
from services.ledger.snapshots import SchemaSnapshot
from services.ledger.store import Ledger

BEFORE: Final = "before a change"
AFTER: Final = "after a change"
_SAVING: Final = "saving the metadata schema"


class SchemaRefusedError(Exception):
    """A plan was not carried out; nothing was sent.

    SchemaRefusedError
     +-- SchemaDriftError        somebody changed the schema since the plan was made
     +-- NotConfirmedError       a step that destroys was not confirmed by its key's name
    """


class SchemaDriftError(SchemaRefusedError):
    """Somebody changed the schema since the plan was made; carries the three views."""

    def __init__(self, found: tuple[KeyDrift, ...]) -> None:
        super().__init__(f"{len(found)} keys changed since the plan was made.")
        self.found = found


class NotConfirmedError(SchemaRefusedError):
    """Steps that destroy must be confirmed by the names of their keys."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(f"Not confirmed: {', '.join(keys)}")
        self.keys = keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a plan."""

    #: What Encord answers now.
    schema: OrganisationSchema
    #: Keys that are not as the plan wanted them, although Encord took the schema.
    differing: tuple[str, ...]
    #: Nothing was sent, because it was as wanted already: a second click, or somebody else.
    was_there: bool


class SchemaStudio:
    """The commands of the Schema page. Safe from any thread."""

    def __init__(self, ledger: Ledger, gateway: Callable[[str], EncordGateway]) -> None:
        """Take the ledger, and what returns the gateway of a connection id."""
        self._ledger = ledger
        self._gateway = gateway
        #: By address: two people of one organization must not save between a look and a save.
        self._saving: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def read(self, connection: Connection) -> OrganisationSchema:
        """Read the schema as it is now.

        Raises:
            EncordError: Encord could not be asked, or refused.
        """
        return self._gateway(connection.id).metadata_schema()

    def apply(
        self, connection: Connection, plan: Plan, *, confirmed: frozenset[str], actor: str
    ) -> Applied:
        """Carry a plan out, if the schema is still what the plan was made from.

        Args:
            connection: Whose organization it is.
            plan: What to do.
            confirmed: Keys whose destruction a person confirmed by name.
            actor: Who asked.

        Raises:
            SchemaRefusedError: Nothing was sent; the class says why.
            EncordError: Encord could not be asked, or refused; when its answer to saving was lost,
                the schema was looked at again, and was not as planned.
            Unclear: It was sent, and nobody could look at what is there now.
        """
        missing = tuple(s.key for s in plan.destructive if s.key not in confirmed)
        if missing:
            raise NotConfirmedError(missing)
        gateway = self._gateway(connection.id)
        with self._saving[connection.domain]:
            now = gateway.metadata_schema()
            if same(now.answer, plan.target):
                # It may be ours, from a time when nobody could look at what was saved.
                self._keep(connection, now, actor=actor, reason=AFTER)
                return Applied(schema=now, differing=(), was_there=True)
            if not same(now.answer, plan.base):
                raise SchemaDriftError(drift(plan, now.answer))
            self._keep(connection, now, actor=actor, reason=BEFORE)
            saved = _save(gateway, plan.target)
        self._keep(connection, saved, actor=actor, reason=AFTER)
        return Applied(
            schema=saved, differing=_differing(plan.target, saved.answer), was_there=False
        )

    def history(
        self, connection: Connection, *, offset: int = 0, limit: int = 25
    ) -> Page[SchemaSnapshot]:
        """Return the snapshots taken through this connection, newest first."""
        with self._ledger.reading() as cx:
            return snapshots.of_connection(cx, connection.id, offset=offset, limit=limit)

    def _keep(
        self, connection: Connection, schema: OrganisationSchema, *, actor: str, reason: str
    ) -> None:
        with self._ledger.transaction() as cx:
            answer = dict(schema.answer)
            snapshots.keep(cx, connection.id, answer, actor=actor, reason=reason)


def _save(gateway: EncordGateway, target: Mapping[str, object]) -> OrganisationSchema:
    """Save, and return what is there afterwards; a lost answer counts when the schema is there."""
    lost: EncordError | None = None
    try:
        gateway.save_metadata_schema(target)
    except EncordError as problem:
        lost = problem
    try:
        found = gateway.metadata_schema()
    except EncordError as problem:  # why nobody could look says nothing of what was saved before
        raise (lost or Unclear(_SAVING, trace_id=problem.trace_id)) from problem
    if lost and not same(found.answer, target):
        raise lost
    return found


def _differing(target: Mapping[str, object], found: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(
        key for key in sorted({*target, *found}) if not same(target.get(key), found.get(key))
    )
