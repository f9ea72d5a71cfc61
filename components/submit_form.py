"""The decisions of a submission, and the one sentence that says what will happen."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from components import folder_lookup, glossary, session, uuid_field
from components.layout import notice
from components.text import code, count, told_apart
from services.domain.chunks import MAX_ENTRIES, MAX_URLS
from services.domain.findings import Summary
from services.domain.runs import FolderChoice, RunOptions
from services.encord_api.interface import Integration
from services.engine.connections import Connection

NEW, EXISTING = "A new folder", "An existing folder"
LONGEST_NAME: Final = 200
#: The fields, as `decided` asks for them.
INTEGRATION, FOLDER_WAY, FOLDER = "integration", "folder_way", "folder_uuid"
HOLD_BACK, SKIP, UPSERT, SIZE = "hold_back", "skip_duplicates", "upsert_metadata", "chunk_size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is decided so far."""

    name: str
    folder: FolderChoice
    #: How to speak of the folder.
    folder_words: str
    integration: Integration | None
    options: RunOptions
    hold_back: bool

    def problems(self, summary: Summary) -> list[str]:
        """Say what is still missing before this can be submitted."""
        missing = []
        if not self.name.strip():
            missing.append("Give the run a name.")
        if not self.folder.uuid and not self.folder.name.strip():
            missing.append("Name the folder, or choose an existing one and look it up.")
        if self.integration is None:
            missing.append("Choose an integration.")
        if not summary.valid_entries:
            missing.append("The manifest has no entry that can be sent.")
        if summary.held_entries and not self.hold_back:
            missing.append("Fix the entries with errors, or hold them back.")
        return missing


def ask(summary: Summary, connection: Connection, found: tuple[Integration, ...]) -> Draft:
    """Draw the form and return what is decided so far."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.text_input(
            "Name of the run",
            value=_stem(summary),
            max_chars=LONGEST_NAME,
            key=_run_name(summary),
            persist_state="session",
        )
        _integration(found)
    with right:
        _folder(connection, summary)
    _hold_back(summary)
    _options(summary)
    return decided(summary, found)


def decided(summary: Summary, found: tuple[Integration, ...]) -> Draft:
    """Return what the fields say now, which a callback has to ask for itself: see `session`."""
    folder, words = _chosen_folder(summary)
    return Draft(
        name=str(session.value(_run_name(summary)) or ""),
        folder=folder,
        folder_words=words,
        integration=next((each for each in found if each.id == session.value(INTEGRATION)), None),
        options=RunOptions(
            skip_duplicate_urls=bool(session.value(SKIP)),
            upsert_metadata=bool(session.value(UPSERT)),
            max_chunk_entries=int(session.value(SIZE) or MAX_ENTRIES),
        ),
        hold_back=not summary.held_entries or bool(session.value(HOLD_BACK)),
    )


def _run_name(summary: Summary) -> str:
    return f"run_name_{summary.fingerprint[:8]}"


def _folder_name(summary: Summary) -> str:
    return f"folder_name_{summary.fingerprint[:8]}"


def _chosen_folder(summary: Summary) -> tuple[FolderChoice, str]:
    """Return the folder, and how to speak of it."""
    if session.value(FOLDER_WAY) == NEW:
        name = str(session.value(_folder_name(summary)) or "")
        return FolderChoice(name=name.strip()), f"the new folder {code(name)}"
    uuid, found = session.value(FOLDER), session.value("folder_found")
    if not found or session.value("folder_found_uuid") != uuid:
        return FolderChoice(), "a folder"
    return FolderChoice(uuid=str(uuid), name=str(found)), f"the folder {code(found)}"


def _stem(summary: Summary) -> str:
    return summary.name.rsplit(".", 1)[0][:LONGEST_NAME]


def _integration(found: tuple[Integration, ...]) -> None:
    titles = told_apart({each.id: each.title for each in found})
    st.selectbox(
        "Integration",
        list(titles),
        format_func=lambda known: titles.get(known, known),
        key=INTEGRATION,
        persist_state="session",
        help=glossary.meaning("integration"),
        placeholder="No integration found: check the connection",
    )


def _folder(connection: Connection, summary: Summary) -> None:
    way = st.radio(
        "Folder",
        [NEW, EXISTING],
        key=FOLDER_WAY,
        horizontal=True,
        persist_state="session",
        help=glossary.meaning("folder, item"),
    )
    if way == NEW:
        st.text_input(
            "Name of the new folder",
            value=_stem(summary),
            max_chars=LONGEST_NAME,
            key=_folder_name(summary),
            persist_state="session",
        )
        return
    st.text_input(
        "UUID of the folder",
        key=FOLDER,
        persist_state="session",
        placeholder=uuid_field.PLACEHOLDER,
        help="Names are not unique in Encord, so a folder is chosen by its UUID",
        on_change=_look_up,
        args=(connection.id,),
    )
    notice("folder")
    folder, _ = _chosen_folder(summary)
    if folder.uuid:
        st.markdown(f"Found {code(folder.name)}")


def _look_up(connection: str) -> None:
    folder = folder_lookup.find(connection, str(session.value(FOLDER) or ""), place="folder")
    if folder:
        session.set_value(FOLDER, folder.uuid)
        session.set_value("folder_found_uuid", folder.uuid)
        session.set_value("folder_found", folder.name)


def _hold_back(summary: Summary) -> None:
    if summary.held_entries:
        st.toggle(
            f"Hold back the {count(summary.held_entries, 'entry')} with errors",
            value=True,
            key=HOLD_BACK,
            persist_state="session",
            help=glossary.meaning("held back"),
        )


def _options(summary: Summary) -> None:
    with st.expander("Options"):
        st.checkbox(
            "Skip files that are already in the folder",
            value=True,
            key=SKIP,
            persist_state="session",
            help="Encord compares object URLs. Leave this on unless copies are wanted.",
        )
        st.checkbox(
            "Update custom metadata of files that are already there",
            key=UPSERT,
            persist_state="session",
        )
        size = st.number_input(
            "Entries in one upload job",
            min_value=1,
            max_value=MAX_ENTRIES,
            value=MAX_ENTRIES,
            key=SIZE,
            persist_state="session",
            help=f"{glossary.about('job', 'chunk')}\n\nSmaller jobs are answered sooner and "
            "cancelled more finely.",
        )
        st.caption(_about_jobs(summary, int(size)))


def _about_jobs(summary: Summary, size: int) -> str:
    """Say in how many jobs the entries go: by entries, and where groups are long by URLs."""
    jobs = max(-(-summary.valid_entries // size), -(-summary.urls // MAX_URLS))
    about = "" if summary.entries == summary.urls else "about "
    return (
        f"Sent as {about}{count(jobs, 'upload job')}. "
        f"A job takes at most {MAX_ENTRIES:,} entries and {MAX_URLS:,} URLs."
    )


def sentence(draft: Draft, summary: Summary) -> str:
    """Say what will happen."""
    through = f" through {code(draft.integration.title)}" if draft.integration else ""
    held = f", hold back {summary.held_entries:,}" if summary.held_entries else ""
    return (
        f"Submit {summary.valid_entries:,} of {count(summary.entries, 'entry')} "
        f"to {draft.folder_words}{through}{held}{_unusual(draft.options)}."
    )


def _unusual(options: RunOptions) -> str:
    """Say what is chosen behind the fold and changes what Encord does."""
    copies = "" if options.skip_duplicate_urls else ", registering again what is already there"
    updated = ", updating the metadata of files that are already there"
    return copies + (updated if options.upsert_metadata else "")
