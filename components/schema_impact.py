"""What registered items hold: what a plan would do to them, and how filled each key is."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, plots, problems, watching
from components.runtime import get_runtime
from components.schema_words import words
from components.session import SchemaDesk
from components.tables import GRID
from components.text import code, count, moment, number
from services.domain.metadata import MetadataSchema
from services.domain.schema.plan import Plan
from services.engine.connections import Connection
from services.engine.held_values import Impact, Sample, impacts

VIEW: Final = "In use"
#: Keys that are drawn; the table behind the plot has all of them.
BARS: Final = 20


def impact(connection: Connection, plan: Plan, *, key: str) -> None:
    """Draw what the steps that destroy do to items, once somebody asked to look."""
    if not plan.destructive:
        return
    sample = _sample(connection, "Look what items hold", key=key)
    if sample is None:
        return
    found = impacts(sample, plan.destructive)
    st.dataframe(
        pd.DataFrame([_row(each, sample) for each in found]),
        key=f"{key}_table",
        column_config={
            "Key": st.column_config.TextColumn(width=150),
            "Change": st.column_config.TextColumn(width=120),
            "In the sample": st.column_config.TextColumn(width=520),
        },
        alt="What the plan does to the items of the sample",
        **GRID,
    )


def _row(found: Impact, sample: Sample) -> dict[str, str]:
    return {
        "Key": found.step.key,
        "Change": found.step.change.value,
        "In the sample": sentence(found, sample),
    }


def sentence(found: Impact, sample: Sample) -> str:
    """Say what a step does, e.g. `212 of 1,940 sampled items hold a value; 9 would no longer fit`.

    Untrusted values are in it: it goes to a cell of a table.
    """
    said = f"{number(found.holding)} of {count(sample.items, 'sampled item')} hold a value"
    if found.misfits is None or not found.holding:
        return f"{said}."
    if not found.misfits:
        return f"{said}; all of them fit."
    return f"{said}; {number(found.misfits)} would no longer fit ({', '.join(found.examples)})."


def fill(connection: Connection, desk: SchemaDesk, *, key: str) -> None:
    """Draw in how many registered items each key is filled."""
    layout.section("Filled in registered items", "Read from Encord when you ask for it.")
    sample = _sample(connection, "Read a sample of items", key=key, is_main=True)
    if sample is None:
        return
    rows = _fill(sample, desk.base.declared)
    if not sample.items or not rows:
        return
    frame = pd.DataFrame({"Key": [name for name, _ in rows], "Items": [n for _, n in rows]})
    plots.bars(frame, alt="Sampled items with a value, by key", most=BARS)
    st.dataframe(
        pd.DataFrame(
            {
                "Key": [name for name, _ in rows],
                "Filled": [100 * filled / sample.items for _, filled in rows],
                "Items": [filled for _, filled in rows],
                "In the schema": [
                    words(desk.base.declared.get(name)) or "not declared" for name, _ in rows
                ],
            }
        ),
        key=f"{key}_table",
        column_config={
            "Filled": st.column_config.ProgressColumn(
                "Filled", format="%.1f%%", min_value=0, max_value=100, width=140
            ),
            "Items": st.column_config.NumberColumn(format="localized", width=80),
        },
        alt="Keys: in how many sampled items each is filled, and its type",
        **GRID,
    )


def _fill(sample: Sample, declared: MetadataSchema) -> Sequence[tuple[str, int]]:
    keys = {**dict.fromkeys(declared, 0), **sample.filled}
    return sorted(keys.items(), key=lambda each: (-each[1], each[0]))


def _sample(
    connection: Connection, label: str, *, key: str, is_main: bool = False
) -> Sample | None:
    """Return the last sample, with what was read said and a button that reads one.

    The button is the page's primary action, or one beside it.
    """
    held = get_runtime().held_values
    if held.is_reading(connection.id):
        watching.until(
            lambda: not held.is_reading(connection.id),
            lambda: st.caption("Reading registered items. You need not wait."),
            key=f"{key}_reading",
        )
        return None
    sample, problem = held.last(connection.id), held.problem(connection.id)
    if problem:
        problems.show(problem)
    if sample:
        st.markdown(f"{_about(sample)} Read {moment(sample.at)}.")
    st.button(
        "Read them again" if sample else label,
        key=f"{key}_look",
        type="primary" if is_main else "secondary",
        icon=":material/search:",
        help="Reads up to 3,000 registered items with their metadata; changes nothing",
        on_click=held.refresh,
        args=(connection.id,),
        kwargs={"fresh": 0.0, "patience": 0.5},
    )
    return sample


def _about(sample: Sample) -> str:
    """Say exactly what was read."""
    if not sample.folders:
        return "No run of this connection has a folder with items to read."
    parts = [
        f"all {count(each.items, 'item')} of {code(each.name)}"
        if each.whole
        else f"the newest {count(each.items, 'item')} of {code(each.name)}"
        for each in sample.folders
    ]
    more = f" {count(sample.others, 'further folder')} not read." if sample.others else ""
    return f"The sample: {', '.join(parts)}.{more} Nothing is known of other items."
