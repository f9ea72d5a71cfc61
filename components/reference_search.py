"""The search of the Reference page; the lists it narrows draw themselves."""

import streamlit as st

from components import reference_codes, reference_symptoms


def ask() -> str:
    """Draw the field, and return what is looked for; empty when nothing is."""
    wanted = st.text_input(
        "Search",
        key="reference_find",
        bind="query-params",
        placeholder="A symptom, a code, a word of a message, or a term",
        icon=":material/search:",
        on_change=_look_at_everything,
    )
    return wanted or ""


def _look_at_everything() -> None:
    """Forget what a link chose before: a search looks at all there is."""
    reference_codes.show_all()
    reference_symptoms.show_all()
