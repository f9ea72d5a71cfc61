"""Reference: what goes wrong and what helps, every finding code, format, limit and word."""

import streamlit as st

from components import (
    layout,
    navigation,
    reference_codes,
    reference_formats,
    reference_search,
    reference_symptoms,
    reference_words,
    troubleshooting,
)

layout.page_head(
    "Reference",
    "What goes wrong and what helps, what the check looks for, and what words mean",
    lambda: navigation.button("manifest", "Check a manifest", key="to_manifest", primary=True),
)
search = reference_search.ask()
codes, symptoms, formats, words = st.tabs(
    ["Finding codes", troubleshooting.VIEW, "Formats and limits", "Words"],
    key="reference_view",
    bind="query-params",
)
if codes.open:
    with codes:
        reference_codes.show(search)
if symptoms.open:
    with symptoms:
        reference_symptoms.show(search)
if formats.open:
    with formats:
        reference_formats.show()
if words.open:
    with words:
        reference_words.show(search)
