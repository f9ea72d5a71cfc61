"""Where the design of the schema stands: the page's line, its findings and its plan."""

import streamlit as st

from components import schema_desk
from components.session import SchemaDesk
from components.text import count, moment
from services.domain.schema.draft import Draft
from services.domain.schema.lint import SchemaFinding, lint
from services.domain.schema.plan import DraftRefusedError, Plan, plan, restoring
from services.engine.connections import Connection


def line(connection: Connection | None, desk: SchemaDesk | None) -> str:
    """Say where things stand, for the page's head."""
    if connection is None:
        return "Not connected"
    if desk is None:
        return f"Waiting for {connection.label}"
    keys = count(len(desk.base.declared), "key")
    gone = f", {len(desk.base.deleted):,} deleted" if desk.base.deleted else ""
    return f"{keys} in use{gone} in {connection.label}, read {moment(desk.at)}"


def read_button(connection: Connection, *, is_main: bool) -> None:
    """Draw the button that begins anew with what Encord answers now."""
    st.button(
        "Read again",
        key="schema_read",
        type="primary" if is_main else "secondary",
        icon=":material/refresh:",
        help="Drops the draft and begins with what Encord answers now",
        on_click=schema_desk.read_again,
        args=(connection,),
    )


def way_back(desk: SchemaDesk) -> None:
    """Say that a way back is looked at, and offer to leave it."""
    if desk.snapshot is None:
        return
    st.info(
        "The plan below leads back to the chosen snapshot, whatever the table says.",
        title=f"Going back to {moment(desk.snapshot.at)}",
        icon=":material/history:",
    )
    st.button(
        "Leave it and go on with the draft",
        key="schema_leave",
        on_click=schema_desk.go_back,
        args=(desk, None),
    )


def planned(desk: SchemaDesk, draft: Draft) -> tuple[list[SchemaFinding], Plan | None]:
    """Return what is wrong with the draft, and the plan unless something is."""
    if desk.snapshot:
        return [], restoring(desk.base, desk.snapshot.answer)
    found = lint(draft, desk.base)
    try:
        return found, plan(desk.base, draft)
    except DraftRefusedError:
        return found, None
