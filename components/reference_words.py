"""The words of the dashboard with their meanings, as far as a search lets them."""

import streamlit as st

from components import layout
from components.glossary import WORDS, heading


def show(search: str) -> None:
    """Draw the words that match."""
    wanted = search.casefold()
    found = {
        word: meaning for word, meaning in WORDS.items() if wanted in f"{word} {meaning}".casefold()
    }
    if not found:
        layout.filtered_out({"reference_find": ""}, key="words")
        return
    with st.grid(2, min_column_width=300):
        for word, meaning in found.items():
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{heading(word)}**")
                st.caption(meaning)
