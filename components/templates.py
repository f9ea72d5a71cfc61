"""CSV files to start from: one a type, with every column it may have."""

from typing import Final

import streamlit as st

from components import connection
from components.runtime import get_runtime
from services.domain.metadata import MetadataSchema
from services.manifests import templates

LABELS: Final = {kind.label: kind for kind in templates.KINDS}


def show(*, key: str) -> None:
    """Draw the choice of a type and the download of its template."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = LABELS[st.selectbox("Or start from a template for", list(LABELS), key=key)]
        st.download_button(
            "Download the template",
            lambda: templates.csv(kind, _schema()),
            file_name=templates.name(kind),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_download",
        )


def _schema() -> MetadataSchema:
    """Return the schema that the connection last answered; its keys become columns."""
    current = connection.current()
    last = get_runtime().schemas.last(current.id) if current else None
    return last.schema if last else {}
