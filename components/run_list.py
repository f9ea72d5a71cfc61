"""Runs as a table, and the filter above it."""

from typing import Final

import streamlit as st

from components import layout, links, navigation, search_field, status
from components.runtime import get_runtime
from components.tables import Column, Opening, PagedTable, status_column
from components.text import moment, stamp
from services.domain.paging import Page
from services.ledger.views import RunView

ANY: Final = "Any status"


def _progress(run: RunView) -> float:
    return 100 * run.counts.settled / run.counts.entries if run.counts.entries else 0.0


TABLE: Final = PagedTable[RunView](
    noun="run",
    alt="Runs, newest first",
    opening=Opening(
        act=lambda run: links.open_run(run.id),
        label="Open a run",
        name=lambda run: f"{run.name}, {stamp(run.created_at)}",
        id=lambda run: run.id,
    ),
    columns=(
        Column(
            "Status",
            lambda run: [status.of_run(run).word],
            status_column("Status", status.RUN_LOOKS, width=155),
        ),
        Column("Run", lambda run: run.name, width=140),
        Column("Manifest", lambda run: run.manifest_name, width=115, word="manifest"),
        Column(
            "Progress",
            _progress,
            st.column_config.ProgressColumn(
                "Progress", format="%d%%", min_value=0, max_value=100, width=90
            ),
        ),
        Column("Entries", lambda run: run.counts.entries, width=65, word="entry"),
        Column("Failed", lambda run: run.counts.failed, width=60),
        Column("Started", lambda run: moment(run.created_at), width=228),
    ),
)


def recent(runs: list[RunView], *, key: str) -> None:
    """Draw the newest runs, without pages."""
    TABLE.show(lambda _offset, _limit: Page(runs, len(runs)), key=key, name="recent_page")


def nothing_yet() -> None:
    """Say that there is no run, and lead to the first."""
    layout.empty_state(
        icon=":material/list_alt:",
        title="No run yet",
        body="A run appears here as soon as a manifest is submitted.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="first_manifest"),
    )


def search_and_show(*, key: str) -> None:
    """Draw the filter and the runs that match it; the filter is in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_field.ask(key="runs_find", placeholder="Name of run, manifest or folder")
        chosen = st.selectbox(
            "Status",
            [ANY, *status.RUN_FILTERS],
            key="runs_state",
            bind="query-params",
            width=220,
        )
    only = status.RUN_FILTERS.get(chosen)
    ledger = get_runtime().ledger
    TABLE.show(
        lambda offset, limit: ledger.runs(only=only, search=search, offset=offset, limit=limit),
        key=key,
        name="runs_page",
        filters={"runs_find": "", "runs_state": ANY},
    )
