"""The first thing a newcomer sees: what this is, that it is a sandbox, and the one way in."""

import streamlit as st

from components import connection, glossary, layout, navigation, status, tour
from services.ledger.views import OverviewView


def is_due(overview: OverviewView) -> bool:
    """Tell whether nothing has happened in the sandbox yet."""
    return tour.is_possible() and not tour.is_on() and not overview.runs


def show(*, key: str) -> None:
    """Draw the welcome."""
    with layout.card_box("From files in a bucket to a proven dataset", key=key):
        st.markdown(
            "Check a manifest of files before anything is sent, register the files in Encord, "
            "retry what failed, link them to a dataset, and prove by URL that every one arrived."
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            status.badge(status.SANDBOX)
            connection.demo_mark()
            st.caption(
                f"{glossary.meaning('sandbox')} Nothing leaves it; no account is needed.",
                width="stretch",
            )
        st.markdown(
            "The tour goes through the real pages with a manifest that has mistakes and a bucket "
            "with faults. It takes about three minutes; its run, dataset and receipt stay."
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            tour.start_button(key=f"{key}_start", primary=True)
            navigation.button(
                "manifest", "Check a manifest of your own", key=f"{key}_own", quiet=True
            )
            navigation.button("connect", "Connect to Encord", key=f"{key}_connect", quiet=True)
