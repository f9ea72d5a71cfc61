"""Reference: every finding code, format and limit, and the words of the dashboard."""

import streamlit as st

from components import glossary, layout, reference_codes, reference_formats

layout.page_head("Reference", "What the check looks for, what it reads, and what words mean")
search = st.text_input(
    "Search",
    key="reference_find",
    bind="query-params",
    placeholder="A code, a word of a message, or a term",
    icon=":material/search:",
    on_change=reference_codes.show_all,
)
codes, formats, words = st.tabs(
    ["Finding codes", "Formats and limits", "Words"], key="reference_view", bind="query-params"
)
if codes.open:
    with codes:
        reference_codes.show(search or "")
if formats.open:
    with formats:
        reference_formats.show()
if words.open:
    with words:
        glossary.show(search or "")
