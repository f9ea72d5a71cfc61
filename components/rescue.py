"""Rebuild a run from a folder alone, when the ledger that knew it is lost."""

from typing import Final

import streamlit as st

from components import connection, folder_lookup, layout, session
from components.runtime import get_runtime
from services.engine.connections import Connection

PLACE: Final = "rescue"
FOLDER: Final = "rescue_folder"
ABOUT: Final = (
    "Lists the folder and makes a run of what it holds, so that it can be linked and verified. "
    "Nothing in Encord is changed."
)
LOST: Final = (
    "- Entries that failed or never arrived\n"
    "- What the manifest said beyond URLs and titles, custom metadata for example\n"
    "- The ids of the upload jobs, who submitted it, and when"
)


def button() -> None:
    """Draw the quiet way to a rescue."""
    current = connection.current()
    opened = st.button(
        "Rescue a run from its folder",
        key="rescue",
        type="tertiary",
        icon=":material/healing:",
        disabled=current is None,
    )
    if opened and current:
        session.clear_notice(PLACE)
        _ask(current)


@st.dialog("Rescue a run from its folder", width="medium")
def _ask(current: Connection) -> None:
    st.markdown(ABOUT)
    with st.container(gap="xsmall"):
        st.markdown("**What a folder cannot tell**")
        st.markdown(LOST)
    st.text_input(
        "UUID of the folder", key=FOLDER, placeholder="00000000-0000-0000-0000-000000000000"
    )
    layout.notice(PLACE)
    asked = st.button(
        "Rescue the run",
        key="rescue_yes",
        type="primary",
        icon=":material/healing:",
        on_click=_rescue,
        args=(current,),
    )
    if asked and session.notice(PLACE) is None:
        st.rerun()


def _rescue(current: Connection) -> None:
    folder = folder_lookup.find(current.id, str(session.value(FOLDER) or ""), place=PLACE)
    if folder is None:
        return
    run = get_runtime().onboarding.rescue(
        folder,
        connection=current.id,
        account=current.account,
        nonce=session.nonce(f"rescue {folder.uuid}"),
        actor=session.actor(),
    )
    session.use_run(run)
    session.go_to("run", run=run)
