"""A manifest as plots: what it is made of, which keys are filled, and what values they hold."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, mending, plots
from components.text import code, count
from services.domain.statistics import KeyStatistics, Share, Statistics
from services.manifests.checked import CheckedManifest
from services.manifests.repair import MeasureOrder

#: Keys whose values are drawn at a time.
PLOTS: Final = 6
MOST_BARS: Final = 10
#: So many keys are all in sight; more are scrolled, in so many pixels.
SHORT: Final = 9
TALL: Final = 330
#: Up to here every digit of a whole number is shown.
EXACT: Final = 1e15


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the plots; the figures are counted when somebody looks at them first."""
    order = MeasureOrder(options=checked.options.to_json())
    found = mending.look(checked.summary.fingerprint, order, Statistics, key=key)
    if found is None:
        return
    layout.section("Composition")
    with st.grid(3, min_column_width=280):
        _composition("Types", found.types, key=f"{key}_types")
        _composition("Buckets", found.buckets, key=f"{key}_buckets")
        _composition("Extensions", found.extensions, key=f"{key}_extensions")
    layout.section(
        "Metadata",
        f"{count(found.with_metadata, 'entry')} of {found.entries:,} with metadata, "
        f"{count(len(found.keys) + found.further_keys, 'key')}.",
    )
    if found.keys:
        _fill(found, unknown="not declared" if checked.options.schema else "")
        _values(found, key=key)


def _composition(title: str, shares: tuple[Share, ...], *, key: str) -> None:
    with st.container(border=True, height="stretch", key=key, gap="small"):
        st.markdown(f"**{title}**")
        if shares:
            table, alt = _table(title[:-1], shares), f"Entries by {title.lower()}"
            plots.bars(table, alt=alt, most=MOST_BARS)
        else:
            st.caption("None")


def _fill(found: Statistics, *, unknown: str) -> None:
    """Draw how many entries each key is filled in, as a table with bars."""
    total = max(found.entries, 1)
    st.dataframe(
        pd.DataFrame(
            {
                "Key": [each.key for each in found.keys],
                "Filled": [100 * each.filled / total for each in found.keys],
                "Entries": [each.filled for each in found.keys],
                "In the schema": [each.declared or unknown for each in found.keys],
                "Holds": [_kinds(each) for each in found.keys],
                "Different values": [_distinct(each) for each in found.keys],
            }
        ),
        hide_index=True,
        height="content" if len(found.keys) <= SHORT else TALL,
        alt="Metadata keys: in how many entries each is filled, its type, and its values",
        column_config={
            "Filled": st.column_config.ProgressColumn(
                "Filled", format="%.1f%%", min_value=0, max_value=100, width=120
            ),
            "Entries": st.column_config.NumberColumn("Entries", format="localized", width=80),
        },
    )
    if found.further_keys:
        st.caption(f"{count(found.further_keys, 'further key')}, filled less, not shown.")


def _kinds(found: KeyStatistics) -> str:
    words = [each.value for each in found.kinds]
    if found.is_time and words == ["text"]:
        return "date and time"
    return ", ".join(words)


def _distinct(found: KeyStatistics) -> str:
    if not found.filled:
        return ""
    return "many" if found.distinct is None else f"{found.distinct:,}"


def _values(found: Statistics, *, key: str) -> None:
    """Draw the values of each key that has some to draw, those filled most first."""
    drawable = [each for each in found.keys if each.bins or each.top]
    place = st.container()
    pages = -(-len(drawable) // PLOTS)
    page = st.pagination(pages, key="keys_page", bind="query-params") if pages > 1 else 1
    with place, st.grid(2, min_column_width=340):
        for number, each in enumerate(drawable[(page - 1) * PLOTS : page * PLOTS]):
            with st.container(border=True, height="stretch", key=f"{key}_{number}", gap="small"):
                _plot(each)


def _plot(found: KeyStatistics) -> None:
    st.markdown(f"**{code(found.key)}**")
    st.caption(_about(found))
    alt = f"Entries by value of {found.key}"
    if found.is_whole:
        shares = [Share(value=_worded(found, b.start), count=b.count) for b in found.bins]
        plots.bars(_table("Value", tuple(shares)), alt=alt)
    elif found.bins:
        _histogram(found, alt=f"{alt}, in {count(len(found.bins), 'range')}")
    if found.top:
        plots.bars(_table("Value", found.top), alt=f"{alt}, the most frequent")


def _about(found: KeyStatistics) -> str:
    said = count(found.filled, "entry")
    if found.lowest is not None and found.highest is not None:
        low, high = _worded(found, found.lowest), _worded(found, found.highest)
        said += f", {low} to {high}" if low != high else f", all {low}"
    if found.others:
        said += f", {count(found.others, 'other value')} not drawn"
    return f"{said}."


def _worded(found: KeyStatistics, value: float) -> str:
    """Write a value of a key as a person reads it."""
    if found.is_time:
        at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=value)
        return at.replace(tzinfo=None).isoformat(" ", "seconds").removesuffix(" 00:00:00")
    if value.is_integer() and abs(value) < EXACT:
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def _histogram(found: KeyStatistics, *, alt: str) -> None:
    frame = pd.DataFrame(
        {
            "From": [_worded(found, each.start) for each in found.bins],
            "To": [_worded(found, each.end) for each in found.bins],
            "Entries": [each.count for each in found.bins],
        }
    )
    unit = 1000 if found.is_time else 1
    bounds = {
        "start": [each.start * unit for each in found.bins],
        "end": [each.end * unit for each in found.bins],
    }
    plots.histogram(frame, pd.DataFrame(bounds), is_time=found.is_time, alt=alt)


def _table(name: str, shares: tuple[Share, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: [each.value or "(empty)" for each in shares],
            "Entries": [each.count for each in shares],
        }
    )
