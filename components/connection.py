"""The connection this session works with, and its mark in the sidebar."""

import streamlit as st

from components import glossary, session, status
from components.runtime import get_runtime
from services.engine.connections import Connection


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
        _lost() if session.connection_id() else _waiting()
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


@st.fragment(run_every=1)
def _waiting() -> None:
    if current() is not None:
        st.rerun()
    st.caption("Connection")
    if get_runtime().settings.sandbox:
        status.badge(status.STARTING)
    else:
        status.badge(status.NOT_CONNECTED)
