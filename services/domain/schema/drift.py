"""What somebody else changed since a plan was made: three views of every key that differs."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.domain.schema.plan import Plan, same


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDrift:
    """One key as the plan found it, as the plan wants it, and as it is now; None: not there."""

    key: str
    base: object
    mine: object
    theirs: object

    @property
    def is_conflict(self) -> bool:
        """Whether both changed it, and not in the same way."""
        return not same(self.base, self.mine) and not same(self.mine, self.theirs)


def drift(plan: Plan, now: Mapping[str, object]) -> tuple[KeyDrift, ...]:
    """Return every key that is no longer as it was when the plan was made."""
    return tuple(
        KeyDrift(key=key, base=plan.base.get(key), mine=plan.target.get(key), theirs=now.get(key))
        for key in sorted({*plan.base, *now})
        if not same(plan.base.get(key), now.get(key))
    )
