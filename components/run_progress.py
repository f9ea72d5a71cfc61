"""A run's progress, read again every second for as long as the run goes on by itself."""

from datetime import timedelta
from typing import Final

import streamlit as st

from components import session, status
from components.parts import draw_page_anew, part
from components.runtime import get_runtime
from components.text import code, count, duration, moment, number
from services.domain.estimate import Estimate
from services.domain.outcomes import Outcome
from services.domain.runs import RunState
from services.ledger.views import Counts, RunView

EVERY: Final = timedelta(seconds=1)

SENTENCES: Final = {
    RunState.QUEUED: "Waiting for the worker to begin.",
    RunState.SUBMITTING: "Sending the entries to Encord.",
    RunState.PROCESSING: "Encord is registering the files.",
    RunState.LINKING: "Linking the run's items to the dataset.",
    RunState.VERIFYING: "Comparing what was asked for with what Encord lists.",
    RunState.CANCELLING: "Cancelling what Encord has not registered yet.",
}
#: Names the notice that a run has stopped.
ENDED: Final = "ended"
#: The entries are settled in these, so a bar of entries would stand at its end.
AFTER_REGISTERING: Final = frozenset({RunState.LINKING, RunState.VERIFYING})


def live(run: RunView, *, key: str) -> None:
    """Draw the progress of an active run; draw the whole page again once it stops."""
    part(_panel, run.id, every=EVERY, key=key)


def _panel(run_id: str) -> None:
    run = get_runtime().ledger.run(run_id)
    if run is None or not status.is_active(run):
        session.notify(ENDED, session.Notice(title=run_id, body="", good=True))
        draw_page_anew()
        return
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"**{SENTENCES.get(run.state, '')}**", width="content")
            status.badge(status.of_run(run))
        if run.state not in AFTER_REGISTERING:
            _bar(run)
        if run.paused:
            st.caption("Paused: nothing new is sent. What runs at Encord already goes on.")
        st.caption(f"{_age(run)} The work goes on without this page: you can close it.")
        if status.is_stalled(run):
            status.alert(
                status.STALLED,
                "Encord answers, and nothing has changed for two hours. The run goes on by itself "
                "as soon as it does; if it does not, quote the job's id to Encord's support.",
            )
        elif status.is_silent(run):
            status.alert(
                status.SILENT,
                "Encord has not answered for a while. The run goes on by itself as soon as it "
                "does; nothing is sent twice.",
            )


def announce(run: RunView, counts: Counts) -> None:
    """Say that a run ended or stopped while somebody watched it, and mark the tab's title."""
    ended = session.notice(ENDED)
    if ended and ended.title == run.id:
        session.clear_notice(ENDED)
        look = status.of_run(run, counts)
        # An alert is read out, stays, and covers nothing; a toast would lie over the next action.
        status.alert(look, f"{code(run.name)} stopped while this page was open.")
        # Under the strict policy no page may ask for notifications of the system, so whoever has
        # gone to another tab is told by this one's title, until the next thing done here.
        st.set_page_config(page_title=f"({look.word}) {run.name}")


def _bar(run: RunView) -> None:
    counts = run.counts
    share = counts.settled / counts.entries if counts.entries else 0.0
    left = get_runtime().ledger.remaining(run.id)
    st.progress(min(1.0, share), text=sentence(run, left))
    count_badges(counts)


def sentence(run: RunView, left: Estimate | None) -> str:
    """Return the progress in words."""
    counts = run.counts
    words = f"{number(counts.settled)} of {count(counts.entries, 'entry')}"
    if counts.failed:
        words += f", {number(counts.failed)} failed"
    return f"{words}, {time_left(left)}" if left else words


def time_left(left: Estimate) -> str:
    """Return an estimate in words, as a range where the pace varies."""
    low, high = duration(left.low), duration(left.high)
    return f"about {high} left" if low == high else f"{low} to {high} left"


def count_badges(counts: Counts) -> None:
    """Draw how many entries ended how; zeros are left out."""
    shown = {
        Outcome.REGISTERED: counts.registered,
        Outcome.ALREADY_THERE: counts.already_there,
        Outcome.FAILED: counts.failed,
        Outcome.CANCELLED: counts.cancelled,
        Outcome.UNKNOWN: counts.unknown,
        Outcome.PENDING: counts.pending,
    }
    with st.container(horizontal=True, gap="xsmall"):
        for outcome, value in shown.items():
            if value:
                status.counted(status.OUTCOMES[outcome], value)


def _age(run: RunView) -> str:
    return f"Encord last answered {moment(run.heard_at)}." if run.heard_at else "No answer yet."
