"""CSV files to start from: one a type, with every column it may have."""

from functools import partial
from typing import Final

import streamlit as st

from components import connection
from components.runtime import get_runtime
from services.domain.entries import EntryType
from services.engine.schemas import Schemas
from services.manifests import templates

LABELS: Final = {kind.label: kind for kind in templates.KINDS}


def show(*, key: str) -> None:
    """Draw the choice of a type and the download of its template."""
    current = connection.current()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = LABELS[st.selectbox("Or start from a template for", list(LABELS), key=key)]
        st.download_button(
            "Download the template",
            partial(_csv, kind, get_runtime().schemas, current.id if current else ""),
            file_name=templates.name(kind),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_download",
        )


def _csv(kind: EntryType, schemas: Schemas, connection_id: str) -> bytes:
    """Make the template with the keys of the schema that was read last.

    It is made when somebody clicks, outside of the session: it must not ask who that is.
    """
    last = schemas.last(connection_id)
    return templates.csv(kind, last.schema if last else {})
