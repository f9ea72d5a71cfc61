"""Reference: what goes wrong and what helps, every finding code, format, limit and word."""

import streamlit as st

from components import glossary, layout, reference_codes, reference_formats, troubleshooting


def search_everything() -> None:
    """Let a search look at everything, whatever a link chose before."""
    reference_codes.show_all()
    troubleshooting.show_all()


layout.page_head(
    "Reference", "What goes wrong and what helps, what the check looks for, and what words mean"
)
search = st.text_input(
    "Search",
    key="reference_find",
    bind="query-params",
    placeholder="A symptom, a code, a word of a message, or a term",
    icon=":material/search:",
    on_change=search_everything,
)
codes, symptoms, formats, words = st.tabs(
    ["Finding codes", troubleshooting.VIEW, "Formats and limits", "Words"],
    key="reference_view",
    bind="query-params",
)
if codes.open:
    with codes:
        reference_codes.show(search or "")
if symptoms.open:
    with symptoms:
        troubleshooting.show(search or "")
if formats.open:
    with formats:
        reference_formats.show()
if words.open:
    with words:
        glossary.show(search or "")
