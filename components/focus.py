"""Bring the focus to what has to be read next, for people who do not see that it has appeared.

Streamlit has no call for it. The script is the same every time and the content security policy
names it by its hash, so that no other one runs.
"""

from typing import Final

import streamlit as st

#: Runs whenever its element is put on the page; what it brings the focus to stands beside it. It
#: does nothing for a turn that was told before, on another visit of the page or in another of its
#: tabs, and takes nobody away from what they type.
SCRIPT: Final = """{
const here = document.currentScript;
const turn = here.previousElementSibling.dataset.turn;
const told = (window.toldTurns ??= new Set());
const typing = "textarea, [contenteditable=true], input[type=password], input[type=number], "
  + "input[type=text]:not([aria-autocomplete])";
if (!told.has(turn) && !document.activeElement?.matches(typing)) {
  const summary = here.closest(".stVerticalBlock").querySelector(".stAlertContainer");
  summary.tabIndex = -1;
  summary.focus();
}
told.add(turn);
here.remove();
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
