"""Create a folder or a dataset at most once, although Encord would create it twice.

The intention is recorded before the request. When the answer is lost, the thing is looked for by
its exact name and a reference to the attempt in its description, before it is created again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.domain.runs import AttemptState
from services.encord_api.errors import EncordError, classify
from services.engine.context import Step
from services.ledger import attempts
from services.ledger.attempts import Attempt

T = TypeVar("T")

#: Ends the description of what we create.
REFERENCE: Final = "Encord Onboarding ref {token}"


@dataclass(frozen=True, slots=True)
class Created(Generic[T]):
    """What exists now, and the attempt that made it."""

    value: T
    attempt: Attempt
    adopted: bool


def description_of(text: str, token: str) -> str:
    """Return a description that carries the attempt's reference."""
    reference = REFERENCE.format(token=token[:12])
    return f"{text} ({reference})" if text else reference


def create_once(
    step: Step, *, find: Callable[[str], T | None], create: Callable[[str], T]
) -> Created[T]:
    """Find what an earlier attempt made, or make it.

    Args:
        step: The claimed work; at most one attempt of it is open.
        find: Looks for what the attempt of this token created.
        create: Creates it under this token.

    Raises:
        EncordError: Encord refused, or its answer is not known; the attempt says which.
    """
    with step.fenced() as cx:
        attempt = attempts.open_attempt(cx, step.claim.work)
    if attempt and attempt.state is not AttemptState.INTENT:
        known = find(attempt.token)
        if known is not None:
            return Created(known, attempt, adopted=True)
        with step.fenced() as cx:
            attempts.move(cx, attempt.token, AttemptState.ABANDONED)
        attempt = None
    with step.fenced() as cx:
        attempt = attempt or attempts.intend(cx, step.claim.work, fence=step.claim.fence)
        attempts.move(cx, attempt.token, AttemptState.SENDING)
    try:
        return Created(create(attempt.token), attempt, adopted=False)
    except EncordError as error:
        state = AttemptState.UNKNOWN if classify(error) == "unknown" else AttemptState.REJECTED
        with step.fenced() as cx:
            attempts.move(cx, attempt.token, state, note=error.raw)
        raise
