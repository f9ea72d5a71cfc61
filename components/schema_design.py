"""Design the schema: the table of keys, the options of an enum, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, schema_desk, session
from components.schema_desk import KEY, OPTIONS, SIZE, STATE, TYPE
from components.session import SchemaDesk
from components.status import SEVERITIES
from components.tables import GRID, status_column
from components.text import count
from services.domain.metadata import DECLARABLE, ValueType
from services.domain.schema.draft import Draft, DraftKey, KeyState, by_key, split_options
from services.domain.schema.lint import SchemaFinding

#: What a type is for, and what people can do with it in Encord.
GIVES: Final = {
    ValueType.BOOLEAN: ("true or false", "filter by either"),
    ValueType.DATETIME: ("a date and time in ISO 8601", "filter and sort by time"),
    ValueType.NUMBER: ("a number", "filter and sort by value"),
    ValueType.UUID: ("an identifier of your own", "find by identifier"),
    ValueType.VARCHAR: ("a short text, up to 8,192 characters", "filter by text"),
    ValueType.TEXT: ("a text of any length, such as a transcript", "store and filter long text"),
    ValueType.ENUM: ("one of up to 255 options", "filter by category; other values are refused"),
    ValueType.EMBEDDING: ("a list of numbers of one size", "similarity search and plots"),
    ValueType.GEOSPATIAL: ("a place", "filter by place"),
}
#: How tall the table grows before it scrolls, in pixels.
TALLEST: Final = 520


def table(desk: SchemaDesk, *, key: str) -> None:
    """Draw the table of keys; every cell can be typed into, rows added and removed."""
    layout.section(
        "Keys", "Add a row for a new key. Nothing is sent before you apply the plan below."
    )
    rows = pd.DataFrame(
        [
            {
                KEY: row.key,
                TYPE: row.type or None,
                OPTIONS: list(row.options),
                SIZE: row.size,
                STATE: row.state.value,
            }
            for row in desk.draft
        ],
        columns=[KEY, TYPE, OPTIONS, SIZE, STATE],
    )
    st.data_editor(
        rows,
        key=schema_desk.editor(desk),
        on_change=schema_desk.remember,
        num_rows="dynamic",
        hide_index=True,
        height=min(TALLEST, 38 * (len(rows) + 3)),
        column_config={
            KEY: st.column_config.TextColumn(width=240, help="Write team.key"),
            TYPE: st.column_config.SelectboxColumn(options=_types(desk.draft), width=130),
            OPTIONS: st.column_config.ListColumn(width=300, help="Of an enum"),
            SIZE: st.column_config.TextColumn(width=90, help="Of an embedding: 1 to 4,096"),
            STATE: st.column_config.SelectboxColumn(
                options=[state.value for state in KeyState],
                default=KeyState.IN_USE.value,
                width=150,
            ),
        },
        alt="Keys of the metadata schema; cells can be edited, rows added and removed",
    )
    with st.expander("What each type gives in Encord", type="compact", key=f"{key}_types"):
        _types_table()


def _types(draft: Draft) -> list[str]:
    """Return the words to choose from: also those a row has that nobody can choose anew."""
    return list(dict.fromkeys([*DECLARABLE, *(row.type for row in draft if row.type)]))


def _types_table() -> None:
    rows = [
        {"Type": kind.value, "A value is": value, "In Encord you can": use}
        for kind, (value, use) in GIVES.items()
    ]
    st.dataframe(pd.DataFrame(rows), **GRID, alt="Types and what they give")


def options(desk: SchemaDesk, draft: Draft, *, key: str) -> None:
    """Draw the editor that takes a pasted list of options."""
    enums = {row.key: row for row in by_key(draft).values() if row.type == ValueType.ENUM}
    if not enums:
        return
    with st.expander("Options of an enum", icon=":material/format_list_bulleted:"):
        chosen = enums[st.selectbox("Enum", list(enums), key=f"{key}_enum")]
        st.text_area(
            "Options, one a line",
            value="\n".join(chosen.options),
            key=_options_field(desk, chosen.key, key),
            height=200,
            help="Paste a list: lines, or separated by tabs, semicolons or commas",
        )
        st.button(
            "Use these options",
            key=f"{key}_use_options",
            icon=":material/check:",
            on_click=_use_options,
            args=(desk, key),
        )


def _options_field(desk: SchemaDesk, enum: str, key: str) -> str:
    return f"{key}_options_{desk.version}_{enum}"


def _use_options(desk: SchemaDesk, key: str) -> None:
    # Asks the fields themselves, see `session`; of an enum just chosen there is no field yet.
    name = str(session.value(f"{key}_enum"))
    given = session.value(_options_field(desk, name, key))
    if given is None:
        return
    typed = split_options(str(given))
    rows: list[DraftKey] = [
        replace(row, options=typed) if row.key == name else row for row in schema_desk.edited(desk)
    ]
    schema_desk.take(desk, tuple(rows))


def findings(found: Sequence[SchemaFinding], *, key: str) -> None:
    """Draw what is wrong with the draft, each with its fix."""
    if not found:
        return
    layout.section("Findings", f"{count(len(found), 'finding')}; errors keep the plan back")
    severity = status_column("Severity", SEVERITIES, width=90)
    rows = [
        {
            "Severity": [SEVERITIES[each.severity].word],
            "Key": each.key,
            "What is wrong": each.message,
            "Fix": each.fix,
            "Code": each.code,
        }
        for each in found
    ]
    st.dataframe(
        pd.DataFrame(rows),
        key=key,
        column_config={
            "Severity": severity,
            "Key": st.column_config.TextColumn(width=130),
            "What is wrong": st.column_config.TextColumn(width=320),
            "Fix": st.column_config.TextColumn(width=270),
            "Code": st.column_config.TextColumn(width=120),
        },
        alt="Findings about the draft",
        **GRID,
    )
