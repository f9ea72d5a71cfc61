"""The fault panel: what goes wrong with calls to come, planned by hand."""

import time
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, session, tables
from services.demo_studio.faults import CALLS, KINDS, Fault, planned
from services.demo_studio.studio import DemoStudio

_PLACE: Final = "demo_faults"
_LONGEST: Final = 600


def show(studio: DemoStudio) -> None:
    """Draw the form, and what is planned."""
    left, right = st.columns([2, 3], gap="medium")
    with left, layout.card_box("Let something go wrong", key="fault"):
        _form(studio)
    with right, layout.card_box("Planned", key="planned"):
        layout.notice(_PLACE)
        _table(studio, studio.planned())
        _jobs(studio)


def _form(studio: DemoStudio) -> None:
    with st.form("fault_form", border=False):
        st.selectbox("With", list(CALLS), key="fault_call")
        st.selectbox("What happens", list(KINDS), key="fault_kind")
        with st.container(horizontal=True):
            st.number_input("Of a hundred calls", 1, 100, 100, key="fault_share")
            st.number_input(
                "Times", 0, 1_000, 1, key="fault_times", help="0 goes on until it is over."
            )
            st.number_input("Begins in seconds", 0, _LONGEST, 0, key="fault_since")
            st.number_input(
                "Lasts seconds", 0, _LONGEST, 0, key="fault_lasts", help="0 has no end."
            )
        st.form_submit_button("Plan it", icon=":material/bolt:", on_click=_plan, args=(studio,))
    st.caption(
        "Chance follows the scenario's seed, so that the same calls meet the same faults again."
    )


def _plan(studio: DemoStudio) -> None:
    begins, lasts = _number("fault_since"), _number("fault_lasts")
    now = time.time()
    for fault in planned(
        str(session.value("fault_call")),
        str(session.value("fault_kind")),
        times=_number("fault_times") or None,
        probability=_number("fault_share") / 100,
        since=now + begins if begins else None,
        until=now + begins + lasts if lasts else None,
    ):
        studio.plan(fault)
    session.notify(
        _PLACE, session.Notice(title="Planned", body="The next such call meets it.", good=True)
    )


def _number(key: str) -> int:
    return int(session.value(key) or 0)


def _jobs(studio: DemoStudio) -> None:
    """Offer to let all jobs stand still: Encord answers, and nothing moves."""
    stalled = studio.is_stalled()
    st.button(
        "Let jobs go on" if stalled else "Stall every job",
        key=f"fault_stall_{stalled}",
        icon=":material/play_arrow:" if stalled else ":material/hourglass_disabled:",
        on_click=_stall,
        args=(studio, not stalled),
    )


def _stall(studio: DemoStudio, on: bool) -> None:  # noqa: FBT001 - Streamlit passes by place
    studio.stall(on=on)


def _table(studio: DemoStudio, faults: Sequence[Fault]) -> None:
    if not faults:
        st.caption("Nothing is planned: every call goes well.")
        return
    frame = pd.DataFrame(
        {
            "With": [fault.call_words for fault in faults],
            "What happens": [fault.words for fault in faults],
            "Times left": [f"{fault.times:,}" if fault.times else "all" for fault in faults],
            "Of a hundred": [f"{fault.probability:.0%}" for fault in faults],
        }
    )
    st.dataframe(frame, key="faults", alt="Faults that are planned", **tables.GRID)
    st.button(
        "Clear all faults",
        key="fault_clear",
        icon=":material/healing:",
        on_click=studio.clear_faults,
    )
