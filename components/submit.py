"""Review a submission and send it off; clicking twice is one submission."""

from typing import Final

import streamlit as st

from components import by_script, links, session
from components.runtime import get_runtime
from components.submit_form import Draft, decided, sentence
from components.text import code, count, moment
from services.domain.findings import Summary
from services.domain.runs import Submission
from services.domain.scripts import onboarding
from services.encord_api.interface import Integration
from services.engine.connections import Connection
from services.ledger.views import RunView
from services.manifests.checked import CheckedManifest
from services.manifests.errors import NotCheckedError
from services.manifests.options import CheckOptions
from services.manifests.repair import file_name

AGAIN: Final = "submit_again"
PLACE: Final = "submit"
NOT_CHECKED: Final = session.Notice(
    title="Nothing was submitted",
    body="The check that this page showed is not there any more. Open Manifest and check the "
    "manifest again.",
)


def line(checked: CheckedManifest | None, connection: Connection | None) -> str:
    """Say where things stand, for the page's head."""
    if checked is None:
        return "No manifest to submit yet"
    if connection is None:
        return "Not connected"
    summary = checked.summary
    return f"{summary.valid_entries:,} of {count(summary.entries, 'entry')} ready to submit"


def review(draft: Draft, summary: Summary, connection: Connection, options: CheckOptions) -> bool:
    """Say what will happen and what stands in the way; tell whether nothing does."""
    earlier = get_runtime().onboarding.earlier(summary.fingerprint, None)
    problems = draft.problems(summary)
    st.markdown(sentence(draft, summary))
    st.caption(
        "Files stay where they are: Encord stores their URLs. Nothing is sent before you "
        "click, and the run goes on without this page."
    )
    confirmed = _confirm_again(earlier)
    if problems:
        st.warning(" ".join(problems), title="Not ready to submit", icon=":material/edit:")
    elif draft.integration:
        script = onboarding.submit(
            by_script.place(connection),
            name=file_name(get_runtime().manifests, summary.fingerprint),
            check=options.to_json(),
            run=draft.name.strip(),
            folder=draft.folder,
            integration=draft.integration.id,
            options=draft.options,
        )
        by_script.show(script, key="submit_script", manifest=summary.fingerprint)
    return confirmed and not problems


def button(
    summary: Summary,
    connection: Connection,
    options: CheckOptions,
    found: tuple[Integration, ...],
    *,
    is_ready: bool,
) -> None:
    """Draw the one button that sends."""
    earlier = get_runtime().onboarding.earlier(summary.fingerprint, None)
    st.button(
        f"Submit {count(summary.valid_entries, 'entry')}",
        key="submit",
        type="primary",
        icon=":material/cloud_upload:",
        disabled=not is_ready,
        help=None if is_ready else "What is needed first stands below",
        on_click=_submit,
        args=(summary, connection, options, found, len(earlier)),
    )


def _confirm_again(earlier: list[RunView]) -> bool:
    """Show what was submitted before; another submission then needs a tick."""
    if not earlier:
        return True
    last = earlier[0]
    st.warning(
        f"Already submitted on {moment(last.created_at)} as {code(last.name)}, "
        f"to the folder {code(last.folder_name)}.",
        title="This manifest was submitted before",
        icon=":material/history:",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        again = st.checkbox("Submit it again, as a new run", key=f"{AGAIN}_{len(earlier)}")
        st.button(
            "Open that run",
            key="open_earlier",
            type="tertiary",
            icon=":material/arrow_forward:",
            on_click=links.open_run,
            args=(last.id,),
        )
    return again


def _submit(
    summary: Summary,
    connection: Connection,
    options: CheckOptions,
    found: tuple[Integration, ...],
    earlier: int,
) -> None:
    draft = decided(summary, found)
    if draft.integration is None or draft.problems(summary):
        return
    if earlier and not session.value(f"{AGAIN}_{earlier}"):
        return
    # The nonce counts the submissions this review knew of. A double click, a second tab and a
    # reload therefore name the same decision; a confirmed repetition names the next one.
    submission = Submission(
        name=draft.name.strip(),
        connection=connection.id,
        account=connection.account,
        manifest=summary.fingerprint,
        check=options.to_json(),
        folder=draft.folder,
        integration=draft.integration.id,
        integration_title=draft.integration.title,
        options=draft.options,
        nonce=f"submission-{earlier}",
        created_by=session.actor(),
    )
    session.clear_notice(PLACE)
    try:
        run = get_runtime().onboarding.submit(submission, actor=session.actor())
    except NotCheckedError:
        session.notify(PLACE, NOT_CHECKED)
        return
    links.open_run(run)
