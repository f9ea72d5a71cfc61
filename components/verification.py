"""One receipt: what was asked for against what Encord lists, in a sentence, numbers and rows."""

from functools import partial
from typing import Final

import streamlit as st

from components import (
    by_script,
    glossary,
    layout,
    links,
    receipt_pictures,
    receipt_since,
    search_field,
    session,
    status,
    unlinking,
)
from components.runtime import get_runtime
from components.tables import Column, Opening, PagedTable, status_column
from components.text import code, count, moment, number
from services.domain.scripts import onboarding
from services.domain.verification import Verdict
from services.engine.proof.rows import FORMATS, VerifiedRow
from services.ledger.views import ReceiptView, RunView

ANY: Final = "Any verdict"
WORDS: Final = {look.word: verdict for verdict, look in status.VERDICTS.items()}
#: Verdicts about entries that are there, but not as they were asked for.
DIFFERING: Final = (
    Verdict.WRONG_TYPE,
    Verdict.WRONG_METADATA,
    Verdict.FRAMES_DIFFER,
    Verdict.AMBIGUOUS,
)
FORMAT_NAMES: Final = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}

TABLE: Final = PagedTable[VerifiedRow](
    noun="row",
    alt="Rows of the verification",
    columns=(
        Column(
            "Verdict",
            lambda row: [status.VERDICTS[row.verdict].word],
            status_column("Verdict", status.VERDICTS, width=130),
        ),
        Column("Object URL", lambda row: row.url, width=320, word="object URL"),
        Column("Title", lambda row: row.title or "", width=150),
        Column("Type", lambda row: row.type, width=100),
        Column("Where it stopped", lambda row: row.stage, width=170),
        Column("Why", lambda row: row.detail, width=220),
        Column("Item", lambda row: row.item_uuid, width=150, word="folder, item"),
        Column("Data rows", lambda row: row.row_uuids, width=150, word="dataset, data row"),
    ),
    opening=Opening(
        act=lambda row: links.open_object(row.url or row.item_uuid),
        label="Open a passport",
        name=lambda row: row.url or row.title or row.item_uuid,
        id=lambda row: row.url or row.item_uuid,
    ),
)


def show(receipt: ReceiptView) -> None:
    """Draw everything about one receipt."""
    verdict(receipt)
    cards(receipt)
    receipt_since.show(receipt)
    if not get_runtime().proofs.has_rows(receipt.id):
        _without_rows(receipt)
        return
    _by_stage(receipt)
    receipt_pictures.show(receipt)
    downloads(receipt, key="receipt")
    rows(receipt, key="verified_rows")
    unlinking.offer(receipt)


def _without_rows(receipt: ReceiptView) -> None:
    """Say that only the ledger's part of a receipt is here."""
    st.warning(
        "They are kept in the data directory, and this ledger was brought without it. The numbers "
        "above are the receipt's own. Verify again to have rows.",
        title="The rows of this receipt are not on this server",
        icon=":material/folder_off:",
    )
    _download_receipt(receipt, key="receipt")


def verdict(receipt: ReceiptView) -> None:
    """Say in a sentence whether everything arrived."""
    place = code(receipt.dataset_title or receipt.dataset_uuid or receipt.folder_uuid or "Encord")
    strangers = receipt.counts.get(Verdict.UNEXPECTED, 0)
    also = f", {number(strangers)} unexpected beside them" if strangers else ""
    if receipt.proven:
        st.success(
            f"Every entry that was asked for is in {place} exactly once, compared by its URL. "
            f"Verified on {moment(receipt.at)}.",
            title=f"All {count(receipt.matched, 'entry')} matched{also}",
            icon=":material/verified:",
        )
        return
    matched = f"{number(receipt.matched)} of {number(receipt.expected)} matched"
    words = [
        f"{number(receipt.counts[verdict])} {verdict}"
        for verdict in Verdict
        if verdict is not Verdict.MATCHED and receipt.counts.get(verdict)
    ]
    st.warning(
        f"Compared with {place} on {moment(receipt.at)}. The table says where each one stopped.",
        title=", ".join([matched, *words]),
        icon=":material/warning:",
    )


def cards(receipt: ReceiptView) -> None:
    """Draw the numbers of a verification."""
    counts, looks = receipt.counts, status.VERDICTS
    layout.cards(
        layout.status_card(
            looks[Verdict.MATCHED], receipt.matched, f"of {number(receipt.expected)} expected"
        ),
        layout.status_card(
            looks[Verdict.MISSING], counts.get(Verdict.MISSING, 0), "asked for, not there"
        ),
        layout.Card(
            label="Differing",
            value=number(sum(counts.get(each, 0) for each in DIFFERING)),
            icon=":material/difference:",
            note="there, not as asked for",
        ),
        layout.status_card(
            looks[Verdict.DUPLICATE], counts.get(Verdict.DUPLICATE, 0), "there more than once"
        ),
        layout.status_card(
            looks[Verdict.UNEXPECTED], counts.get(Verdict.UNEXPECTED, 0), "there, not asked for"
        ),
    )


def _by_stage(receipt: ReceiptView) -> None:
    """Draw where missing entries stopped."""
    if not receipt.counts.get(Verdict.MISSING):
        return
    stages = get_runtime().proofs.composition(receipt.id, "stage")
    with st.container(horizontal=True, gap="xsmall"):
        st.caption("Missing, by where it stopped", width="content")
        for stage, entries in stages:
            status.counted(status.STAGES[stage], entries)


def downloads(receipt: ReceiptView, *, key: str) -> None:
    """Draw the receipt's own file, and what else can be taken away behind one more click."""
    with st.container(horizontal=True):
        _download_receipt(receipt, key=key)
        with st.popover("More files", icon=":material/download:", key=f"{key}_more"):
            _more_files(receipt, key=key)


def _more_files(receipt: ReceiptView, *, key: str) -> None:
    proofs = get_runtime().proofs
    st.download_button(
        "Download to print (HTML)",
        partial(proofs.document, receipt.id),
        file_name=f"receipt-{receipt.id}.html",
        mime="text/html",
        icon=":material/print:",
        on_click="ignore",
        key=f"{key}_html",
    )
    for form, mime in FORMATS.items():
        st.download_button(
            f"Download {count(receipt.lines, 'row')} ({FORMAT_NAMES[form]})",
            partial(proofs.export, receipt.id, form),
            file_name=f"verification-{receipt.id}.{form}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_{form}",
        )
    st.caption("SHA-256 of the JSON Lines file")
    st.code(receipt.rows_sha256, language=None, wrap_lines=True)


def _download_receipt(receipt: ReceiptView, *, key: str) -> None:
    st.download_button(
        "Download the receipt (JSON)",
        partial(get_runtime().ledger.receipt_json, receipt.id),
        file_name=f"receipt-{receipt.id}.json",
        mime="application/json",
        icon=":material/receipt_long:",
        help=glossary.meaning("receipt"),
        on_click="ignore",
        key=f"{key}_json",
    )


def rows(receipt: ReceiptView, *, key: str) -> None:
    """Draw the filter and the rows."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_field.ask(key="verify_find", placeholder="URL, title, reason or item")
        chosen = st.selectbox(
            "Verdict", [ANY, *WORDS], key="verdict", bind="query-params", width=200
        )
    TABLE.show(
        lambda offset, limit: get_runtime().proofs.page(
            receipt.id, verdict=WORDS.get(chosen), search=search, offset=offset, limit=limit
        ),
        key=key,
        name="verify_page",
        filters={"verify_find": "", "verdict": ANY},
    )


def verify_button(run: RunView, *, again: bool) -> None:
    """Draw the button that asks the same question once more."""
    st.button(
        "Verify again" if again else "Verify",
        key="verify",
        type="secondary" if run.problem else "primary",
        icon=":material/verified:",
        on_click=get_runtime().onboarding.verify,
        args=(run.id,),
        kwargs={"actor": session.actor()},
    )
    by_script.show(onboarding.verify(run.id), key="verify_script")
