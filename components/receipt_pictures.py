"""A receipt in pictures: what was asked for, where it stopped, and what Encord has of it."""

from typing import Final

import pandas as pd
import streamlit as st

from components import plots
from components.runtime import get_runtime
from services.engine.proof.pictures import MOST_KEYS, REST
from services.ledger.views import ReceiptView

ABOUT: Final = {
    "type": "Entries by type",
    "folder": "Entries by folder of the bucket",
    "stage": "Missing entries by where they stopped",
    "detail": "Missing and differing entries by cause",
}
LISTED: Final = {
    "sizes": "What Encord lists, by size",
    "keys": "What Encord lists, by metadata key",
}

#: Bars of one picture.
BARS: Final = 8


def show(receipt: ReceiptView) -> None:
    """Draw the pictures, folded; nothing is counted until somebody opens them."""
    pictures = st.expander(
        "Pictures", icon=":material/bar_chart:", key="pictures", on_change="rerun"
    )
    if not pictures.open:
        return
    with pictures, st.grid(2, min_column_width=320):
        proofs = get_runtime().proofs
        for what, title in ABOUT.items():
            _picture(proofs.composition(receipt.id, what), what, "Entries", title, most=BARS)
        for what, title in LISTED.items():
            _picture(proofs.listed(receipt.id, what), what, "Listed", title)


def _picture(
    counted: list[tuple[str, int]], what: str, noun: str, title: str, *, most: int | None = None
) -> None:
    if not counted:
        return
    if what == "folder":
        counted = _within_their_bucket(counted)
    with st.container(gap="xsmall"):
        st.markdown(f"**{title}**")
        frame = pd.DataFrame(counted, columns=[what.capitalize(), noun])
        plots.bars(frame, alt=title, most=most, rest=REST)
        if what == "keys" and len(counted) >= MOST_KEYS:
            st.caption("A receipt keeps the most frequent keys only.")


def _within_their_bucket(counted: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Leave out the bucket where there is only one: a bar has room for few letters."""
    buckets = {folder[: folder.find("/", folder.find("://") + 3) + 1] for folder, _ in counted}
    if len(buckets) > 1:
        return counted
    return [(folder.removeprefix(*buckets) or folder, entries) for folder, entries in counted]
