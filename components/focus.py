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

#: Brings the focus back to a download that is made on click, once for each document: Streamlit
#: disables its button meanwhile, and a disabled button has no focus.
KEEPING: Final = """{
if (!window.keepsFocus) {
  window.keepsFocus = true;
  addEventListener("click", ({ target }) => {
    const button = target.closest(".stDownloadButton button");
    if (!button) return;
    new MutationObserver((changes, observer) => {
      if (button.disabled) return;
      observer.disconnect();
      if (document.activeElement === document.body) button.focus();
    }).observe(button, { attributeFilter: ["disabled"] });
  }, true);
}
document.currentScript.remove();
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


def keep() -> None:
    """Let downloads keep the focus, on all pages from now on."""
    st.html(f"<i hidden></i><script>{KEEPING}</script>", unsafe_allow_javascript=True)
