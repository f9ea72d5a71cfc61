"""The connection this session works with, and its mark in the sidebar."""

import streamlit as st

from components import glossary, session
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
        st.badge("Sandbox", icon=":material/science:", color="orange")
        demo_mark()
    elif connection.label.startswith("Encord "):
        st.badge(connection.label, icon=":material/check_circle:", color="green")
    else:
        st.badge("Own domain", icon=":material/check_circle:", color="green")
        st.text(connection.label)


def demo_mark() -> None:
    """Draw the mark of everything that is not anybody's real data."""
    st.badge("Demo data", icon=":material/dataset:", color="gray")


def _lost() -> None:
    st.caption("Connection")
    st.badge("Key forgotten", icon=":material/key_off:", color="orange")
    st.caption("The key of this connection was forgotten. Give it again, or choose another one.")


@st.fragment(run_every=1)
def _waiting() -> None:
    if current() is not None:
        st.rerun()
    st.caption("Connection")
    if get_runtime().settings.sandbox:
        st.badge("Starting the sandbox", icon=":material/progress_activity:", color="gray")
    else:
        st.badge("Not connected", icon=":material/link_off:", color="gray")
