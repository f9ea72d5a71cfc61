"""The decisions of a submission, and the one sentence that says what will happen."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from components import folder_lookup, glossary, session
from components.layout import notice
from components.text import code, count
from services.domain.chunks import MAX_ENTRIES, MAX_URLS
from services.domain.findings import Summary
from services.domain.runs import FolderChoice, RunOptions
from services.encord_api.interface import Integration
from services.engine.connections import Connection

NEW, EXISTING = "A new folder", "An existing folder"
LONGEST_NAME: Final = 200


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
    stem = _stem(summary)
    left, right = st.columns(2, gap="medium")
    with left:
        name = st.text_input(
            "Name of the run",
            value=stem,
            max_chars=LONGEST_NAME,
            key=f"run_name_{summary.fingerprint[:8]}",
            persist_state="session",
        )
        integration = _integration(found)
    with right:
        folder, words = _folder(connection, summary)
    hold_back = _hold_back(summary)
    return Draft(
        name=name or "",
        folder=folder,
        folder_words=words,
        integration=integration,
        options=_options(summary),
        hold_back=hold_back,
    )


def _stem(summary: Summary) -> str:
    return summary.name.rsplit(".", 1)[0][:LONGEST_NAME]


def _integration(found: tuple[Integration, ...]) -> Integration | None:
    titles = {each.id: each.title for each in found}
    chosen = st.selectbox(
        "Integration",
        list(titles),
        format_func=lambda known: titles.get(known, known),
        key="integration",
        persist_state="session",
        help=glossary.meaning("integration"),
        placeholder="No integration found: check the connection",
    )
    return next((each for each in found if each.id == chosen), None)


def _folder(connection: Connection, summary: Summary) -> tuple[FolderChoice, str]:
    way = st.radio(
        "Folder", [NEW, EXISTING], key="folder_way", horizontal=True, persist_state="session"
    )
    if way == NEW:
        name = st.text_input(
            "Name of the new folder",
            value=_stem(summary),
            max_chars=LONGEST_NAME,
            key=f"folder_name_{summary.fingerprint[:8]}",
            persist_state="session",
        )
        return FolderChoice(name=(name or "").strip()), f"the new folder {code(name or '')}"
    uuid = st.text_input(
        "UUID of the folder",
        key="folder_uuid",
        persist_state="session",
        placeholder="00000000-0000-0000-0000-000000000000",
        help="Names are not unique in Encord, so a folder is chosen by its UUID",
        on_change=_look_up,
        args=(connection.id,),
    )
    notice("folder")
    found = session.value("folder_found") if session.value("folder_found_uuid") == uuid else None
    if not found:
        return FolderChoice(), "a folder"
    st.markdown(f"Found {code(found)}")
    return FolderChoice(uuid=str(uuid), name=str(found)), f"the folder {code(found)}"


def _look_up(connection: str) -> None:
    folder = folder_lookup.find(connection, str(session.value("folder_uuid") or ""), place="folder")
    if folder:
        session.set_value("folder_uuid", folder.uuid)
        session.set_value("folder_found_uuid", folder.uuid)
        session.set_value("folder_found", folder.name)


def _hold_back(summary: Summary) -> bool:
    if not summary.held_entries:
        return True
    return st.toggle(
        f"Hold back the {count(summary.held_entries, 'entry')} with errors",
        value=True,
        key="hold_back",
        persist_state="session",
    )


def _options(summary: Summary) -> RunOptions:
    with st.expander("Options"):
        skip = st.checkbox(
            "Skip files that are already in the folder",
            value=True,
            key="skip_duplicates",
            persist_state="session",
            help="Encord compares object URLs. Leave this on unless copies are wanted.",
        )
        upsert = st.checkbox(
            "Update custom metadata of files that are already there",
            key="upsert_metadata",
            persist_state="session",
        )
        size = st.number_input(
            "Entries in one upload job",
            min_value=1,
            max_value=MAX_ENTRIES,
            value=MAX_ENTRIES,
            key="chunk_size",
            persist_state="session",
            help="Smaller jobs are answered sooner and cancelled more finely",
        )
        st.caption(_about_jobs(summary, int(size)))
    return RunOptions(skip_duplicate_urls=skip, upsert_metadata=upsert, max_chunk_entries=int(size))


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
        f"to {draft.folder_words}{through}{held}."
    )
