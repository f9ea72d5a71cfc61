"""The sign-in in front of every page, where the server's secrets ask for one."""

import streamlit as st

from components.layout import empty_state, error
from components.runtime import get_damage


def require_sign_in() -> None:
    """Stop here until a person has signed in; without a configured sign-in, let everyone pass."""
    if getattr(st.user, "is_logged_in", True):
        return
    empty_state(
        icon=":material/lock:",
        title="Sign in to continue",
        body="This dashboard works with connected accounts.",
        action=_sign_in_button,
    )
    st.stop()


def require_whole_ledger() -> None:
    """Stop here while the ledger is damaged: what it says may be wrong."""
    damage = get_damage()
    if damage is None:
        return
    error("The ledger is damaged, so nothing is shown and nothing is sent", damage.remedy)
    with st.container(border=True, gap="xsmall", key="damage"):
        st.subheader("What was found", anchor=False)
        for sentence in damage.findings:
            st.text(sentence)
    st.stop()


def _sign_in_button() -> None:
    st.button("Sign in", key="sign_in", type="primary", on_click=st.login)
