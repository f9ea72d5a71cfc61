"""What a person can do with a run: retry, cancel, resume. Every click is safe to repeat."""

from typing import Final

import streamlit as st

from components import by_script, confirm, links, navigation, session, status, troubleshooting
from components.runtime import get_runtime
from components.text import count
from services.domain.runs import Problem, RunState
from services.domain.scripts import onboarding
from services.domain.scripts.script import Script
from services.domain.symptoms import of_problem
from services.ledger.views import Counts, RunView

#: Problem to what happened, what to do about it, and the page where it is done.
PROBLEMS: Final = {
    Problem.RECONNECT: (
        "The key of this run's connection is not in memory any more",
        "Connect again with the same key, then resume. Nothing is lost.",
        "connect",
    ),
    Problem.NOT_AUTHENTICATED: (
        "Encord did not accept the key",
        "Connect with a key that is registered at Encord, then resume.",
        "connect",
    ),
    Problem.NOT_AUTHORIZED: (
        "Encord does not let this account do that",
        "Ask an administrator for access to folder, integration and dataset, then resume.",
        "connect",
    ),
    Problem.FOLDER_GONE: (
        "Encord has no such folder that this account may see",
        (
            "It was deleted, or the account has no access: Encord answers both in the same way. "
            "Restore it or ask for access and resume, or submit the manifest to another folder."
        ),
        "submit",
    ),
    Problem.INTEGRATION_GONE: (
        "Encord does not let this account register with the integration",
        (
            "It was removed, the account has only its User role, or it may not add to the folder. "
            "Put that right and resume, or submit the manifest with another integration."
        ),
        "submit",
    ),
    Problem.DATASET_GONE: (
        "Encord has no such dataset that this account may see",
        (
            "Link the run to another dataset. Or, where this one is only hidden from the account, "
            "ask for access and resume: Encord answers as for one that was deleted."
        ),
        "datasets",
    ),
    Problem.ALREADY_LINKED: (
        "Some of the items are in the dataset already",
        "Nothing was linked. Link again and let Encord skip them, or choose another dataset.",
        "datasets",
    ),
    Problem.NOTHING_TO_LINK: (
        "No file matches the selection",
        "No dataset was created. Link another selection, or resume once files match it.",
        "datasets",
    ),
    Problem.REQUEST_REFUSED: (
        "Encord refused the request",
        "Read what Encord said below; resume once it is put right.",
        "connect",
    ),
    Problem.MANIFEST_CHANGED: (
        "The stored manifest is not what was submitted",
        "Upload the manifest again and submit it as a new run.",
        "manifest",
    ),
    Problem.UNCONFIRMED_GROUPS: (
        "It is not certain whether Encord took some image groups or series",
        "Look into the folder in Encord: if they are missing, resume to send them again.",
        "run",
    ),
    Problem.UNEXPECTED: (
        "Something happened that this program does not know",
        "Resume to try again. If it comes back, send the history of this run to your support.",
        "run",
    ),
}


def needs_attention(run: RunView, *, key: str) -> None:
    """Say why a run stands still and what makes it go on."""
    if run.state is not RunState.NEEDS_ATTENTION or run.problem is None:
        return
    title, remedy, page = PROBLEMS[run.problem]
    with st.container(border=True, key=key):
        st.warning(remedy, title=title, icon=status.RUN_STATES[run.state].icon)
        if run.problem_detail:
            with st.expander("What was said"):
                st.text(run.problem_detail)
        with st.container(horizontal=True):
            st.button(
                "Resume",
                key=f"{key}_resume",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_resume,
                args=(run.id,),
            )
            by_script.show(onboarding.resume(run.id), key=f"{key}_script")
            if page != "run":
                navigation.link(
                    page, f"Open {navigation.title(page)}", icon=":material/arrow_forward:"
                )
            troubleshooting.link(of_problem(run.problem))


def _may_pause(run: RunView) -> bool:
    return run.state not in {RunState.NEEDS_ATTENTION, RunState.CANCELLING}


def _pause_or_resume(run: RunView) -> None:
    if not _may_pause(run):
        return
    if run.paused:
        st.button(
            "Resume",
            key="resume_run",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_resume,
            args=(run.id,),
        )
    else:
        st.button(
            "Pause",
            key="pause_run",
            icon=":material/pause:",
            help="Sends nothing new; what runs at Encord already goes on",
            on_click=_pause,
            args=(run.id,),
        )


def _pause(run_id: str) -> None:
    get_runtime().onboarding.pause(run_id, actor=session.actor())


def _resume(run_id: str) -> None:
    get_runtime().onboarding.resume(run_id, actor=session.actor())


def cancel_button(run: RunView, *, key: str) -> None:
    """Offer to cancel a run that has not finished."""
    left = run.counts.pending
    confirm.button(
        "Cancel run",
        key=key,
        icon=":material/cancel:",
        title="Cancel this run?",
        body=f"{count(left, 'entry')} will not be registered. What Encord has registered stays. "
        "You can submit the same manifest again later.",
        confirm="Cancel the run",
        on_confirm=lambda: get_runtime().onboarding.cancel(run.id, actor=session.actor()),
    )


def head_action(run: RunView, counts: Counts) -> None:
    """Draw the one thing to do next with this run."""
    if not run.state.is_final:
        _pause_or_resume(run)
        cancel_button(run, key="cancel_run")
        by_script.show_each(_scripts(run), key="run_script")
    elif run.receipt:
        _go("verify", "See the verification", run, icon=":material/verified:")
    elif counts.arrived:
        _go("datasets", "Link to a dataset", run, icon=":material/dataset:")
    else:
        navigation.button(
            "manifest",
            "Open the manifest",
            key="to_manifest",
            primary=True,
            manifest=run.manifest,
        )


def _scripts(run: RunView) -> dict[str, Script]:
    """Return what the head's buttons do, by their names."""
    scripts = {"Cancel run": onboarding.cancel(run.id)}
    if _may_pause(run):
        at_hand = ("Resume", onboarding.resume) if run.paused else ("Pause", onboarding.pause)
        scripts = {at_hand[0]: at_hand[1](run.id), **scripts}
    return scripts


def _go(page: str, label: str, run: RunView, *, icon: str) -> None:
    root = run.parent or run.id
    navigation.button(page, label, key=f"to_{page}", primary=True, icon=icon, run=root)


def family_links(run: RunView) -> None:
    """Draw links between a run and its retries."""
    ledger = get_runtime().ledger
    parent = ledger.run(run.parent) if run.parent else None
    relatives = [("Retries of this run", retry) for retry in ledger.retries(run.id)]
    if parent:
        relatives.insert(0, ("This run retries failures of", parent))
    for words, other in relatives:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(words, width="content")
            st.text(other.name, width="content")
            status.badge(status.of_run(other))
            st.button(
                "Open",
                key=f"open_{other.id}",
                type="tertiary",
                icon=":material/arrow_forward:",
                on_click=links.open_run,
                args=(other.id,),
            )
