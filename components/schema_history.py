"""Snapshots of the schema: who changed it when, and the way back to each."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components import glossary, layout, schema_desk, session
from components.runtime import get_runtime
from components.session import SchemaDesk
from components.tables import Column, PagedTable
from components.text import count, moment, number, stamp, told_apart
from services.domain.metadata import OrganisationSchema
from services.engine.connections import Connection
from services.ledger.snapshots import SchemaSnapshot

TABLE: Final = PagedTable[SchemaSnapshot](
    noun="snapshot",
    alt="Snapshots of the metadata schema, newest first",
    word="snapshot",
    columns=(
        Column("When", lambda row: moment(row.at), width=240),
        Column("Who", lambda row: row.actor, width=160),
        Column("Taken", lambda row: row.reason, width=150),
        Column("Keys in use", lambda row: number(_keys(row)), width=110),
        Column("SHA-256", lambda row: row.sha256[:12], width=130),
    ),
)


def show(connection: Connection, desk: SchemaDesk, *, key: str) -> None:
    """Draw the snapshots, newest first, and the way back to one of them."""
    studio = get_runtime().schema_studio
    if not studio.history(connection, offset=0, limit=1).total:
        layout.empty_state(
            icon=":material/history:",
            title="No snapshot yet",
            body=f"{glossary.meaning('snapshot')} One is taken before and after each change made "
            "here.",
            action=_to_design,
        )
        return
    rows = TABLE.show(
        lambda offset, limit: studio.history(connection, offset=offset, limit=limit),
        key=key,
        name="schema_history_page",
    )
    if rows:
        _way_back(desk, rows, key=key)


def _to_design() -> None:
    st.button(
        "Design a change",
        key="schema_to_design",
        type="primary",
        on_click=session.set_value,
        args=(schema_desk.VIEW, schema_desk.DESIGN),
    )


def _way_back(desk: SchemaDesk, rows: Sequence[SchemaSnapshot], *, key: str) -> None:
    choice, known = f"{key}_choice", {row.id: row for row in rows}
    named = told_apart({row.id: _name(row) for row in rows})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Go back to",
            list(named),
            format_func=lambda each: named.get(each, each),
            key=choice,
        )
        st.button(
            "Plan the way back",
            key=f"{key}_back",
            type="primary",
            icon=":material/history:",
            on_click=_go_back,
            args=(desk, known, choice),
        )
    st.caption("Nothing is sent yet: the plan is shown under Design first.")


def _name(row: SchemaSnapshot) -> str:
    return f"{stamp(row.at)}, {row.reason}, {count(_keys(row), 'key')}"


def _go_back(desk: SchemaDesk, known: dict[str, SchemaSnapshot], choice: str) -> None:
    schema_desk.go_back(desk, known[str(session.value(choice))])


def _keys(row: SchemaSnapshot) -> int:
    return len(OrganisationSchema.of(row.answer).declared)
