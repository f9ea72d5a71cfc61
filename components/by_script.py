"""The quiet button beside an action that shows the program and the command that do the same."""

import streamlit as st

from services.domain.scripts.script import Place, Script
from services.engine.connections import Connection

ABOUT = "Run it in the folder of this program. No key is in it: ENCORD_SSH_KEY_FILE names the file."


def show(script: Script, *, key: str) -> None:
    """Draw the button; the program and the command are in what it opens."""
    with st.popover(
        "Do this by script", icon=":material/terminal:", type="tertiary", key=key, width="content"
    ):
        st.caption(ABOUT)
        if script.command:
            st.caption("Command line")
            # The colors of highlighted code have too little contrast.
            st.code(script.command, language=None, wrap_lines=True)
        st.caption("Python")
        st.code(script.python, language=None, wrap_lines=True)


def place(current: Connection) -> Place:
    """Return a connection as a script names it."""
    return Place(domain=current.domain, is_sandbox=current.kind == "sandbox")
