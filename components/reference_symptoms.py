"""Troubleshooting by symptom: the list that a search narrows, and each symptom in full."""

from typing import Final

import streamlit as st

from components import layout, navigation, session
from components.text import count
from services.domain.symptoms import GROUPS, SYMPTOMS, Symptom, search

ANY: Final = "All symptoms"


def show(words: str) -> None:
    """Draw the choice of a symptom, then those that match, group by group."""
    chosen = st.selectbox(
        "Symptom", [ANY, *SYMPTOMS], key="symptom", bind="query-params", width=300
    )
    found = [SYMPTOMS[chosen]] if chosen != ANY else search(words)
    if not found:
        layout.filtered_out({"reference_find": "", "symptom": ANY}, key="symptoms")
        return
    st.caption(f"{len(found)} of {count(len(SYMPTOMS), 'symptom')}")
    for heading, group in GROUPS.items():
        shown = [symptom for symptom in group if symptom in found]
        if shown:
            st.subheader(heading, anchor=False)
        for symptom in shown:
            _entry(symptom, open_at_once=len(found) == 1)


def show_all() -> None:
    """Let go of the chosen symptom, so that a search is over all of them."""
    session.set_value("symptom", ANY)


def _entry(symptom: Symptom, *, open_at_once: bool) -> None:
    box = st.expander(
        f"**{symptom.title}**",
        expanded=open_at_once,
        key=f"symptom_{symptom.code}_{open_at_once}",
        on_change="rerun",
    )
    if box.open:
        with box:
            _explain(symptom)


def _explain(symptom: Symptom) -> None:
    for heading, words in (("What you see", symptom.seen), ("Why", symptom.why)):
        with st.container(gap=None):
            st.caption(heading)
            st.text(words)
    with st.container(gap=None):
        st.caption("What to do, the likeliest first")
        for place, step in enumerate(symptom.steps, 1):
            st.text(f"{place}. {step}")
    with st.container(horizontal=True, gap="small"):
        navigation.link(
            symptom.page,
            f"Open {navigation.title(symptom.page)}",
            icon=":material/arrow_forward:",
        )
        for other in symptom.see:
            # Not a link: on its own page a list keeps its choice, whatever the address says.
            st.button(
                f"See also: {SYMPTOMS[other].title}",
                key=f"see_{symptom.code}_{other}",
                type="tertiary",
                on_click=session.set_value,
                args=("symptom", other),
            )
