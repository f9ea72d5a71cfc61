"""How a run went over time and what failed, as plots with their figures in tables behind them."""

from typing import Any, Final

import pandas as pd
import streamlit as st

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
    # Streamlit's own line chart adds marks for the pointer that screen readers stumble over.
    st.vega_lite_chart(
        frame.melt(unit, var_name="Outcome", value_name="Entries"),
        _lines(unit),
        alt=f"Settled and failed entries over time, {count(len(points), 'answer')} of Encord",
    )
    with st.expander("The figures", type="compact"):
        st.dataframe(frame, hide_index=True, height=300, alt="Settled and failed entries by time")


def _lines(unit: str) -> dict[str, Any]:
    scale = {"domain": list(COLORS), "range": list(COLORS.values())}
    legend = {"orient": "top", "title": None}
    return {
        "height": 240,
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": {"field": unit, "type": "quantitative", "title": f"{unit} since the first answer"},
            "y": {"field": "Entries", "type": "quantitative"},
            "color": {"field": "Outcome", "scale": scale, "legend": legend},
        },
    }


def _by_cause(run: RunView) -> None:
    groups = get_runtime().ledger.causes(run.id)
    if not groups:
        return
    frame = pd.DataFrame([{"Cause": each.cause.title, "Entries": each.count} for each in groups])
    st.markdown("**Failures by cause**")
    st.vega_lite_chart(frame, _bars(len(groups)), alt="Failed entries by cause")
    with st.expander("The figures by cause", type="compact"):
        st.dataframe(frame, hide_index=True, alt="Failed entries by cause")


def _bars(causes: int) -> dict[str, Any]:
    axis = {"labelLimit": 190, "title": None}
    return {
        "height": 48 * causes + 60,
        "mark": {"type": "bar", "color": COLORS["Failed"], "height": 18},
        "encoding": {
            "y": {"field": "Cause", "type": "nominal", "sort": "-x", "axis": axis},
            "x": {"field": "Entries", "type": "quantitative", "axis": {"tickMinStep": 1}},
        },
    }
