"""The proof: what was asked for against what the dataset lists, row by row."""

from typing import Final

import streamlit as st

from components import layout, session, status
from components.runtime import get_runtime
from components.tables import Column, PagedTable, status_column
from components.text import code, count, moment, number
from services.engine.lines import VerifiedRow
from services.ledger.views import ReceiptView, RunView

ANY: Final = "Any verdict"
WORDS: Final = {look.word: verdict for verdict, look in status.VERDICTS.items()}

TABLE: Final = PagedTable[VerifiedRow](
    noun="row",
    alt="Rows of the verification",
    columns=(
        Column(
            "Verdict",
            lambda row: [status.VERDICTS[row.verdict].word],
            status_column("Verdict", status.VERDICTS, width=110),
        ),
        Column("Object URL", lambda row: row.url or "", width=320),
        Column("Title", lambda row: row.title or "", width=150),
        Column("Type", lambda row: row.type, width=100),
        Column("Where it stopped", lambda row: row.where or "", width=200),
        Column("Item", lambda row: row.item_uuid or "", width=150),
        Column("Data row", lambda row: row.row_uuid or "", width=150),
    ),
)


def verdict(receipt: ReceiptView) -> None:
    """Say in a sentence whether everything arrived."""
    dataset = code(receipt.dataset_title or receipt.dataset_uuid or "the dataset")
    if receipt.proven:
        st.success(
            f"Every entry that was asked for is in {dataset} exactly once, compared by its URL. "
            f"Verified on {moment(receipt.at)}.",
            title=f"All {count(receipt.matched, 'entry')} matched",
            icon=":material/verified:",
        )
        return
    found = (
        (receipt.missing, "missing"),
        (receipt.unexpected, "unexpected"),
        (receipt.duplicate, "duplicate"),
    )
    words = ", ".join(f"{number(value)} {word}" for value, word in found if value)
    st.warning(
        f"Compared with {dataset} on {moment(receipt.at)}. The table says where each one stopped.",
        title=f"{number(receipt.matched)} of {number(receipt.expected)} matched, {words}",
        icon=":material/warning:",
    )


def cards(receipt: ReceiptView) -> None:
    """Draw the four numbers of a verification."""
    layout.cards(
        layout.Card(
            label="Matched",
            value=number(receipt.matched),
            icon=":material/check_circle:",
            note=f"of {number(receipt.expected)} expected",
        ),
        layout.Card(
            label="Missing",
            value=number(receipt.missing),
            icon=":material/error:",
            note="asked for, not there",
        ),
        layout.Card(
            label="Unexpected",
            value=number(receipt.unexpected),
            icon=":material/help:",
            note="there, not asked for",
        ),
        layout.Card(
            label="Duplicate",
            value=number(receipt.duplicate),
            icon=":material/content_copy:",
            note="there more than once",
        ),
    )


def downloads(receipt: ReceiptView, *, key: str) -> None:
    """Draw the receipt's two files."""
    runtime = get_runtime()
    rows = receipt.matched + receipt.missing + receipt.unexpected + receipt.duplicate
    with st.container(horizontal=True):
        st.download_button(
            "Download the receipt (JSON)",
            lambda: runtime.ledger.receipt_json(receipt.id),
            file_name=f"receipt-{receipt.id}.json",
            mime="application/json",
            icon=":material/receipt_long:",
            on_click="ignore",
            key=f"{key}_json",
        )
        st.download_button(
            f"Download {count(rows, 'row')} (CSV)",
            lambda: runtime.onboarding.receipt_rows_csv(receipt.id),
            file_name=f"verification-{receipt.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_csv",
        )
    layout.facts({"Checksum": receipt.rows_sha256})


def rows(receipt: ReceiptView, *, key: str) -> None:
    """Draw the filter and the rows."""
    runtime = get_runtime()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search",
            key="verify_find",
            bind="query-params",
            placeholder="URL or title",
            icon=":material/search:",
        )
        chosen = st.selectbox(
            "Verdict", [ANY, *WORDS], key="verdict", bind="query-params", width=200
        )
    TABLE.show(
        lambda offset, limit: runtime.onboarding.receipt_rows(
            receipt.id, verdict=WORDS.get(chosen), search=search or "", offset=offset, limit=limit
        ),
        key=key,
        name="verify_page",
    )


def verify_button(run: RunView, *, again: bool) -> None:
    """Draw the button that compares once more."""
    st.button(
        "Verify again" if again else "Verify",
        key="verify",
        type="secondary" if again else "primary",
        icon=":material/verified:",
        on_click=get_runtime().onboarding.verify,
        args=(run.id,),
        kwargs={"actor": session.actor()},
    )
