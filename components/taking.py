"""Take a manifest from this server or a bucket: the work, how far it is, and where it leads."""

import secrets

import streamlit as st

from components import manifests, mending, session
from components.connect_form import notice_of
from components.runtime import get_runtime
from components.text import code
from services.engine.errors import ConnectionProblem
from services.engine.sources import TakeOrder
from services.jobs import JobState


def start(order: TakeOrder, *, whisper: str = "") -> None:
    """Take a manifest; what it was when it was taken before does not count.

    Args:
        order: What to take.
        whisper: Who asks for an object, see `Sources.start`.
    """
    session.clear_notice("manifest")
    name = secrets.token_hex(8)
    try:
        state = get_runtime().sources.start(order, name, whisper=whisper)
    except ConnectionProblem as problem:
        session.notify("manifest", notice_of(problem))
        return
    session.take(name)
    if state.phase != "running":
        _finish(name, state)


def progress() -> bool:
    """Draw what this session takes; tell whether it does."""
    name = session.takes()
    if name is None:
        return False
    state = get_runtime().sources.state(name)
    if state.phase == "running":
        st.fragment(_watch, run_every=mending.EVERY, key="taking")(name)
    else:
        _finish(name, state)
        st.rerun()
    return True


def _finish(name: str, state: JobState) -> None:
    session.take(None)
    if state.phase == "done":
        manifests.go_to(get_runtime().sources.taken(name))
    else:
        body = code(state.message or "The work was interrupted. Try again.")
        session.notify("manifest", session.Notice(title="No manifest was taken", body=body))


def _watch(name: str) -> None:
    if get_runtime().sources.state(name).phase != "running":
        st.rerun()
    with st.container(border=True):
        st.markdown(":material/progress_activity: **Reading the manifest**")
        st.button(
            "Cancel",
            key="cancel_taking",
            icon=":material/cancel:",
            on_click=get_runtime().sources.cancel,
            args=(name,),
        )
