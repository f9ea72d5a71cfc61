"""What the Verify page is about: a task, a receipt, or a run's newest receipt."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import (
    glossary,
    layout,
    links,
    navigation,
    run_actions,
    run_progress,
    session,
    status,
    verification,
)
from components.runtime import get_runtime
from components.tables import Column, Opening, PagedTable
from components.text import moment, number, stamp
from services.domain.paging import Page
from services.ledger.views import ReceiptView, RunView

HISTORY = PagedTable[ReceiptView](
    noun="receipt",
    alt="Earlier receipts",
    columns=(
        Column("Verified", lambda each: moment(each.at), width=230),
        Column("What", lambda each: each.name, width=220),
        Column("Dataset", lambda each: each.dataset_title or each.dataset_uuid or "", width=180),
        Column(
            "Matched",
            lambda each: f"{number(each.matched)} of {number(each.expected)}",
            width=120,
        ),
        Column("Proven", lambda each: "Yes" if each.proven else "No", width=80),
    ),
    opening=Opening(
        act=lambda each: session.go_to("verify", receipt=each.id),
        label="Open a receipt",
        name=lambda each: f"{each.name}, {stamp(each.at)}",
        id=lambda each: each.id,
    ),
)


def line(run: RunView | None) -> str:
    """Say where things stand, for the page's head."""
    task, receipt = links.task(), links.receipt()
    ledger = get_runtime().ledger
    if task:
        receipt = ledger.receipt(task.receipt) if task.receipt else None
    elif receipt is None and run:
        receipt = next(iter(ledger.receipts(run=run.id, limit=1)), None)
    if receipt is None:
        return "Nothing is compared yet"
    matched = f"{number(receipt.matched)} of {number(receipt.expected)} matched"
    return f"{matched}, compared {moment(receipt.at)}"


def is_named() -> bool:
    """Tell whether the URL names a task or a receipt."""
    return links.task() is not None or links.receipt() is not None


def named(head: DeltaGenerator) -> None:
    """Draw the task or the receipt that the URL names."""
    if task := links.task():
        _task(task, head)
    elif receipt := links.receipt():
        st.text(receipt.name)
        verification.show(receipt)


def _task(task: RunView, head: DeltaGenerator) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not status.is_active(task):
            status.badge(status.of_run(task))
        st.text(task.name, width="content", help=glossary.meaning("task"))
    run_actions.needs_attention(task, key="attention")
    if status.is_active(task):
        run_progress.live(task, key=f"task_{task.id}")
    elif task.receipt and (receipt := get_runtime().ledger.receipt(task.receipt)):
        with head:
            verification.verify_button(task, again=True)
        verification.show(receipt)


def history(run: RunView) -> None:
    """Draw the receipts about a run, where there are others than the one shown."""
    receipts = get_runtime().ledger.receipts(about=run.id, limit=50)
    if len(receipts) <= 1:
        return
    with st.expander("Earlier receipts", icon=":material/history:"):
        HISTORY.show(
            lambda offset, limit: Page(receipts[offset : offset + limit], len(receipts)),
            key="receipts",
            name="receipts_page",
        )


def back() -> None:
    """Draw the way from one receipt to the page of the runs."""
    navigation.link("verify", "Back to the runs' verifications", icon=":material/arrow_back:")


def not_linked(run: RunView) -> None:
    """Say that there is nothing to compare with yet."""
    layout.empty_state(
        icon=":material/dataset:",
        title="Not linked to a dataset yet",
        body="Link the run's files first; the verification then compares the dataset with them.",
        action=lambda: navigation.button(
            "datasets", "Link to a dataset", key="to_datasets", primary=True, run=run.id
        ),
    )
