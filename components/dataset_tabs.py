"""The ways to a dataset, as tabs: a whole run, a run in parts, a folder, and all there are."""

from datetime import timedelta
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import (
    dataset_folder,
    dataset_form,
    dataset_list,
    dataset_split,
    folder_list,
    layout,
    navigation,
    run_actions,
    run_progress,
    run_view,
    session,
    status,
)
from components.parts import part
from components.runtime import get_runtime
from components.tables import Column, Opening, PagedTable, status_column
from components.text import count, number
from services.domain.paging import Page
from services.domain.tasks import Purpose
from services.ledger.views import RunView

EVERY: Final = timedelta(seconds=2)
TASKS: Final = PagedTable[RunView](
    noun="dataset",
    alt="Datasets made of parts of this run",
    columns=(
        Column(
            "Status",
            lambda task: [status.of_run(task).word],
            status_column("Status", status.RUN_LOOKS, width=140),
        ),
        Column("Dataset", lambda task: task.dataset_title or task.name, width=260),
        Column("UUID", lambda task: task.dataset_uuid or "", width=290),
    ),
    opening=Opening(
        act=lambda task: session.go_to("verify", task=task.id),
        label="Open a dataset's verification",
        name=lambda task: task.dataset_title or task.name,
        id=lambda task: task.id,
    ),
)


def line(run: RunView | None) -> str:
    """Say where the chosen run stands, for the page's head."""
    if run is None:
        return "No run to link yet"
    counts = run_view.counts_of(run)
    files = f"{number(counts.arrived)} of {count(counts.entries, 'entry')}"
    if get_runtime().ledger.is_linked(run.id):
        return f"{files} arrived; the run is linked to a dataset"
    return f"{files} arrived; not linked to a dataset yet"


def show(run: RunView | None, head: DeltaGenerator) -> None:
    """Draw the tabs; only the open one does any work. What comes after linking goes to the head."""
    whole, parts, folder, everything, folders = st.tabs(
        ["A whole run", "A run in parts", dataset_folder.TAB, "All datasets", "All folders"],
        key=folder_list.TABS,
        bind="query-params",
    )
    if whole.open:
        with whole:
            _whole(run, head)
    if parts.open:
        with parts:
            _in_parts(run)
    if folder.open:
        with folder:
            dataset_folder.show()
    if everything.open:
        with everything:
            dataset_list.show()
    if folders.open:
        with folders:
            folder_list.show()


def _whole(run: RunView | None, head: DeltaGenerator) -> None:
    if run is None:
        _no_run()
        return
    counts = run_view.counts_of(run)
    run_view.state(run, counts)
    run_actions.needs_attention(run, key="attention")
    layout.notice(dataset_form.place(run))
    if status.is_active(run):
        run_progress.live(run, key=f"linking_{run.id}")
        return
    is_linked = get_runtime().ledger.is_linked(run.id)
    if is_linked:
        with head:
            run_view.verification_button(run)
        run_view.linked_to(run)
    dataset_form.show(run, counts, is_linked=is_linked)


def _in_parts(run: RunView | None) -> None:
    if run is None:
        _no_run()
    elif status.is_active(run):
        st.caption("A run is split once it has ended.")
    else:
        dataset_split.show(run, run_view.counts_of(run))
        _made(run)


def _made(run: RunView) -> None:
    """Draw what was made of parts of the run, read again while some of it is under way."""
    tasks = get_runtime().ledger.tasks(about=run.id, purpose=Purpose.LINK)
    if not tasks:
        return
    layout.section("Datasets made of parts of this run")
    waiting = any(status.is_active(task) for task in tasks)
    part(_table, run.id, every=EVERY if waiting else None)


def _table(run: str) -> None:
    tasks = get_runtime().ledger.tasks(about=run, purpose=Purpose.LINK, limit=100)
    TASKS.show(
        lambda offset, limit: Page(tasks[offset : offset + limit], len(tasks)),
        key="parts",
        name="parts_page",
    )
    # A click in this part of the page draws it alone, and nobody would leave.
    if session.is_leaving():
        st.rerun()


def _no_run() -> None:
    layout.empty_state(
        icon=":material/dataset:",
        title="No run yet",
        body="Files are linked to a dataset after a run has registered them.",
        action=lambda: navigation.button(
            "manifest", "Check a manifest", key="to_manifest", primary=True
        ),
    )
