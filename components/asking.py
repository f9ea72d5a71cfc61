"""What adopting and rescuing a run share: a dialog that asks what from."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from components import connection, layout, session
from services.engine.connections import Connection


def opener(label: str, ask: Callable[[Connection], None], *, place: str, icon: str) -> None:
    """Draw the quiet button that opens the dialog; it needs a connection."""
    current = connection.current()
    opened = st.button(label, key=place, type="tertiary", icon=icon, disabled=current is None)
    if opened and current:
        session.clear_notice(place)
        ask(current)


def lost(title: str, points: str) -> None:
    """Say beforehand what cannot be known."""
    with st.container(gap="xsmall"):
        st.markdown(f"**{title}**")
        st.markdown(points)


def confirm(
    label: str, act: Callable[..., None], args: tuple[Any, ...], *, place: str, icon: str
) -> None:
    """Draw the button that does it; the dialog closes unless something is to be said in it."""
    layout.notice(place)
    asked = st.button(label, key=f"{place}_yes", type="primary", icon=icon, on_click=act, args=args)
    if asked and session.notice(place) is None:
        st.rerun()
