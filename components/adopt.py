"""Follow an upload job that was started elsewhere, as a run of its own."""

import re
from typing import Final

import streamlit as st

from components import asking, connection_card, folder_lookup, manifests, session
from components.runtime import get_runtime
from components.text import told_apart
from services.domain.runs import FolderChoice, Submission
from services.encord_api.interface import Folder, Integration
from services.engine.connections import Connection

PLACE: Final = "adopt"
ICON: Final = ":material/move_to_inbox:"
MANIFEST, FOLDER, JOB, INTEGRATION = (f"adopt_{each}" for each in ("m", "folder", "job", "i"))
RECENT: Final = 50
UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ABOUT: Final = (
    "For a job that a script or another machine started. The run follows it and shows what became "
    "of each entry; nothing is sent again."
)
LOST: Final = (
    "- Whether the job was started with exactly this manifest: entries are matched by URL\n"
    "- The choices it was started with, such as skipping duplicates\n"
    "- Who started it, and when"
)


def button() -> None:
    """Draw the quiet way to an adoption."""
    asking.opener("Adopt a job started elsewhere", _ask, place=PLACE, icon=ICON)


@st.dialog("Adopt a job started elsewhere", width="medium")
def _ask(current: Connection) -> None:
    st.markdown(ABOUT)
    asking.lost("What a job cannot tell", LOST)
    names = {each.fingerprint: each.name for each in get_runtime().manifests.recent(RECENT)}
    st.selectbox(
        "Manifest it was started with",
        list(names),
        format_func=lambda known: f"{names.get(known, '')} ({known[:8]})",
        key=MANIFEST,
        placeholder="Check the manifest first",
    )
    found = connection_card.known_integrations(current)
    titles = told_apart({each.id: each.title for each in found})
    st.selectbox(
        "Integration",
        list(titles),
        format_func=lambda known: titles.get(known, known),
        key=INTEGRATION,
        help="Used when failures are retried",
    )
    st.text_input("UUID of the folder", key=FOLDER)
    st.text_input("Id of the upload job", key=JOB)
    asking.confirm("Adopt the job", _adopt, (current, found), place=PLACE, icon=ICON)


def _adopt(current: Connection, found: tuple[Integration, ...]) -> None:
    fingerprint = str(session.value(MANIFEST) or "")
    job = session.typed(JOB)
    through = next((each for each in found if each.id == session.value(INTEGRATION)), None)
    if manifests.summary(fingerprint) is None or through is None or not UUID.fullmatch(job):
        _say_what_is_missing()
        return
    folder = folder_lookup.find(current.id, str(session.value(FOLDER) or ""), place=PLACE)
    if folder:
        submission = _submission(current, fingerprint, folder, through, job)
        asking.open_run(get_runtime().onboarding.submit(submission, actor=session.actor()))


def _say_what_is_missing() -> None:
    session.notify(
        PLACE,
        session.Notice(
            title="Something is missing",
            body="Needed are a checked manifest, an integration, and the job's id: a UUID.",
        ),
    )


def _submission(
    current: Connection, fingerprint: str, folder: Folder, through: Integration, job: str
) -> Submission:
    return Submission(
        name=f"Adopted: {get_runtime().manifests.names(fingerprint)}",
        connection=current.id,
        account=current.account,
        manifest=fingerprint,
        check=manifests.options(fingerprint).to_json(),
        folder=FolderChoice(uuid=folder.uuid, name=folder.name),
        integration=through.id,
        integration_title=through.title,
        nonce="adopted",
        created_by=session.actor(),
        adopted_job=job,
    )
