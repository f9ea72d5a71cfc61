"""Follow an upload job that was started elsewhere, as a run of its own."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from components import (
    asking,
    by_script,
    connection_card,
    folder_lookup,
    links,
    manifests,
    session,
)
from components.dialogs import dialog
from components.runtime import get_runtime
from components.text import told_apart
from services.domain.scripts import onboarding
from services.domain.uuids import read_uuid
from services.encord_api.interface import Integration
from services.engine.connections import Connection
from services.manifests.repair import file_name

PLACE: Final = "adopt"
ICON: Final = ":material/move_to_inbox:"
MANIFEST, FOLDER, JOB, INTEGRATION = (f"adopt_{each}" for each in ("m", "folder", "job", "i"))
RECENT: Final = 50
ABOUT: Final = (
    "For a job that a script or another machine started. The run follows it and shows what became "
    "of each entry; nothing is sent again."
)
LOST: Final = (
    "- Whether the job was started with exactly this manifest: entries are matched by URL\n"
    "- The choices it was started with, such as skipping duplicates\n"
    "- Who started it, and when"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the dialog was told, the folder apart: whether that is there, Encord knows."""

    manifest: str
    check: str
    integration: Integration
    job: str


def button() -> None:
    """Draw the quiet way to an adoption."""
    asking.opener("Adopt a job started elsewhere", _ask, place=PLACE, icon=ICON)


@dialog("Adopt a job started elsewhere", width="medium")
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
    _scripted(current, found)
    asking.confirm("Adopt the job", _adopt, (current, found), place=PLACE, icon=ICON)


def _decided(found: tuple[Integration, ...]) -> Decided | None:
    """Return what the fields say now, which a callback has to ask for itself: see `session`."""
    manifest, job = str(session.value(MANIFEST) or ""), read_uuid(session.typed(JOB))
    through = next((each for each in found if each.id == session.value(INTEGRATION)), None)
    if manifests.summary(manifest or None) is None or through is None or job is None:
        return None
    check = manifests.options(manifest).to_json()
    return Decided(manifest=manifest, check=check, integration=through, job=job)


def _scripted(current: Connection, found: tuple[Integration, ...]) -> None:
    decided, folder = _decided(found), session.typed(FOLDER)
    if decided is None or not folder:
        return
    script = onboarding.adopt(
        by_script.place(current),
        name=file_name(get_runtime().manifests, decided.manifest),
        check=decided.check,
        job=decided.job,
        folder=folder,
        integration=decided.integration.id,
    )
    by_script.show(script, key=f"{PLACE}_script", manifest=decided.manifest)


def _adopt(current: Connection, found: tuple[Integration, ...]) -> None:
    decided = _decided(found)
    if decided is None:
        _say_what_is_missing()
        return
    folder = folder_lookup.find(current.id, session.typed(FOLDER), place=PLACE)
    if folder:
        run = get_runtime().onboarding.adopt(
            decided.job,
            manifest=decided.manifest,
            check=decided.check,
            folder=folder,
            integration=decided.integration,
            connection=current.id,
            account=current.account,
            actor=session.actor(),
        )
        links.open_run(run)


def _say_what_is_missing() -> None:
    session.notify(
        PLACE,
        session.Notice(
            title="Something is missing",
            body="Needed are a checked manifest, an integration, and the job's id: a UUID.",
        ),
    )
