"""Schema: design the metadata schema, plan, apply, go back."""

import streamlit as st

from components import (
    connection,
    layout,
    navigation,
    schema_design,
    schema_desk,
    schema_exchange,
    schema_history,
    schema_impact,
    schema_plan,
    schema_proposal,
    schema_view,
)

current = connection.current()
desk = schema_desk.current(current) if current else None

head = layout.page_head(
    "Schema",
    schema_view.line(current, desk),
    word="schema",
)
layout.notice(schema_desk.PLACE)
if current is None:
    layout.empty_state(
        icon=":material/schema:",
        title="Not connected",
        body="The metadata schema belongs to an organization in Encord. Connect to see it.",
        action=lambda: navigation.button("connect", "Connect", key="schema_connect", primary=True),
    )
elif desk is None:
    schema_desk.waiting(current)
else:
    design, propose, in_use, history, files = st.tabs(
        [schema_desk.DESIGN, schema_proposal.VIEW, schema_impact.VIEW, "History", "Files"],
        key=schema_desk.VIEW,
        bind="query-params",
    )
    is_settled = bool(files.open)
    if design.open:
        with design:
            schema_view.way_back(desk)
            schema_design.table(desk, key="schema")
            draft = schema_desk.edited(desk)
            schema_design.options(desk, draft, key="schema")
            found, plan = schema_view.planned(desk, draft)
            schema_design.findings(found, key="schema_findings")
            if plan is None:
                schema_plan.kept_back(found)
            else:
                schema_plan.show(current, desk, plan, key="schema_plan")
                is_settled = not plan.steps
    if propose.open:
        with propose:
            schema_proposal.show(desk, key="schema_propose")
    if in_use.open:
        with in_use:
            schema_impact.fill(current, desk, key="schema_fill")
    if history.open:
        with history:
            schema_history.show(current, desk, key="schema_history")
    if files.open:
        with files:
            schema_exchange.downloads(desk, key="schema_files")
            schema_exchange.upload(desk, key="schema_import")
    with head:
        schema_view.read_button(current, is_main=is_settled)
