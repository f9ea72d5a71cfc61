"""Rebuild a run from a folder alone, when the ledger that knew it is lost."""

from typing import Final

import streamlit as st

from components import asking, by_script, folder_lookup, links, session, uuid_field
from components.dialogs import dialog
from components.runtime import get_runtime
from services.domain.scripts import onboarding
from services.engine.connections import Connection

PLACE: Final = "rescue"
ICON: Final = ":material/healing:"
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
    asking.opener("Rescue a run from its folder", _ask, place=PLACE, icon=ICON)


@dialog("Rescue a run from its folder", width="medium")
def _ask(current: Connection) -> None:
    st.markdown(ABOUT)
    asking.lost("What a folder cannot tell", LOST)
    st.text_input("UUID of the folder", key=FOLDER, placeholder=uuid_field.PLACEHOLDER)
    folder = session.typed(FOLDER)
    if folder:
        script = onboarding.rescue(by_script.place(current), folder)
        by_script.show(script, key=f"{PLACE}_script")
    asking.confirm("Rescue the run", _rescue, (current,), place=PLACE, icon=ICON)


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
    links.open_run(run)
