"""Take a manifest from this server or a bucket: the work, how far it is, and where it leads."""

import secrets
from functools import partial

import streamlit as st

from components import manifests, session, watching
from components.problems import notice_of
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
    sources = get_runtime().sources
    if not watching.show(
        partial(sources.state, name),
        title="Reading the manifest",
        stop="Cancel",
        cancel=partial(sources.cancel, name),
        key="taking",
    ):
        _finish(name, sources.state(name))
        st.rerun()
    return True


def _finish(name: str, state: JobState) -> None:
    session.take(None)
    if state.phase == "done":
        manifests.go_to(get_runtime().sources.taken(name))
    else:
        body = code(state.message or "The work was interrupted. Try again.")
        session.notify("manifest", session.Notice(title="No manifest was taken", body=body))
