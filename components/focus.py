"""Bring the focus to what has to be read next, for people who do not see that it has appeared.

Streamlit has no call for it. The script is the same every time and the content security policy
names it by its hash, so that no other one runs.
"""

from typing import Final

import streamlit as st

#: Runs when its element is put on the page; what it brings the focus to stands beside it.
SCRIPT: Final = """{
const beside = document.currentScript.closest(".stVerticalBlock");
const summary = beside.querySelector(".stAlertContainer");
summary.tabIndex = -1;
summary.focus();
}"""


def bring(turn: int) -> None:
    """Focus the alert of the surrounding container, once for each turn.

    Args:
        turn: Another one when there is something else to be read, or the same once more.
    """
    st.html(
        f'<i hidden data-turn="{turn}"></i><script>{SCRIPT}</script>',
        unsafe_allow_javascript=True,
    )
