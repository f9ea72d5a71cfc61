"""The connection this session works with, and its mark in the sidebar."""

from datetime import timedelta
from typing import Final

import streamlit as st

from components import glossary, session, status
from components.parts import draw_page_anew, part
from components.runtime import get_runtime
from services.engine.connections import Connection

#: How often the sidebar looks whether the sandbox has started.
_EVERY: Final = timedelta(seconds=1)


def current() -> Connection | None:
    """Return the connection in use; None while there is none to use.

    What this session chose is never replaced by another account in silence.
    """
    connections, chosen = get_runtime().connections, session.connection_id()
    return connections.get(chosen) if chosen else connections.default()


def footer() -> None:
    """Draw the connection at the foot of the sidebar; wait for the sandbox while it starts."""
    connection = current()
    if connection is None:
        if session.connection_id():
            _lost()
        else:
            part(_waiting, every=_EVERY)
        return
    with st.container(gap="xsmall", key="connection_footer"):
        st.caption("Connection")
        with st.container(horizontal=True, gap="xsmall"):
            _mark(connection)
        if connection.kind == "sandbox":
            st.caption(f"{glossary.meaning('sandbox')} Nothing leaves it.")


def _mark(connection: Connection) -> None:
    if connection.kind == "sandbox":
        status.badge(status.SANDBOX)
        demo_mark()
    elif connection.label.startswith("Encord "):
        status.badge(status.ENCORD, connection.label)
    else:
        status.badge(status.OWN_DOMAIN)
        st.text(connection.label)


def demo_mark() -> None:
    """Draw the mark of everything that is not anybody's real data."""
    status.badge(status.DEMO_DATA)


def _lost() -> None:
    st.caption("Connection")
    status.badge(status.KEY_FORGOTTEN)
    st.caption("The key of this connection was forgotten. Give it again, or choose another one.")


def _waiting() -> None:
    if current() is not None:
        draw_page_anew()
    st.caption("Connection")
    if get_runtime().settings.sandbox:
        status.badge(status.STARTING)
    else:
        status.badge(status.NOT_CONNECTED)
