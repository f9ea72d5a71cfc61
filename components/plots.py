"""Plots of counts, each with its figures in a table behind it: there is no other way to draw."""

from typing import Any, Final

import pandas as pd
import streamlit as st

from components.text import number

#: The one color of these plots: it says nothing, and reads on light and on dark.
COLOR: Final = "#6366F1"
#: Texts of bars are cut on the axis; the figures have them whole.
LABEL: Final = 150
HEIGHT: Final = 190
#: What the legend and the title of an axis take of it.
AROUND: Final = 60
#: Lines are told apart by their strokes too, for whoever does not see their colors.
STROKES: Final = ([1, 0], [6, 4], [2, 2])
ROW: Final = 26
#: Rows of figures: a page carries them whether or not somebody opens them.
MOST_FIGURES: Final = 1_000
_COUNTS: Final = {"title": None, "tickCount": 3, "tickMinStep": 1, "format": ",d"}


def bars(
    frame: pd.DataFrame,
    *,
    alt: str,
    color: str = COLOR,
    label: int = LABEL,
    most: int | None = None,
    rest: str = "",
) -> None:
    """Draw how many entries or items have each value.

    Args:
        frame: A column of values, then one of counts, in the order to draw.
        alt: What a screen reader says instead.
        color: Of the bars, where it says something.
        label: How much room the values have, in pixels.
        most: How many are drawn, None for all; the figures have all of them.
        rest: The name of one more bar for those that are not drawn, where counts add up.
    """
    value, counts = map(str, frame.columns)
    drawn, left = (frame, frame[:0]) if most is None else (frame[:most], frame[most:])
    if rest and len(left):
        drawn = pd.concat([drawn, pd.DataFrame({value: [rest], counts: [left[counts].sum()]})])
    axis = {"title": None, "labelLimit": label, "labelOverlap": False}
    encoding = {
        "y": {"field": value, "type": "nominal", "sort": None, "axis": axis},
        "x": {"field": counts, "type": "quantitative", "axis": _COUNTS},
        "tooltip": [{"field": value}, {"field": counts, "format": ",d"}],
    }
    mark = {"type": "bar", "color": color, "height": {"band": 0.6}, "cornerRadiusEnd": 2}
    height = ROW * len(drawn) + 50
    st.vega_lite_chart(drawn, {"height": height, "mark": mark, "encoding": encoding}, alt=alt)
    if len(left):
        together = "together as one bar, each in the figures" if rest else "in the figures only"
        st.caption(f"{number(len(left))} more, {together}.")
    _figures(frame, alt=alt)


def histogram(frame: pd.DataFrame, bounds: pd.DataFrame, *, is_time: bool, alt: str) -> None:
    """Draw how many values lie in each range.

    Args:
        frame: `From` and `To` in words, and `Entries`.
        bounds: The same ranges as numbers, `start` and `end`; milliseconds since 1970 for times.
        is_time: Whether the axis is one of time.
        alt: What a screen reader says instead.
    """
    axis: dict[str, Any] = {"title": None, "grid": False, "tickCount": 6}
    x: dict[str, Any] = {"field": "start", "type": "quantitative", "scale": {"zero": False}}
    if is_time:
        x |= {"type": "temporal", "scale": {"type": "utc"}}
    encoding = {
        "x": {**x, "axis": axis},
        "x2": {"field": "end"},
        "y": {"field": "Entries", "type": "quantitative", "axis": _COUNTS},
        "y2": {"datum": 0},
        "tooltip": [{"field": name} for name in ("From", "To", "Entries")],
    }
    spec = {"height": HEIGHT, "mark": {"type": "rect", "color": COLOR}, "encoding": encoding}
    st.vega_lite_chart(pd.concat([frame, bounds], axis="columns"), spec, alt=alt)
    _figures(frame, alt=alt)


def lines(frame: pd.DataFrame, colors: dict[str, str], *, title: str, alt: str) -> None:
    """Draw how counts go over time.

    Args:
        frame: A column of times as numbers, then one of counts for each of `colors`.
        colors: The color of each line, by its column; at most as many as there are `STROKES`.
        title: What the times count.
        alt: What a screen reader says instead.
    """
    over = str(frame.columns[0])
    names = list(colors)
    legend = {"orient": "top", "title": None, "symbolType": "stroke", "symbolSize": 300}
    told = {"field": "Outcome", "legend": legend}
    encoding = {
        "x": {
            "field": over,
            "type": "quantitative",
            "axis": {"title": title, "grid": False, "tickCount": 6},
        },
        "y": {"field": "Entries", "type": "quantitative", "axis": _COUNTS},
        "color": {**told, "scale": {"domain": names, "range": list(colors.values())}},
        "strokeDash": {**told, "scale": {"domain": names, "range": STROKES[: len(names)]}},
    }
    mark = {"type": "line", "strokeWidth": 2}
    # Streamlit's own line chart adds marks for the pointer that screen readers stumble over.
    st.vega_lite_chart(
        frame.melt(over, var_name="Outcome", value_name="Entries"),
        {"height": HEIGHT + AROUND, "mark": mark, "encoding": encoding},
        alt=alt,
    )
    _figures(frame, alt=alt)


def _figures(frame: pd.DataFrame, *, alt: str) -> None:
    """Offer the figures behind a plot as a table."""
    with st.expander("The figures", type="compact"):
        shown = frame.head(MOST_FIGURES)
        if len(shown) < len(frame):
            st.caption(f"The first {number(len(shown))} of {number(len(frame))}.")
        numbers = frame.select_dtypes("number").columns
        st.dataframe(
            shown,
            hide_index=True,
            height=min(260, 35 * (len(shown) + 1) + 3),
            alt=f"{alt}: table",
            column_config={
                name: st.column_config.NumberColumn(format="localized") for name in numbers
            },
        )
