"""A receipt in pictures: what was asked for by type and by folder, and where it stopped."""

from typing import Final

import pandas as pd
import streamlit as st

from components import plots
from components.runtime import get_runtime
from services.ledger.views import ReceiptView

ABOUT: Final = {
    "type": "Entries by type",
    "folder": "Entries by folder of the bucket",
    "stage": "Missing entries by where they stopped",
    "detail": "Missing and differing entries by cause",
}


def show(receipt: ReceiptView) -> None:
    """Draw the pictures, folded; nothing is counted until somebody opens them."""
    pictures = st.expander(
        "Pictures", icon=":material/bar_chart:", key="pictures", on_change="rerun"
    )
    if not pictures.open:
        return
    with pictures, st.grid(2, min_column_width=320):
        for what, title in ABOUT.items():
            _picture(receipt, what, title)


def _picture(receipt: ReceiptView, what: str, title: str) -> None:
    counted = get_runtime().proofs.composition(receipt.id, what)
    if not counted:
        return
    with st.container(gap="xsmall"):
        st.markdown(f"**{title}**")
        frame = pd.DataFrame(counted, columns=[what.capitalize(), "Entries"])
        plots.bars(frame, alt=title)
