"""Parts of a page that are drawn by themselves: again and again, or when something in them is done.

No other module makes one.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVarTuple, Unpack

import streamlit as st

from components import session

_Given = TypeVarTuple("_Given")


def part(
    draw: Callable[[Unpack[_Given]], object],
    *given: *_Given,
    every: timedelta | None = None,
    key: str | None = None,
) -> None:
    """Draw a part in a place that the page itself keeps.

    A part may be asked for news before the browser has all of the page around it. Streamlit (1.67)
    then takes back what the page drew of the part and still tells the browser that the page is
    complete. The browser takes away what is there without a word about it, and everything behind a
    part that is missing moves up: the next part that is drawn where nothing is any more takes down
    the whole page. In a place of its own a missing part moves nothing.

    Args:
        draw: Draws it.
        given: What it is drawn from.
        every: How often it is drawn; only on what is done in it where there is no time.
        key: Names it, where its place does not.
    """
    with st.container():
        st.fragment(draw, run_every=every, key=key)(*given)


def draw_page_anew() -> None:
    """Draw the page around a part anew; not behind an open dialog, which that would close."""
    if not session.is_dialog_open():
        st.rerun()
