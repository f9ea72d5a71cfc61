"""A plan: the steps from Encord's schema to another one, and the schema they lead to.

Encord takes a schema whole and keeps no versions, so a plan remembers what it was made from: it is
only carried out on exactly that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from services.domain.findings import Severity
from services.domain.metadata import MetadataKey, OrganisationSchema, ValueType, is_tombstone
from services.domain.schema.draft import (
    Draft,
    DraftKey,
    KeyState,
    alive,
    by_key,
    differs,
    is_scalar,
)
from services.domain.schema.lint import SchemaFinding, lint

_TOMBSTONE: Final = "tombstone"


class Change(StrEnum):
    """What a step does to a key, in the order of a plan."""

    #: First: whatever else is done to a key, Encord's SDK does to no deleted one.
    RESTORE = "restore"
    ADD = "add"
    ADD_OPTIONS = "add options"
    RETYPE = "change type"
    DELETE = "delete"
    DELETE_FOREVER = "delete for ever"
    #: Encord's SDK has no call for these; only going back to a snapshot asks for them.
    REMOVE_OPTIONS = "remove options"
    DROP = "drop"
    REPLACE = "replace"


#: Steps after which values that items hold may no longer fit, or can no longer be used.
_DESTRUCTIVE: Final = frozenset(
    {
        Change.RETYPE,
        Change.DELETE,
        Change.DELETE_FOREVER,
        Change.REMOVE_OPTIONS,
        Change.DROP,
        Change.REPLACE,
    }
)
#: Steps that Encord's SDK has a call for.
WITH_A_CALL: Final = frozenset(Change) - {Change.REMOVE_OPTIONS, Change.DROP, Change.REPLACE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of one key."""

    change: Change
    key: str
    #: The type before and after; None where there is none, or nobody can read it.
    before: MetadataKey | None
    after: MetadataKey | None

    @property
    def is_destructive(self) -> bool:
        """Whether it must be confirmed by name."""
        return self.change in _DESTRUCTIVE

    @property
    def options(self) -> tuple[str, ...]:
        """The options added, or taken away."""
        one = self.before.options if self.before else ()
        other = self.after.options if self.after else ()
        return tuple(sorted(set(one) ^ set(other)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps, what they start from, and the whole schema they lead to."""

    base: Mapping[str, object]
    target: Mapping[str, object]
    steps: tuple[Step, ...]

    @property
    def destructive(self) -> tuple[Step, ...]:
        """The steps that must be confirmed by name."""
        return tuple(step for step in self.steps if step.is_destructive)

    @property
    def can_be_scripted(self) -> bool:
        """Whether Encord's SDK has a call for every step."""
        return all(step.change in WITH_A_CALL for step in self.steps)


class DraftRefusedError(Exception):
    """The draft has errors; carries them."""

    def __init__(self, findings: list[SchemaFinding]) -> None:
        super().__init__(f"{len(findings)} errors in the draft")
        self.findings = findings


def plan(base: OrganisationSchema, draft: Draft) -> Plan:
    """Plan how a schema becomes what a draft wants; a key that is not in the draft is deleted.

    Raises:
        DraftRefusedError: The draft has errors.
    """
    errors = [each for each in lint(draft, base) if each.severity is Severity.ERROR]
    if errors:
        raise DraftRefusedError(errors)
    wanted = by_key(draft)
    target = {key: _kept(kind, key, wanted.get(key), base) for key, kind in base.answer.items()}
    for key, row in wanted.items():
        kind = row.kind()
        if key not in base.answer and kind is not None:
            target[key] = written(kind)
    return between(base, target)


def restoring(base: OrganisationSchema, snapshot: Mapping[str, object]) -> Plan:
    """Plan the way back to a snapshot, exactly."""
    return between(base, snapshot)


def _kept(kind: object, key: str, row: DraftKey | None, base: OrganisationSchema) -> object:
    """Return Encord's object of a key as the draft wants it, unchanged where it wants no change."""
    if row is None or row.state is not KeyState.IN_USE:
        return _deleted(kind, row, base.deleted.get(key, _ALIVE))
    now = alive(kind)
    after, before = row.kind(), MetadataKey.answered(now)
    if after is None or not differs(before, after):
        return now
    if after.type is ValueType.ENUM and isinstance(now, Mapping):
        return {**now, "values": sorted({*before.options, *after.options})}
    return written(after)


#: Stands for a key that is not deleted.
_ALIVE: Final = MetadataKey(ValueType.UNREADABLE)


def _deleted(kind: object, row: DraftKey | None, gone: MetadataKey | None) -> object:
    if gone is not _ALIVE:
        return kind
    forever = row is not None and row.state is KeyState.DELETED_FOREVER
    return {"ty": _TOMBSTONE, "deleted_ty": None if forever else kind}


def written(kind: MetadataKey) -> dict[str, object]:
    """Write a type as Encord's SDK does [`metadata_schema.py`]."""
    match kind.type:
        case ValueType.ENUM:
            return {"ty": "enum", "values": sorted(kind.options)}
        case ValueType.EMBEDDING:
            return {"ty": "embedding", "size": kind.size, "api": None}
        case ValueType.GEOSPATIAL:
            return {"ty": "geospatial"}
        case _:
            return {"ty": "variant", "hint": kind.type.value}


def between(base: OrganisationSchema, target: Mapping[str, object]) -> Plan:
    """Return the steps between two schemas: those that restore first, those that destroy last."""
    keys = sorted({*base.answer, *target})
    steps = [step for key in keys for step in _steps(key, base.answer.get(key), target.get(key))]
    steps.sort(key=lambda step: list(Change).index(step.change))
    return Plan(base=base.answer, target=target, steps=tuple(steps))


def _steps(key: str, before: object, after: object) -> list[Step]:
    """Name what leads from one object of a key to another; None where the key is not there."""
    if same(before, after):
        return []
    old, new = _read(before), _read(after)

    def step(change: Change) -> Step:
        return Step(change=change, key=key, before=old, after=new)

    if before is None:
        return [step(Change.ADD)]
    if after is None:
        return [step(Change.DROP)]
    if is_tombstone(after):
        return [step(_deletion(before, after))]
    changes = [Change.RESTORE] if is_tombstone(before) else []
    if not same(alive(before), after):
        changes += _retyping(old, new)
    return [step(change) for change in changes]


def _deletion(before: object, after: object) -> Change:
    """Tell how a key comes to be deleted: with its type, for ever, or in a way of no call."""
    if is_tombstone(before):
        return Change.REPLACE
    forever = isinstance(after, Mapping) and after.get("deleted_ty") is None
    if forever:
        return Change.DELETE_FOREVER
    kept = isinstance(after, Mapping) and same(after.get("deleted_ty"), before)
    return Change.DELETE if kept else Change.REPLACE


def _retyping(old: MetadataKey | None, new: MetadataKey | None) -> list[Change]:
    if old is None or new is None:
        return [Change.REPLACE]
    if old.type is ValueType.ENUM and new.type is ValueType.ENUM:
        added, removed = set(new.options) - set(old.options), set(old.options) - set(new.options)
        changes = (Change.ADD_OPTIONS, added), (Change.REMOVE_OPTIONS, removed)
        return [change for change, options in changes if options]
    is_retyped = is_scalar(old) and is_scalar(new) and old.type is not new.type
    return [Change.RETYPE if is_retyped else Change.REPLACE]


def _read(kind: object) -> MetadataKey | None:
    """Read the type of a key, that of a deleted one included."""
    found = alive(kind)
    return None if found is None else MetadataKey.answered(found)


def same(one: object, other: object) -> bool:
    """Whether two of Encord's objects say the same, whatever the order of their keys."""
    return canonical(one) == canonical(other)


def canonical(answer: object) -> bytes:
    """Write an answer of Encord in one way: sorted keys, no blanks."""
    return msgspec.json.encode(answer, order="deterministic")
