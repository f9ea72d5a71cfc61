"""What is worked out beside the page: waited for a moment, then shown as loading, or as failed."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar, cast

import streamlit as st

from components import layout, problems, session, watching
from components.background import Phase
from components.runtime import get_background
from services.engine.errors import ConnectionProblem

#: How long the page waits before it shows that it does, in seconds.
PATIENCE: Final = 2.0
T = TypeVar("T")
log = logging.getLogger(__name__)


def of_encord(name: str, ask: Callable[[], T]) -> T | None:
    """Return the answer; until there is one, draw that it is waited for, or why there is none.

    Args:
        name: What is asked, told apart from everything else that is.
        ask: Asks it; raises `ConnectionProblem`.
    """
    if wait_for(name, ask, waiting="Waiting for Encord") == "running":
        return None
    try:
        return cast("T", get_background().result(name))
    except ConnectionProblem as problem:
        problems.show(problem)
        return None


def of_work(name: str, work: Callable[[], T], *, waiting: str, failed: str) -> T | None:
    """Return what work of our own found; until then, draw that it goes on, or a way to try again.

    Args:
        name: What is worked out, told apart from everything else that is.
        work: Works it out.
        waiting: What goes on, in a few words of ours.
        failed: The title of what is said when it ended without an answer.
    """
    named = f"{name} {session.nonce(name)}"
    phase = wait_for(named, partial(_logged, work), waiting=waiting)
    if phase == "done":
        return cast("T", get_background().result(named))
    if phase == "failed":
        layout.error(failed, "Try again. If it comes back, the server's log says why.")
        st.button(
            "Try again",
            key=f"again_{name}",
            icon=":material/refresh:",
            on_click=session.renew_nonce,
            args=(name,),
        )
    return None


def _logged(work: Callable[[], T]) -> T:
    try:
        return work()
    except Exception:
        log.exception("work beside a page failed")
        raise


def wait_for(
    name: str, work: Callable[[], object], *, waiting: str, fresh: timedelta | None = None
) -> Phase:
    """Start work unless it is known, and say how far it is; draw that it goes on while it does.

    What failed is tried again only under another name: a page that waits would do so forever.
    """
    background = get_background()
    if background.phase(name) != "failed":
        background.start(name, work, fresh=fresh)
    phase = background.phase(name, patience=PATIENCE)
    if phase == "running":
        watching.until(lambda: background.phase(name) != "running", partial(draw_waiting, waiting))
    return phase


def draw_waiting(words: str) -> None:
    """Draw that something goes on, of which nobody knows how far it is."""
    st.caption(words)
    st.skeleton(height=160)
