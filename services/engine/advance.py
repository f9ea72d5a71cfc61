"""`advance`: take one claimed piece of work one step further, and decide what an error means.

Idempotent, fenced and short, so being called twice, late or out of order cannot hurt.
"""

import random
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import structlog
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from services.domain.runs import Problem, WorkKind
from services.encord_api.errors import (
    AlreadyExists,
    ClockOff,
    EncordError,
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    RateLimited,
    TooLarge,
)
from services.engine.chunk import advance_chunk
from services.engine.context import Step, Tools
from services.engine.errors import NotConnectedError, StopError
from services.engine.gone import place_gone
from services.engine.linking import advance_dataset, advance_link
from services.engine.matching import advance_match
from services.engine.notify import advance_notify
from services.engine.preparation import advance_folder, advance_plan
from services.engine.proof.tasks import advance_expect, advance_unlink
from services.engine.proof.verifying import advance_verify
from services.engine.rescue import advance_rescue
from services.ledger import runs
from services.ledger.database import is_away
from services.ledger.errors import LeaseLostError
from services.ledger.specs import run_spec, work_spec
from services.ledger.store import Claim
from services.ledger.tables import WORK
from services.manifests.errors import UnknownManifestError

log = structlog.get_logger(__name__)

STEPS: Final[MappingProxyType[WorkKind, Callable[[Step], None]]] = MappingProxyType(
    {
        WorkKind.PLAN: advance_plan,
        WorkKind.FOLDER: advance_folder,
        WorkKind.CHUNK: advance_chunk,
        WorkKind.MATCH: advance_match,
        WorkKind.EXPECT: advance_expect,
        WorkKind.DATASET: advance_dataset,
        WorkKind.LINK: advance_link,
        WorkKind.UNLINK: advance_unlink,
        WorkKind.VERIFY: advance_verify,
        WorkKind.RESCUE: advance_rescue,
        WorkKind.NOTIFY: lambda step: advance_notify(step, step.tools.webhook),
    }
)

#: What a person has to solve, by the refusal that shows it.
PROBLEMS: Final = MappingProxyType(
    {
        NotAuthenticated: Problem.NOT_AUTHENTICATED,
        ClockOff: Problem.NOT_AUTHENTICATED,
        NotAuthorised: Problem.NOT_AUTHORIZED,
        NotFound: Problem.REQUEST_REFUSED,
        AlreadyExists: Problem.REQUEST_REFUSED,
        InvalidRequest: Problem.REQUEST_REFUSED,
        TooLarge: Problem.REQUEST_REFUSED,
    }
)
NO_MANIFEST: Final = (
    "The manifest is not stored on this server. Upload the same file again, then resume this run."
)
#: Our own mistakes are tried again this often before a person is told.
UNEXPECTED_TRIES: Final = 3
LONGEST_BACKOFF: Final = 300.0


def advance(tools: Tools, claim: Claim) -> None:
    """Take the step; whatever happens, the work is given back, closed or blocked."""
    with tools.ledger.reading() as cx:
        step = Step(tools=tools, claim=claim, run=run_spec(cx, claim.run))
    try:
        STEPS[claim.kind](step)
    except LeaseLostError:
        log.info("lease lost", work=claim.work)
    except NotConnectedError:
        words = f"The key {step.run.account} was only in memory. Connect with it again to go on."
        _block(step, Problem.RECONNECT, words)
    except StopError as stop:
        _block(step, stop.problem, stop.detail)
    except UnknownManifestError:
        _block(step, Problem.MANIFEST_CHANGED, NO_MANIFEST)
    except EncordError as error:
        _after_error(step, error)
    except Exception as error:  # the boundary of the worker: nothing may end its loop
        log.exception("step failed", work=claim.work, kind=claim.kind)
        if isinstance(error, DBAPIError) and is_away(error):
            _back_off(step, None, "The ledger's database was away.")
        else:
            _after_surprise(step)


def _after_error(step: Step, error: EncordError) -> None:
    """Wait when waiting helps; ask a person when it does not."""
    if isinstance(error, NotFound | NotAuthorised) and (stop := place_gone(step)):
        _block(step, stop.problem, stop.detail)
        return
    if problem := PROBLEMS.get(type(error)):
        _block(step, problem, f"{error} {error.raw}".strip())
        return
    hint = error.retry_after if isinstance(error, RateLimited) else None
    _back_off(step, hint, str(error))


def _after_surprise(step: Step) -> None:
    """Try again for some times: waits for Encord and for the ledger do not count as such."""
    with step.tools.ledger.reading() as cx:
        times = runs.times(cx, step.claim.run, step.claim.work, runs.SURPRISE) + 1
    if times >= UNEXPECTED_TRIES and step.claim.kind is not WorkKind.NOTIFY:
        _block(step, Problem.UNEXPECTED, "Something failed on our side; the log has the details.")
    else:
        _back_off(step, None, "Something failed on our side.", what=runs.SURPRISE)


def _block(step: Step, problem: Problem, detail: str) -> None:
    try:
        with step.fenced() as cx:
            runs.block(cx, step.claim.work, problem, detail)
    except LeaseLostError:
        log.info("lease lost", work=step.claim.work)


def _back_off(step: Step, hint: float | None, why: str, *, what: str = "waiting") -> None:
    """Give the work back for later: waiting is a row with a time, never a sleeping thread."""
    pace = step.tools.pace
    try:
        with step.fenced() as cx:
            tries = work_spec(cx, step.claim.work).tries + 1
            doubled = min(LONGEST_BACKOFF, pace.poll_first * 2.0 ** min(tries, 20))
            pause = doubled * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
            if hint is not None and hint > 0:
                pause = min(hint, pace.longest_wait)
            cx.execute(update(WORK).where(WORK.c.id == step.claim.work).values(tries=tries))
            step.note(cx, what, f"{why} Next try in {pause:.0f} s (try {tries}).")
            step.tools.ledger.release(cx, step.claim, pause=pause)
            runs.bring_up_to_date(cx, step.claim.run)
    except LeaseLostError:
        log.info("lease lost", work=step.claim.work)
