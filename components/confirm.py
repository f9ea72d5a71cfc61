"""Ask before something that cannot be taken back."""

from collections.abc import Callable

import streamlit as st

from components.dialogs import dialog


def button(
    label: str,
    *,
    key: str,
    title: str,
    body: str,
    confirm: str,
    on_confirm: Callable[[], None],
    icon: str | None = None,
) -> None:
    """Draw a button that opens a dialog; only its second button calls `on_confirm`."""

    @dialog(title)
    def ask() -> None:
        st.write(body)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button("Go back", key=f"{key}_no"):
                st.rerun()
            if st.button(confirm, key=f"{key}_yes", type="primary", on_click=on_confirm):
                st.rerun()

    if st.button(label, key=key, icon=icon):
        ask()
