"""Link files of a folder that no run of ours registered: all, a selection, or the unused ones."""

from dataclasses import replace
from typing import Final

import streamlit as st

from components import (
    by_script,
    connection,
    dataset_create,
    folder_lookup,
    glossary,
    layout,
    proof_nonce,
    search_field,
    session,
    uuid_field,
)
from components.runtime import get_runtime
from services.domain.runs import DatasetChoice
from services.domain.scripts import proofs
from services.domain.tasks import Question, Source
from services.engine.connections import Connection
from services.engine.proof.proofs import Asker

PLACE: Final = "link_folder"
#: The tab this is drawn in, and the field that a link fills.
TAB: Final = "From a folder"
FOLDER: Final = "link_folder_uuid"
SEARCH, TYPE, UNUSED = "link_folder_find", "link_folder_type", "link_folder_unused"
ALREADY, TITLE, DATASET = "folder_dup", "folder_dataset_title", "folder_dataset_uuid"
ANY: Final = "Any type"
TYPES: Final = {
    ANY: "",
    "Images": "image",
    "Image groups": "imageGroup",
    "Image sequences": "imageSequence",
    "Videos": "video",
    "Audio": "audio",
    "Text": "plainText",
    "PDFs": "pdf",
    "NIfTI": "nifti",
    "DICOM series": "dicomSeries",
    "Time series": "timeseries",
}
SKIP, REFUSE = "Skip them", "Link nothing if there is one"
DUPLICATES: Final = (
    "Encord also knows DUPLICATE, a second row for the same file. It is not offered: a request "
    "whose answer was lost could not be repeated without a third."
)


def show() -> None:
    """Draw the selection, the dataset and the button."""
    current = connection.current()
    if current is None:
        st.caption("Connect to link files of a folder.")
        return
    _ask_for_files()
    st.radio("Files that are in the dataset already", [SKIP, REFUSE], key=ALREADY, horizontal=True)
    st.caption(DUPLICATES)
    st.text_input("Title of the new dataset", max_chars=dataset_create.LONGEST_TITLE, key=TITLE)
    uuid_field.show("Or the UUID of an existing one", key=DATASET)
    source, choice = _source(), _choice()
    if choice and choice.title:
        dataset_create.collisions(current, choice.title)
    layout.notice(PLACE)
    st.button(
        "Link the selection",
        key="folder_link",
        type="primary",
        icon=":material/link:",
        disabled=not source.id or choice is None,
        on_click=_link,
        args=(current,),
    )
    if source.id and choice:
        script = proofs.link_folder(by_script.place(current), source, choice, refuse=_refuses())
        by_script.show(script, key="folder_script")


def _ask_for_files() -> None:
    left, right = st.columns(2)
    left.text_input(
        "UUID of the folder",
        key=FOLDER,
        bind="query-params",
        help=glossary.meaning("folder, item"),
    )
    with right:
        search_field.ask(key=SEARCH, label="Only names or URLs with", placeholder="Any name or URL")
    left.selectbox("Type", list(TYPES), key=TYPE, bind="query-params")
    right.toggle("Only files that are in no dataset yet", key=UNUSED, bind="query-params")


def _source() -> Source:
    """Return which files the fields say now, which a callback asks for itself: see `session`."""
    return Source(
        teller="folder",
        id=session.typed(FOLDER),
        search=search_field.text(SEARCH),
        type=TYPES[session.value(TYPE) or ANY],
        unused=bool(session.value(UNUSED)),
    )


def _choice() -> DatasetChoice | None:
    """Return which dataset the fields say now."""
    if uuid_field.is_wrong(DATASET):
        return None
    uuid, title = uuid_field.uuid(DATASET), session.typed(TITLE)
    if uuid:
        return DatasetChoice(uuid=uuid)
    return DatasetChoice(title=title) if title else None


def _nonce(choice: DatasetChoice) -> str:
    """Name the decision: the same words are one new dataset, whatever was verified in between."""
    return proof_nonce.of("link") if choice.uuid else session.nonce(f"link to {choice.title}")


def _refuses() -> bool:
    """Tell whether one file that is in the dataset already stops it all, as the field says now."""
    return bool(session.value(ALREADY) == REFUSE)


def _link(current: Connection) -> None:
    source, choice = _source(), _choice()
    folder = folder_lookup.find(current.id, source.id, place=PLACE)
    if folder is None or choice is None:
        return
    question = Question(source=replace(source, id=folder.uuid), refuse_linked=_refuses())
    asker = Asker(connection=current.id, account=current.account, actor=session.actor())
    task = get_runtime().proofs.link(
        question,
        choice,
        name=f"Files of {folder.name}",
        asker=asker,
        nonce=_nonce(choice),
    )
    session.go_to("verify", task=task)
