"""A field that searches: its text is in the address, where no signature of a URL stays."""

from collections.abc import Callable

import streamlit as st

from components import session
from services.domain.urls import without_signature


def ask(
    *,
    key: str,
    placeholder: str,
    label: str = "Search",
    on_change: Callable[[], None] | None = None,
) -> str:
    """Draw the field and return what is searched for; empty when nothing is.

    Args:
        key: Names the field, and its text in the address.
        placeholder: What can be searched for.
        label: What the field is for.
        on_change: Called when another text is searched for.
    """
    typed = str(session.value(key) or "")
    if typed != (bare := without_signature(typed)):
        session.set_value(key, bare)
    # What a link brought comes before what is set here, once: its signature goes with the next run.
    found = st.text_input(
        label,
        key=key,
        bind="query-params",
        placeholder=placeholder,
        icon=":material/search:",
        on_change=on_change,
    )
    return without_signature(found or "")


def text(key: str) -> str:
    """Return what is searched for now, which a callback has to ask for itself: see `session`."""
    return without_signature(session.typed(key))
