"""A checked manifest in a few numbers, and the way on."""

import streamlit as st

from components import layout, navigation, status
from components.text import count, number, size
from services.domain.findings import Summary
from services.manifests.checked import CheckedManifest

FORMATS = {
    "csv": "CSV",
    "csv-encord": "CSV in Encord's layout",
    "json": "JSON",
    "json-wire": "JSON as Encord receives it",
    "jsonl": "JSON Lines",
}


def line(checked: CheckedManifest | None) -> str:
    """Return the line under the title."""
    if checked is None:
        return "Check a CSV or JSON manifest before anything is sent to Encord"
    summary = checked.summary
    form = FORMATS.get(summary.format, summary.format)
    return f"{form}, {size(summary.bytes)}, fingerprint {summary.fingerprint[:12]}"


def name(summary: Summary) -> None:
    """Draw the manifest's name."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(":gray[:material/description:]", width="content")
        st.text(summary.name, width="content")


def cards(summary: Summary) -> None:
    """Draw the numbers of a check."""
    kinds = len(summary.by_type)
    layout.cards(
        layout.Card(
            label="Entries",
            value=number(summary.entries),
            icon=":material/list_alt:",
            note=count(kinds, "type"),
            word="entry",
        ),
        layout.status_card(status.READY, summary.valid_entries, "can be submitted"),
        layout.status_card(
            status.TO_FIX,
            summary.held_entries,
            count(len(summary.counts), "kind of finding", "kinds of finding"),
            word="held back",
        ),
        layout.Card(
            label="Object URLs",
            value=number(summary.urls),
            icon=":material/link:",
            note="in all entries",
            word="object URL",
        ),
    )


def continue_button(checked: CheckedManifest) -> None:
    """Draw the way to Submit, where at least one entry can be sent."""
    if checked.summary.valid_entries:
        navigation.button(
            "submit",
            "Continue to submit",
            key="continue",
            primary=True,
            icon=":material/arrow_forward:",
            manifest=checked.summary.fingerprint,
        )
