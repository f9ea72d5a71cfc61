"""The machine fixes of one entry: from what was found to what is done about it, and whether to.

A fix is kept only when the entry is better for it: fewer findings of its code and no new error of
another one. Advice that an error had hidden may come to light.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.domain.entries import SHAPES
from services.domain.findings import Severity
from services.domain.nearest import fold, nearest
from services.domain.rules import RULES, Fix
from services.manifests.faults import Fault
from services.manifests.media_check import MEDIA
from services.manifests.options import CheckOptions
from services.manifests.repair import dates, values
from services.manifests.repair.actions import Action, Frames, KeepLast, Put, Remove, Rename, as_text
from services.manifests.repair.subject import Mended, Subject, field_name


def fixes_for(code: str) -> tuple[Fix, ...]:
    """Return the machine fixes that the rule of a code offers; none for an unknown code."""
    rule = RULES.get(code)
    return rule.fixes if rule else ()


@dataclass(frozen=True, slots=True)
class Mender:
    """One fix for one code, over whatever entries it is shown."""

    code: str
    fix: Fix
    options: CheckOptions
    #: How ambiguous dates of a key are to be read.
    orders: Mapping[str, dates.Order | None] = field(default_factory=dict)

    def mend(self, subject: Subject) -> Mended | None:
        """Fix an entry; None when there is nothing to do or no safe way to do it."""
        before = subject.faults(self.options)
        actions = self.planned(subject, before)
        if not actions:
            return None
        whole = self._accepted(subject, before, actions)
        if whole or len(actions) == 1:
            return whole
        return self._step_by_step(subject, before, actions)

    def planned(self, subject: Subject, faults: Sequence[Fault]) -> list[Action]:
        """Say what to do about the findings of the code, before looking at the outcome."""
        mine = [fault for fault in faults if fault.code == self.code]
        if self.fix is Fix.RENUMBER and mine:
            return [Frames(tuple(subject.frame_keys()))]
        if self.fix is Fix.DROP_DUPLICATE and mine:
            return _without_frames(subject, mine)
        plan = _PLANS.get(self.fix)
        if plan is None:
            return []
        made: list[Action] = []
        for fault in mine:
            action = plan(self, subject, fault)
            if action is not None and action not in made:
                made.append(action)
        return made

    def _accepted(
        self, subject: Subject, before: Sequence[Fault], actions: Sequence[Action]
    ) -> Mended | None:
        after = subject.mended(actions)
        better = is_better(self.code, before, after.faults(self.options))
        return Mended(after, tuple(actions)) if better else None

    def _step_by_step(
        self, subject: Subject, before: Sequence[Fault], actions: Sequence[Action]
    ) -> Mended | None:
        """Keep the actions that are good by themselves."""
        kept: list[Action] = []
        current, found = subject, before
        for action in actions:
            mended = self._accepted(current, found, [action])
            if mended and mended.subject:
                kept.append(action)
                current, found = mended.subject, mended.subject.faults(self.options)
        return Mended(current, tuple(kept)) if kept else None


def is_better(code: str, before: Sequence[Fault], after: Sequence[Fault]) -> bool:
    """Whether findings of a code are gone and no other error is new."""
    was, now = (Counter(fault.code for fault in faults) for faults in (before, after))
    risen = (other for other in now if now[other] > was[other])
    return now[code] < was[code] and not any(
        RULES[other].severity is Severity.ERROR for other in risen
    )


def _without_frames(subject: Subject, faults: Sequence[Fault]) -> list[Action]:
    """Remove repeated frames; the SDK's form has them in a list, which numbers itself."""
    if any(len(fault.path) > 1 for fault in faults):
        return [Remove(fault.path[:-1]) for fault in reversed(faults)]
    drop = [str(fault.path[0]) for fault in faults]
    keep = tuple(key for key in subject.frame_keys() if key not in drop)
    return [Frames(keep, tuple(drop))]


def _put(fault: Fault, value: object) -> Action | None:
    return None if value is values.UNSURE else Put(fault.path, value)


def _trim(_: Mender, subject: Subject, fault: Fault) -> Action | None:
    return _put(fault, values.trimmed(subject.value(fault.path)))


def _percent_encode(_: Mender, subject: Subject, fault: Fault) -> Action | None:
    return _put(fault, values.percent_encoded(subject.value(fault.path)))


def _retype(mender: Mender, subject: Subject, fault: Fault) -> Action | None:
    value = subject.value(fault.path)
    return _put(fault, values.retyped(fault.path, value, mender.options.schema))


def _case_enum(mender: Mender, subject: Subject, fault: Fault) -> Action | None:
    declared = (mender.options.schema or {}).get(str(fault.path[-1]))
    return _put(fault, values.option_of(subject.value(fault.path), declared))


def _parse_datetime(mender: Mender, subject: Subject, fault: Fault) -> Action | None:
    text = as_text(subject.value(fault.path)) or ""
    made = dates.parse(text, mender.orders.get(field_name(fault.path)))
    return None if made is None else Put(fault.path, made)


def _rename(mender: Mender, subject: Subject, fault: Fault) -> Action | None:
    name = new_name(mender.options, subject, fault)
    if name is None or subject.value((*fault.path[:-1], name)) is not None:
        return None
    return Rename(fault.path, name)


def new_name(options: CheckOptions, subject: Subject, fault: Fault) -> str | None:
    """Guess the name that was meant by a key; None when no known one is near."""
    key = str(fault.path[-1])
    if fault.code == "field-case":
        return str(fault.details["expected"])
    if fault.code == "metadata-undeclared":
        return nearest(key, options.schema or {})
    if len(fault.path) > 1:
        media = {fold(name): name for name in MEDIA}
        known = MEDIA.get(media.get(fold(str(fault.path[0])), ""), {})
        return nearest(key, known)
    return nearest(key, SHAPES[subject.kind].fields) if subject.kind else None


#: Codes about a value that is given more than once.
_TWICE: Final = frozenset({"json-duplicate-key", "group-conflict"})


def _remove(mender: Mender, _: Subject, fault: Fault) -> Action | None:
    return KeepLast(fault.path) if mender.code in _TWICE else Remove(fault.path)


_PLANS: Final[Mapping[Fix, Callable[[Mender, Subject, Fault], Action | None]]] = {
    Fix.TRIM: _trim,
    Fix.PERCENT_ENCODE: _percent_encode,
    Fix.RETYPE: _retype,
    Fix.CASE_ENUM: _case_enum,
    Fix.PARSE_DATETIME: _parse_datetime,
    Fix.RENAME_KEY: _rename,
    Fix.REMOVE_KEY: _remove,
}
