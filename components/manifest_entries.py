"""What a manifest asks for: every entry as a table, and what Encord will receive."""

from typing import Final

import streamlit as st

from components import search_field
from components.tables import Column, PagedTable
from services.domain.entries import EntryType
from services.manifests.checked import CheckedManifest, EntryRow
from services.manifests.sorting import EntryOrder

ANY: Final = "Any type"
TYPES: Final = {
    kind.label.capitalize() if kind.label.islower() else kind.label: kind for kind in EntryType
}
ALL, READY, HELD = "All entries", "Ready", "Held back"
ORDERS: Final = {
    "As in the file": EntryOrder.FILE,
    "By title": EntryOrder.TITLE,
    "By object URL": EntryOrder.URL,
    "By type": EntryOrder.TYPE,
    "Most URLs first": EntryOrder.SIZE,
}
PREVIEW: Final = 3

TABLE: Final = PagedTable[EntryRow](
    noun="entry",
    alt="Entries of the manifest",
    columns=(
        Column("Entry", lambda row: row.index + 1, width=65),
        Column("Line", lambda row: row.line, width=65),
        Column("Type", lambda row: row.type.label if row.type else "", width=110),
        Column("Title", lambda row: row.title or "", width=220),
        Column("Object URL", lambda row: row.url or "", width=360),
        Column("URLs", lambda row: row.url_count, width=65),
        Column("Ready", lambda row: row.valid, st.column_config.CheckboxColumn("Ready", width=70)),
        Column("Findings", lambda row: ", ".join(row.codes), width=180),
    ),
)


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the filter and the entries that match it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_field.ask(key="entries_find", placeholder="URL or title")
        kind = st.selectbox(
            "Type", [ANY, *TYPES], key="entries_type", bind="query-params", width=180
        )
        which = st.selectbox(
            "Which", [ALL, READY, HELD], key="entries_which", bind="query-params", width=160
        )
        order = st.selectbox(
            "Order", list(ORDERS), key="entries_order", bind="query-params", width=160
        )
    TABLE.show(
        lambda offset, limit: checked.entries(
            valid={READY: True, HELD: False}.get(which),
            type=TYPES.get(kind),
            search=search,
            order=ORDERS[order],
            offset=offset,
            limit=limit,
        ),
        key=f"{key}_table",
        name="entries_page",
        filters={"entries_find": "", "entries_type": ANY, "entries_which": ALL},
    )


def preview(checked: CheckedManifest) -> None:
    """Draw the start of the document that Encord receives."""
    st.caption(
        f"The first {PREVIEW} entries, exactly as they are sent. Entries that are held back are "
        "not in it."
    )
    st.code(checked.preview(PREVIEW), language=None, wrap_lines=True)
