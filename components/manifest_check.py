"""The check of a manifest while it runs, and what to say when it did not finish."""

from datetime import timedelta
from typing import Final

import streamlit as st

from components import layout, manifests
from components.runtime import get_runtime
from services.jobs import JobState

EVERY: Final = timedelta(seconds=0.5)


def show(fingerprint: str, *, key: str) -> None:
    """Draw the progress of a check, or why there is none."""
    phase = _state(fingerprint).phase
    if phase == "running":
        st.fragment(_running, run_every=EVERY, key=key)(fingerprint)
    elif phase == "failed":
        layout.error(
            "The check did not finish",
            "The manifest is stored and nothing was sent. Check it again.",
        )
        _check_again(fingerprint, key=key)
    else:
        layout.empty_state(
            icon=":material/fact_check:",
            title="Not checked yet",
            body="Nothing is sent to Encord before a check.",
            action=lambda: _check_again(fingerprint, key=key),
        )


def _state(fingerprint: str) -> JobState:
    return get_runtime().manifests.check_state(fingerprint, manifests.options(fingerprint))


def _running(fingerprint: str) -> None:
    state = _state(fingerprint)
    if state.phase != "running":
        st.rerun()
    with st.container(border=True):
        st.markdown("**Checking the manifest**")
        doing = "Stopping" if state.is_stopping else "Reading every entry"
        st.progress(min(1.0, max(0.0, state.progress)), text=doing)
        st.caption("The check goes on without this page: you can close it.")
        st.button(
            "Cancel the check",
            key="cancel_check",
            icon=":material/cancel:",
            disabled=state.is_stopping,
            on_click=get_runtime().manifests.cancel_check,
            args=(fingerprint, manifests.options(fingerprint)),
        )


def _check_again(fingerprint: str, *, key: str) -> None:
    st.button(
        "Check the manifest",
        key=f"{key}_again",
        type="primary",
        on_click=manifests.start,
        args=(fingerprint,),
    )
