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
    run_list.nothing_yet()
with st.container(horizontal=True, gap="small"):
    adopt.button()
    rescue.button()
