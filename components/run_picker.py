"""Choose the run a page works on; the choice is in the URL."""

import streamlit as st

from components import links, session
from components.runtime import get_runtime
from components.text import stamp
from services.ledger.views import RunView

OFFERED = 50


def pick(page: str) -> RunView | None:
    """Draw the choice of first runs (their retries belong to them) and return the chosen one."""
    ledger = get_runtime().ledger
    chosen = links.run()
    if chosen and chosen.parent:
        chosen = ledger.run(chosen.parent) or chosen
    runs = [run for run in ledger.runs(limit=OFFERED).rows if run.parent is None]
    if chosen is None:
        chosen = runs[0] if runs else None
    if chosen is None:
        return None
    if chosen.id not in {run.id for run in runs}:
        runs.insert(0, chosen)
    named = {run.id: f"{run.name}, {stamp(run.created_at)}" for run in runs}
    key = f"{page}_run_{chosen.id}"
    st.selectbox(
        "Run",
        list(named),
        index=list(named).index(chosen.id),
        format_func=lambda run: named.get(run, run),
        key=key,
        on_change=_choose,
        args=(page, key),
    )
    return chosen


def _choose(page: str, key: str) -> None:
    run = str(session.value(key))
    session.use_run(run)
    session.go_to(page, run=run)
