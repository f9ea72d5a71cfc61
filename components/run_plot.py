"""How a run went over time and what failed, as plots with their figures in tables behind them."""

from typing import Final

import pandas as pd
import streamlit as st

from components import plots
from components.runtime import get_runtime
from components.text import count
from services.ledger.views import RunView

FEWEST: Final = 2
#: From this many seconds on, the plot counts in minutes.
LONG: Final = 300
COLORS: Final = {"Settled": "#0E8A5F", "Failed": "#D03A3A"}


def show(run: RunView) -> None:
    """Draw progress over time, and failures by cause where there are any."""
    _over_time(run)
    _by_cause(run)


def _over_time(run: RunView) -> None:
    points = get_runtime().ledger.progress(run.id)
    if len(points) < FEWEST:
        st.caption("There is too little to draw: the plot appears with Encord's second answer.")
        return
    seconds = [(point.at - points[0].at).total_seconds() for point in points]
    unit, size = ("Minutes", 60) if seconds[-1] > LONG else ("Seconds", 1)
    frame = pd.DataFrame(
        {
            unit: [value / size for value in seconds],
            "Settled": [point.settled for point in points],
            "Failed": [point.failed for point in points],
        }
    )
    st.markdown("**Entries over time**")
    plots.lines(
        frame,
        COLORS,
        title=f"{unit} since the first answer",
        alt=f"Settled and failed entries over time, {count(len(points), 'answer')} of Encord",
    )


def _by_cause(run: RunView) -> None:
    groups = get_runtime().ledger.causes(run.id)
    if not groups:
        return
    frame = pd.DataFrame([{"Cause": each.cause.title, "Entries": each.count} for each in groups])
    st.markdown("**Failures by cause**")
    plots.bars(frame, alt="Failed entries by cause", color=COLORS["Failed"], label=190)
