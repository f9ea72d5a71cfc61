"""Work that goes on beside the page, looked at again and again until it is over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import streamlit as st

from components import layout
from components.parts import draw_page_anew, part
from components.text import code
from services.jobs import JobState

#: How often a page looks at work under way.
EVERY: Final = timedelta(seconds=0.5)
Read = Callable[[], JobState]


def until(
    is_over: Callable[[], bool], draw: Callable[[], object], *, key: str | None = None
) -> None:
    """Draw what is under way again and again; once it is over, the whole page is drawn anew.

    Args:
        is_over: Tells whether it is over.
        draw: Draws how far it is.
        key: Names this part of the page, where its place does not.
    """

    def look() -> None:
        if is_over():
            draw_page_anew()
        draw()

    part(look, every=EVERY, key=key)


def show(
    read: Read,
    *,
    title: str,
    cancel: Callable[[], None] | None,
    key: str,
    doing: str = "Under way",
    stop: str = "Stop",
) -> bool:
    """Draw a job under way, with a way to stop it if it has one; tell whether there is any.

    Args:
        read: Returns how far the work is.
        title: What is done, in a few words of ours.
        cancel: Asks the work to stop; None for short work that nobody stops.
        key: Names the widgets.
        doing: What just happens.
        stop: The label of the button that stops it.
    """
    if read().phase != "running":
        return False

    def draw() -> None:
        state = read()
        with st.container(border=True):
            st.markdown(f"**{title}**")
            st.progress(state.progress, text="Stopping" if state.is_stopping else doing)
            st.caption("It goes on without this page: you can close it.")
            if cancel:
                st.button(
                    stop,
                    key=f"{key}_stop",
                    icon=":material/cancel:",
                    disabled=state.is_stopping,
                    on_click=cancel,
                )

    until(lambda: read().phase != "running", draw, key=key)
    return True


def failure(state: JobState, *, title: str) -> None:
    """Say why work ended without an answer."""
    if state.phase == "failed":
        layout.error(title, code(state.message))
