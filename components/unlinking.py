"""Take rows out of a dataset again: a plan first, then a confirmation by name."""

from typing import Final

import streamlit as st

from components import by_script, connection, proof_nonce, session
from components.dialogs import dialog
from components.runtime import get_runtime
from components.text import code, count
from services.domain.scripts import proofs
from services.domain.verification import Verdict
from services.engine.proof.proofs import Asker
from services.ledger.views import ReceiptView

NAME, WHICH = "unlink_name", "unlink_which"
PLANS: Final = {
    "Unexpected rows": (Verdict.UNEXPECTED,),
    "All but the first row of duplicates": (Verdict.DUPLICATE,),
    "Both": (Verdict.UNEXPECTED, Verdict.DUPLICATE),
}


def offer(receipt: ReceiptView) -> None:
    """Draw the way to the plan, where there is something to take out."""
    found = sum(receipt.counts.get(each, 0) for each in PLANS["Both"])
    if not receipt.dataset_uuid or not found:
        return
    opened = st.button(
        "Take rows out of the dataset",
        key="unlink",
        type="tertiary",
        icon=":material/link_off:",
        disabled=connection.current() is None,
    )
    if opened:
        _ask(receipt)


@dialog("Take rows out of the dataset", width="medium")
def _ask(receipt: ReceiptView) -> None:
    title = receipt.dataset_title or receipt.dataset_uuid or ""
    chosen = st.radio("Which rows", list(PLANS), key=WHICH)
    rows = get_runtime().proofs.to_unlink(receipt.id, PLANS[chosen])
    st.markdown(
        f"**Plan:** {count(rows, 'row')} of {code(title)} go, with any labels on them. "
        "The files stay in their folder and can be linked again."
    )
    st.caption("The rows are those of this receipt; the download above lists each of them.")
    typed = st.text_input(f"Type {code(title)} to confirm", key=NAME)
    done = st.button(
        f"Take out {count(rows, 'row')}",
        key="unlink_yes",
        type="primary",
        icon=":material/link_off:",
        disabled=typed != title or not rows,
        on_click=_unlink,
        args=(receipt, chosen),
    )
    current = connection.current()
    if current and typed == title and rows:
        decision = by_script.decision(current, "unlink")
        script = proofs.unlink(decision, receipt.id, tuple(map(str, PLANS[chosen])), title)
        by_script.show(script, key="unlink_script")
    if done:
        st.rerun()


def _unlink(receipt: ReceiptView, shown: str) -> None:
    current = connection.current()
    if current is None or session.value(WHICH) != shown:
        return  # other rows were chosen, and nobody has seen yet how many they are
    asker = Asker(connection=current.id, account=current.account, actor=session.actor())
    task = get_runtime().proofs.unlink(
        receipt, tuple(map(str, PLANS[shown])), asker=asker, nonce=proof_nonce.of("unlink")
    )
    session.go_to("verify", task=task)
