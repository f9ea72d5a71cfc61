"""Create a folder or a dataset at most once, although Encord would create it twice.

The intention is recorded before the request, and the work is held for as long as that may take.
The thing is looked for first, by its exact name and a reference to the run in its description: a
restored ledger may not know that it was sent. What is there is adopted at once. When an answer was
lost, only looks after the settle time that still find nothing let it be created again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection

from services.domain.runs import AttemptState, WorkState
from services.encord_api.errors import EncordError, classify
from services.engine.chunk import MARGIN, STABLE_LOOKS
from services.engine.context import Step
from services.ledger import attempts, runs, state
from services.ledger.attempts import Attempt
from services.ledger.specs import run_spec

T = TypeVar("T")

#: Ends the description of what we create.
REFERENCE: Final = "Encord Onboarding ref {run}"


@dataclass(frozen=True, slots=True)
class Created(Generic[T]):
    """What exists now, and the attempt that made it, as far as the ledger knows it."""

    value: T
    attempt: Attempt | None
    adopted: bool


def description_of(text: str, run: str) -> str:
    """Return a description that carries a reference to the run.

    To the run, not to the attempt: a restored ledger does not know its latest attempts.
    """
    reference = _reference(run)
    return f"{text} ({reference})" if text else reference


def is_of(description: str, run: str) -> bool:
    """Whether what has this description was created for a run, whatever text it was given."""
    return description.removesuffix(")").endswith(_reference(run))


def _reference(run: str) -> str:
    return REFERENCE.format(run=run[:12])


def create_once(
    step: Step, *, find: Callable[[], T | None], create: Callable[[], T]
) -> Created[T] | None:
    """Find what an earlier attempt made, or make it.

    Args:
        step: The claimed work; at most one attempt of it is open.
        find: Looks for what this run created.
        create: Creates it.

    Returns:
        None while an earlier attempt may still take effect, or once nothing may be created any
        more; the work was given back, held back or closed.

    Raises:
        EncordError: Encord refused, or its answer is not known; the attempt says which.
    """
    with step.fenced() as cx:
        attempt = attempts.open_attempt(cx, step.claim.work)
    known = find()
    if known is not None:
        return Created(known, attempt, adopted=True)
    if attempt and attempt.state is not AttemptState.INTENT:
        if not _is_given_up(step, attempt):
            return None
        attempt = None
    sent = _about_to_send(step, attempt)
    if sent is None:
        return None
    try:
        return Created(create(), sent, adopted=False)
    except EncordError as error:
        fate = AttemptState.UNKNOWN if classify(error) == "unknown" else AttemptState.REJECTED
        with step.fenced() as cx:
            attempts.move(cx, sent.token, fate, note=error.raw)
        raise


def _about_to_send(step: Step, attempt: Attempt | None) -> Attempt | None:
    """Note that the request leaves now, and hold the work for as long as it may take."""
    ledger = step.tools.ledger
    with step.fenced() as cx:
        if _is_called_off(step, cx, attempt):
            return None
        attempt = attempt or attempts.intend(cx, step.claim.work, fence=step.claim.fence)
        sent_at = ledger.clock.now(cx)
        attempts.move(cx, attempt.token, AttemptState.SENDING, sent_at=sent_at)
        ledger.hold(cx, step.claim, step.tools.pace.send_deadline + MARGIN)
    return attempt


def _is_called_off(step: Step, cx: Connection, attempt: Attempt | None) -> bool:
    """Close what a cancelled run or task no longer needs; hold back what a paused one does.

    The dataset of a run is still needed: what arrived before the end is linked.
    """
    run = run_spec(cx, step.claim.run)  # as it is now: the looking took a while
    if run.cancel_requested and step.claim.kind in state.ended_by_cancel(run.purpose):
        if attempt:
            attempts.move(
                cx, attempt.token, AttemptState.ABANDONED, note="cancelled before sending"
            )
        runs.finish(cx, step.claim.work, WorkState.CANCELLED)
        return True
    if run.paused:
        runs.hold_back(cx, step.claim.work)
    return run.paused


def _is_given_up(step: Step, attempt: Attempt) -> bool:
    """Count a look that found nothing; enough of them, a settle time apart, end the attempt."""
    ledger, settle = step.tools.ledger, step.tools.pace.settle
    with step.fenced() as cx:
        runs.heard(cx, step.claim.run)
        age = ledger.clock.now(cx) - attempt.sent_at
        due = settle * (attempt.looks + 1)
        is_early = 0 <= age < due  # a clock that started anew says nothing of the age
        looks = attempt.looks if is_early else attempt.looks + 1
        if looks >= STABLE_LOOKS:
            attempts.move(cx, attempt.token, AttemptState.ABANDONED, looks=looks)
            step.note(cx, "abandoned", "what was to be created did not appear", attempt=attempt)
            return True
        attempts.move(cx, attempt.token, AttemptState.UNKNOWN, looks=looks)
        step.note(cx, "unknown", "what was to be created is not there, or not yet", attempt=attempt)
        ledger.release(cx, step.claim, pause=due - age if is_early else settle)
        return False
