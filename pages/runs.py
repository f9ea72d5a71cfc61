"""Runs: find a run and open it."""

import streamlit as st

from components import adopt, layout, navigation, rescue, run_list
from components.runtime import get_runtime
from components.text import count

overview = get_runtime().ledger.overview()
layout.page_head(
    "Runs",
    f"{count(overview.runs, 'run')}, {overview.active:,} active",
    action=lambda: navigation.button(
        "submit", "New run", key="new_run", primary=True, icon=":material/add:"
    ),
    word="run",
)
if overview.runs:
    run_list.search_and_show(key="runs")
else:
    layout.empty_state(
        icon=":material/list_alt:",
        title="No run yet",
        body="A run is one submission of a manifest to a folder. Check a manifest to begin.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="first_manifest"),
    )
with st.container(horizontal=True, gap="small"):
    adopt.button()
    rescue.button()
