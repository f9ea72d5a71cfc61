"""Work that goes on in a process of its own, while a page watches it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import streamlit as st

from components import layout
from components.text import code
from services.jobs import JobState

EVERY: Final = timedelta(seconds=0.5)
Read = Callable[[], JobState]


def show(read: Read, *, title: str, cancel: Callable[[], None] | None, key: str) -> bool:
    """Draw work under way, with a way to stop it if it has one; tell whether there is any.

    Args:
        read: Returns how far the work is.
        title: What is done, in a few words of ours.
        cancel: Asks the work to stop; None for short work that nobody stops.
        key: Names the widgets.
    """
    if read().phase != "running":
        return False
    st.fragment(_running, run_every=EVERY, key=key)(read, title, cancel, key)
    return True


def _running(read: Read, title: str, cancel: Callable[[], None] | None, key: str) -> None:
    state = read()
    if state.phase != "running":
        st.rerun()
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.progress(state.progress, text="Under way")
        st.caption("It goes on without this page: you can close it.")
        if cancel:
            st.button("Stop", key=f"{key}_stop", icon=":material/cancel:", on_click=cancel)


def failure(state: JobState, *, title: str) -> None:
    """Say why work ended without an answer."""
    if state.phase == "failed":
        layout.error(title, code(state.message))
