"""Create a dataset: what it will be called, who is called the same, and what cannot be undone."""

from datetime import timedelta
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from components import answers, by_script, session, status
from components.runtime import get_background, get_runtime
from components.tables import GRID
from components.text import count
from services.domain.runs import DatasetChoice
from services.domain.scripts import onboarding
from services.encord_api.interface import Dataset
from services.engine.connections import Connection
from services.engine.once import is_of
from services.engine.proof.proofs import Asker

LONGEST_TITLE: Final = 200
#: Somebody else may have created one since an older answer.
FRESH: Final = timedelta(minutes=1)
#: Encord's own names and codes of where a dataset's files are.
LOCATIONS: Final = (
    ("AWS S3", "AWS", 1),
    ("GCP", "GCP", 2),
    ("Azure blob", "AZURE", 3),
    ("Open Telekom Cloud", "OTC", 4),
    ("Encord storage", "CORD_STORAGE", 0),
)
ABOUT: Final = (
    "It is made without a mirrored folder (`create_backing_folder=False`): a mirrored one would "
    "take in every file of its folder by itself, and one link too many could not be told apart. "
    "**Datasets cannot be deleted through the SDK**, only in Encord itself."
)


def form(current: Connection) -> None:
    """Draw the form."""
    st.text_input("Title", key="new_title", max_chars=LONGEST_TITLE)
    st.text_input("Description", key="new_description")
    choice = _decided()
    title = choice.title
    if title:
        collisions(current, title)
    st.markdown(ABOUT)
    locations()
    st.button(
        "Create the dataset",
        key="new_yes",
        type="primary",
        icon=":material/add:",
        disabled=not title,
        on_click=_create,
        args=(current,),
    )
    if title:
        script = onboarding.create_dataset(by_script.place(current), choice)
        by_script.show(script, key="new_script")


def _decided() -> DatasetChoice:
    """Return what the fields say now, which a callback has to ask for itself: see `session`."""
    title, description = session.typed("new_title"), session.typed("new_description")
    return DatasetChoice(title=title, description=description)


def locations() -> None:
    """Say which storage locations Encord knows, and why there is no choice."""
    with st.expander("Storage location", type="compact"):
        st.caption(
            "The SDK asks for a location and only echoes it: Encord is not told. Each file keeps "
            "the location its integration gave it. We name GCP (2)."
        )
        named = pd.DataFrame(LOCATIONS, columns=["Storage location", "Argument", "Code"])
        st.dataframe(named, key="locations", alt="Storage locations and their codes", **GRID)


def collisions(current: Connection, title: str, *, run: str = "") -> None:
    """Name the datasets that are called the same already; a run's own one is no second one."""
    name = f"{asked_for(current)} called {title}"
    ask = partial(get_runtime().connections.datasets, current.id, title)
    waiting = "Asking Encord whether a dataset of this title exists"
    phase = answers.wait_for(name, ask, waiting=waiting, fresh=FRESH)
    if phase == "failed":
        st.caption("Encord did not say whether a dataset of this title exists.")
    if phase != "done":
        return
    found = [each for each in _datasets(name) if each.title == title]
    if run and any(is_of(each.description, run) for each in found):
        st.info(
            "It is linked to again, and no second one is created. For a new dataset, choose "
            "another title.",
            title="This run has a dataset of this title",
            icon=":material/link:",
        )
    elif found:
        st.warning(
            "Titles need not be unique in Encord, so you can go on; by its UUID it will still be "
            "told apart.",
            title=f"{count(len(found), 'dataset')} of this title already",
            icon=":material/content_copy:",
        )
        for each in found:
            st.code(each.uuid, language=None)


def asked_for(current: Connection) -> str:
    """Name what Encord says of datasets: asked anew when wanted, and once one was made here."""
    ended = (each for each in get_runtime().ledger.tasks() if not status.is_active(each))
    made = (each.id for each in ended if each.dataset_uuid)
    return " ".join(("datasets", current.id, session.nonce("datasets"), *made))


def _datasets(name: str) -> list[Dataset]:
    found = get_background().result(name)
    return found if isinstance(found, list) else []


def _create(current: Connection) -> None:
    choice = _decided()
    if not choice.title:
        return
    asker = Asker(connection=current.id, account=current.account, actor=session.actor())
    # The same words in the same session are the same dataset: whoever wants two changes a word.
    nonce = session.nonce(f"create {choice}")
    task = get_runtime().proofs.create(choice, asker=asker, nonce=nonce)
    session.go_to("datasets", task=task)
