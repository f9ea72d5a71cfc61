"""The check of a manifest while it runs, and what to say when it did not finish."""

from functools import partial

import streamlit as st

from components import layout, manifests, watching
from components.runtime import get_runtime
from services.jobs import JobState


def show(fingerprint: str, *, key: str) -> None:
    """Draw the progress of a check, or why there is none."""
    if watching.show(
        partial(_state, fingerprint),
        title="Checking the manifest",
        doing="Reading every entry",
        stop="Cancel the check",
        cancel=partial(_cancel, fingerprint),
        key=key,
    ):
        return
    if _state(fingerprint).phase == "failed":
        layout.error(
            "The check did not finish",
            "The manifest is stored and nothing was sent. Check it again.",
        )
        _check_again(fingerprint, key=key)
    else:
        # Somebody may just have started it, or it may have ended since we looked.
        watching.until(
            lambda: _state(fingerprint).phase != "none",
            lambda: _not_checked(fingerprint, key=key),
            key=f"{key}_none",
        )


def _not_checked(fingerprint: str, *, key: str) -> None:
    layout.empty_state(
        icon=":material/fact_check:",
        title="Not checked yet",
        body="Nothing is sent to Encord before a check.",
        action=lambda: _check_again(fingerprint, key=key),
    )


def _state(fingerprint: str) -> JobState:
    return get_runtime().manifests.check_state(fingerprint, manifests.options(fingerprint))


def _cancel(fingerprint: str) -> None:
    get_runtime().manifests.cancel_check(fingerprint, manifests.options(fingerprint))


def _check_again(fingerprint: str, *, key: str) -> None:
    st.button(
        "Check the manifest",
        key=f"{key}_again",
        type="primary",
        on_click=manifests.start,
        args=(fingerprint,),
    )
