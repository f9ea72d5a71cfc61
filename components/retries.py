"""Send failures again: all of a cause, all that match a filter, or the ones that were ticked."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import streamlit as st

from components import by_script, links, session
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


class Narrowed(NamedTuple):
    """What a filter lets pass: a cause's code, and words."""

    cause: str | None
    search: str


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
    links.open_run(new)


def script(
    run: RunView,
    made: int,
    cause: str | None,
    search: str = "",
    entries: Ranges | None = None,
) -> Script:
    """Return the script of a retry, under the very name that a click on the page has."""
    nonce = retry_nonce(made, cause=cause, search=search, entries=entries)
    return onboarding.retry(run.id, nonce=nonce, cause=cause, search=search, entries=entries)


def offer(
    run: RunView, ticked: Sequence[OutcomeRow], *, narrowed: Callable[[], Narrowed], key: str
) -> None:
    """Draw a retry of the ticked entries, and one of everything that matches the filter.

    `narrowed` says what the filter's fields say now.
    """
    made = get_runtime().ledger.retried(run.id)
    cause, search = narrowed()
    entries = Ranges.of(sorted(row.entry for row in ticked if row.outcome is Outcome.FAILED))
    with st.container(horizontal=True):
        _button(
            f"Retry {count(len(entries), 'selected entry', 'selected entries')}",
            f"{key}_selected",
            retry,
            (run, made, None, "", entries),
            disabled=not entries.pairs,
        )
        scripts = {}
        if entries.pairs:
            scripts["Retry the selected"] = script(run, made, None, "", entries)
        if cause or search:
            matching = get_runtime().onboarding.retryable(run.id, cause=cause, search=search)
            _button(
                f"Retry {count(matching, 'matching entry', 'matching entries')}",
                f"{key}_matching",
                _retry_matching,
                (run, made, narrowed),
                disabled=not matching,
            )
            if matching:
                scripts["Retry what matches"] = script(run, made, cause, search)
        by_script.show_each(scripts, key=f"{key}_script")


def _retry_matching(run: RunView, made: int, narrowed: Callable[[], Narrowed]) -> None:
    cause, search = narrowed()
    if cause or search:
        retry(run, made, cause, search)


def _button(
    label: str, key: str, act: Callable[..., None], args: tuple[object, ...], *, disabled: bool
) -> None:
    st.button(
        label,
        key=key,
        icon=":material/refresh:",
        help=HELP,
        disabled=disabled,
        on_click=act,
        args=args,
    )
