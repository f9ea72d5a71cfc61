"""What Encord answers to a page: waited for a moment, then shown as loading, or as refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar, cast

import streamlit as st

from components import layout
from components.connect_form import notice_of
from components.runtime import get_background
from services.engine.errors import ConnectionProblem

EVERY: Final = timedelta(seconds=0.5)
#: How long the page waits before it shows that it does, in seconds.
PATIENCE: Final = 2.0
T = TypeVar("T")


def of_encord(name: str, ask: Callable[[], T]) -> T | None:
    """Return the answer; until there is one, draw that it is waited for, or why there is none.

    Args:
        name: What is asked, told apart from everything else that is.
        ask: Asks it; raises `ConnectionProblem`.
    """
    background = get_background()
    if background.phase(name) != "failed":  # asked again only under another name
        background.start(name, ask)
    if background.phase(name, patience=PATIENCE) == "running":
        st.fragment(_waiting, run_every=EVERY)(name)
        return None
    try:
        return cast("T", background.result(name))
    except ConnectionProblem as problem:
        said = notice_of(problem)
        layout.error(said.title, said.body, reference=said.reference, symptom=said.symptom)
        return None


def _waiting(name: str) -> None:
    if get_background().phase(name) != "running":
        st.rerun()
    st.caption("Waiting for Encord")
    st.skeleton(height=160)
