"""Choose the run a page works on; the choice is in the URL."""

import streamlit as st

from components import glossary, links, session
from components.runtime import get_runtime
from components.text import moment, stamp, told_apart
from services.ledger.views import RunView

OFFERED = 50


def chosen() -> RunView | None:
    """Return the run that was chosen, else the newest; of a retry the run it belongs to."""
    ledger = get_runtime().ledger
    run = links.run() or next(iter(ledger.newest(limit=1)), None)
    return ledger.run(run.parent) or run if run and run.parent else run


def show(page: str, chosen: RunView | None) -> None:
    """Draw the choice of first runs (their retries belong to them); nothing while there is none."""
    if chosen is None:
        return
    runs = get_runtime().ledger.first_runs(limit=OFFERED)
    if chosen.id not in {run.id for run in runs}:
        runs.insert(0, chosen)
    named = told_apart({run.id: f"{run.name}, {stamp(run.created_at)}" for run in runs})
    key = f"{page}_run_{chosen.id}"
    st.selectbox(
        "Run",
        list(named),
        index=list(named).index(chosen.id),
        format_func=lambda run: named.get(run, run),
        key=key,
        help=glossary.meaning("run"),
        on_change=_choose,
        args=(page, key),
    )
    st.caption(f"Submitted {moment(chosen.created_at)}")


def _choose(page: str, key: str) -> None:
    run = str(session.value(key))
    session.use_run(run)
    session.go_to(page, run=run)
