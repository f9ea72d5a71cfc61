"""Send failures again: all of a cause, all that match a filter, or the ones that were ticked."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components import session
from components.runtime import get_runtime
from components.text import count
from services.domain.chunks import Ranges
from services.domain.outcomes import Outcome
from services.domain.scripts import onboarding
from services.domain.scripts.script import Script
from services.engine.onboarding import retry_nonce
from services.ledger.errors import NothingToRetryError
from services.ledger.views import OutcomeRow, RunView

NOTHING_TO_RETRY: Final = session.Notice(
    title="Nothing to retry",
    body="These entries are being retried already, or they have arrived since.",
)
HELP: Final = "Sends only these entries again, as a new run beside this one"


def retry(
    run: RunView,
    made: int,
    cause: str | None,
    search: str = "",
    entries: Ranges | None = None,
) -> None:
    """Send what failed again, as a run beside this one.

    `made` is how many retries the page knew of when it was drawn: it makes a second click, here or
    in another tab, the same retry.
    """
    session.clear_notice("retry")
    try:
        new = get_runtime().onboarding.retry(
            run.id,
            cause=cause,
            search=search,
            entries=entries,
            nonce=retry_nonce(made, cause=cause, search=search, entries=entries),
            actor=session.actor(),
        )
    except NothingToRetryError:
        session.notify("retry", NOTHING_TO_RETRY)
        return
    session.use_run(new)
    session.go_to("run", run=new)


def script(run: RunView, made: int, cause: str | None) -> Script:
    """Return the script of a retry, under the very name that a click on the page has."""
    return onboarding.retry(run.id, nonce=retry_nonce(made, cause=cause), cause=cause)


def offer(
    run: RunView, ticked: Sequence[OutcomeRow], *, cause: str | None, search: str, key: str
) -> None:
    """Draw a retry of the ticked entries, and one of everything that matches the filter."""
    made = len(get_runtime().ledger.retries(run.id))
    entries = Ranges.of(sorted(row.entry for row in ticked if row.outcome is Outcome.FAILED))
    with st.container(horizontal=True):
        _button(
            f"Retry {count(len(entries), 'selected entry', 'selected entries')}",
            f"{key}_selected",
            (run, made, None, "", entries),
            disabled=not entries.pairs,
        )
        if cause or search:
            matching = get_runtime().onboarding.retryable(run.id, cause=cause, search=search)
            _button(
                f"Retry {count(matching, 'matching entry', 'matching entries')}",
                f"{key}_matching",
                (run, made, cause, search),
                disabled=not matching,
            )


def _button(label: str, key: str, args: tuple[object, ...], *, disabled: bool) -> None:
    st.button(
        label,
        key=key,
        icon=":material/refresh:",
        help=HELP,
        disabled=disabled,
        on_click=retry,
        args=args,
    )
