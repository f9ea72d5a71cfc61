"""What a presenter clicks in the sandbox: the tour, the demo manifest, a mended bucket, reset."""

import streamlit as st

from components import confirm, layout, manifest_source, session, tour
from components.runtime import get_runtime


def show(*, key: str) -> None:
    """Draw the demo's buttons; nothing without a sandbox."""
    demo = get_runtime().sandbox_demo
    if demo is None:
        return
    with layout.card_box("Demo data", key=key):
        layout.notice("demo")
        st.caption(
            "A manifest of 200 rows with five kinds of mistake, and a bucket in which three of "
            "its files fail. Mend the bucket to see the retry succeed."
        )
        with st.container(horizontal=True):
            tour.start_button(key=f"{key}_tour")
            st.button(
                "Use the demo manifest",
                key=f"{key}_manifest",
                icon=":material/science:",
                on_click=manifest_source.use_demo,
            )
            st.button(
                "Mend the bucket",
                key=f"{key}_mend",
                icon=":material/healing:",
                on_click=_mend,
            )
            reset_button(key=f"{key}_reset")


def reset_button(*, key: str) -> None:
    """Offer to start the sandbox over."""
    confirm.button(
        "Reset the sandbox",
        key=key,
        icon=":material/restart_alt:",
        title="Reset the sandbox?",
        body="Its folders, items and datasets go, and the demo bucket is as on the first "
        "day. Runs stay in the list; those that used the sandbox cannot go on.",
        confirm="Reset",
        on_confirm=_reset,
    )


def _mend() -> None:
    demo = get_runtime().sandbox_demo
    if demo:
        demo.mend()
        session.notify(
            "demo",
            session.Notice(
                title="The bucket is mended",
                body="The missing files are there and may be read. Retry what failed.",
                good=True,
            ),
        )


def _reset() -> None:
    demo = get_runtime().sandbox_demo
    if demo:
        demo.reset()
        session.notify(
            "demo",
            session.Notice(
                title="The sandbox is as on the first day", body="Start over.", good=True
            ),
        )
