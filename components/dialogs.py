"""Dialogs that stay open until somebody closes them, whatever happens on the page behind.

Streamlit closes a dialog whenever the whole page is drawn anew, and parts of it have that done once
work is over. They wait while a dialog is open: closing one draws the page anew in any case.
"""

from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec

import streamlit as st

from components import session

_Given = ParamSpec("_Given")


def _dismissed() -> None:
    session.set_dialog(is_open=False)


def dialog(
    title: str, *, width: Literal["small", "medium", "large"] = "small"
) -> Callable[[Callable[_Given, None]], Callable[_Given, None]]:
    """Make a function that draws what a dialog holds one that opens it.

    Args:
        title: Stands at its top.
        width: How wide it is.
    """

    def decorate(draw: Callable[_Given, None]) -> Callable[_Given, None]:
        opened = st.dialog(title, width=width, on_dismiss=_dismissed)(draw)

        @wraps(draw)
        def ask(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
            session.set_dialog(is_open=True)
            opened(*args, **kwargs)

        return ask

    return decorate
