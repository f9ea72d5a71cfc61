"""The folders this account may see, by name or UUID; those that share a name are marked."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Final

import streamlit as st

from components import answers, connection, dataset_folder, search_field, session
from components.runtime import get_runtime
from components.tables import Column, Opening, PagedTable
from components.text import moment, number
from services.domain.paging import Page
from services.encord_api.interface import Folder
from services.engine.connections import Connection

#: Folders shown at most; Encord's search narrows what there is.
MOST: Final = 1000
TABS: Final = "datasets_view"


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder, and how many of those found are called the same."""

    folder: Folder
    namesakes: int


def _open(folder: Folder) -> None:
    """Show what can be linked of a folder: on this page, whose fields follow no address."""
    session.set_value(TABS, dataset_folder.TAB)
    session.set_value(dataset_folder.FOLDER, folder.uuid)
    # A field that was not drawn before does not write itself into the address.
    st.query_params[dataset_folder.FOLDER] = folder.uuid


TABLE = PagedTable[Listed](
    noun="folder",
    alt="Folders of this account",
    word="folder, item",
    columns=(
        Column("Name", lambda row: row.folder.name, width=190),
        Column("Description", lambda row: row.folder.description, width=100),
        Column(
            "Same name",
            lambda row: f"{number(row.namesakes)} more" if row.namesakes else "",
            width=95,
        ),
        Column("Created", lambda row: moment(row.folder.created_at), width=235),
        Column("UUID", lambda row: row.folder.uuid, width=250),
    ),
    opening=Opening(
        act=lambda row: _open(row.folder),
        label="Open a folder",
        name=lambda row: row.folder.name,
        id=lambda row: row.folder.uuid,
    ),
)


def show() -> None:
    """Draw the search and the folders it finds; opening one goes to what can be linked of it."""
    current = connection.current()
    if current is None:
        st.caption("Connect to see folders.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_field.ask(key="folder_find", placeholder="Name or UUID")
        st.button("Read again", key="folders_again", icon=":material/refresh:", on_click=_again)
    found = _find(current, search.strip())
    if found is None:
        return
    if len(found) == MOST:
        st.caption(f"The first {number(MOST)} folders. Search by name to see others.")
    rows = _listed(found)
    TABLE.show(
        lambda offset, limit: Page(rows[offset : offset + limit], len(rows)),
        key="folders",
        name="folders_page",
        filters={"folder_find": ""},
    )


def _again() -> None:
    session.renew_nonce("folders")


def _find(current: Connection, search: str) -> list[Folder] | None:
    ask = partial(get_runtime().connections.folders, current.id, search, limit=MOST)
    return answers.of_encord(f"folders {current.id} {search} {session.nonce('folders')}", ask)


def _listed(found: list[Folder]) -> list[Listed]:
    names = Counter(each.name for each in found)
    return [Listed(each, names[each.name] - 1) for each in found]
