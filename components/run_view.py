"""One run, put together: its state, counts, failures, entries and history."""

from functools import partial

import streamlit as st

from components import failures as failure_groups
from components import (
    history,
    layout,
    navigation,
    outcomes,
    retries,
    run_plot,
    run_progress,
    run_report,
    status,
)
from components.runtime import get_runtime
from components.text import code, count, moment, number
from services.domain.outcomes import Outcome
from services.ledger.views import Counts, RunView


def counts_of(run: RunView) -> Counts:
    """Return a run's counts; of a first run, after all its retries."""
    if run.parent or status.is_active(run):
        return run.counts
    return get_runtime().ledger.family(run.id)


def line(run: RunView) -> str:
    """Return the line under the title."""
    return f"Submitted {moment(run.created_at)}"


def state(run: RunView, counts: Counts) -> None:
    """Draw the run's name and state, and tell once that it ended while this page was open."""
    run_progress.announce(run, counts)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not status.is_active(run):  # the progress below has its own, always fresh
            status.badge(status.of_run(run, counts))
        st.text(run.name, width="content")


def progress_or_counts(run: RunView, counts: Counts) -> None:
    """Draw the live progress of an active run, else the final counts."""
    if status.is_active(run):
        run_progress.live(run, key=f"progress_{run.id}")
        return
    looks = status.OUTCOMES
    layout.cards(
        layout.Card(
            label="Entries",
            value=number(counts.entries),
            icon=":material/list_alt:",
            note=f"{number(run.held)} held back",
            word="entry",
        ),
        layout.status_card(looks[Outcome.REGISTERED], counts.registered, "now in Encord"),
        layout.status_card(
            looks[Outcome.ALREADY_THERE], counts.already_there, "found in the folder"
        ),
        layout.status_card(looks[Outcome.FAILED], counts.failed, _about_failures(run, counts)),
    )
    if counts.cancelled or counts.unknown or counts.pending:
        run_progress.count_badges(counts)


def _about_failures(run: RunView, counts: Counts) -> str:
    if not counts.failed:
        return "nothing to retry"
    return "after retries" if get_runtime().ledger.retries(run.id) else "can be retried"


def failures(run: RunView) -> None:
    """Draw what failed, grouped by what fixes it; nothing while the run still works."""
    if status.is_active(run):
        return
    ledger = get_runtime().ledger
    layout.notice("retry")
    groups = ledger.causes(run.id)
    if groups:
        made = ledger.retried(run.id)
        failure_groups.show(
            groups,
            key="failures",
            on_retry=partial(retries.retry, run, made),
            scripted=partial(retries.script, run, made),
        )


def details(run: RunView) -> None:
    """Draw the tabs: every entry, the report, progress, what was asked for, and the history."""
    entries, report, progress, asked, events = st.tabs(
        ["Entries", "Report", "Progress", "What was asked for", "History"],
        key="run_view",
        bind="query-params",
    )
    if entries.open:
        with entries:
            outcomes.show(run, key="outcomes")
    if report.open:
        with report:
            run_report.show(run, key="report")
    if progress.open:
        with progress:
            run_plot.show(run)
    if asked.open:
        with asked:
            _asked(run)
    if events.open:
        with events:
            history.show(run.id, key="events")


def _asked(run: RunView) -> None:
    layout.facts(
        {
            "Submitted by": run.created_by,
            "Manifest": run.manifest_name,
            "Fingerprint": run.manifest,
            "Connection": run.connection_label,
            "Folder": f"{run.folder_name} {run.folder_uuid or '(not created yet)'}",
            "Integration": run.integration_title,
            "Dataset": _dataset(run),
            "Held back": count(run.held, "entry"),
            "Upload jobs": f"{run.chunks_done:,} of {count(run.chunks, 'job')} finished",
            **({"Adopted job": run.adopted_job} if run.adopted_job else {}),
            "Run": run.id,
        },
        words={
            "Manifest": ("manifest",),
            "Integration": ("integration",),
            "Held back": ("held back",),
            "Upload jobs": ("job", "chunk"),
        },
    )


def _dataset(run: RunView) -> str:
    if not run.dataset_title:
        return run.dataset_uuid or "None yet"
    return f"{run.dataset_title} {run.dataset_uuid or '(not created)'}"


def linked_to(run: RunView) -> None:
    """Say which dataset the run's files are linked to."""
    st.success(
        f"This run's files are linked to {code(run.dataset_title or run.dataset_uuid)}. "
        "Linking again adds what has arrived since.",
        title="Linked",
        icon=":material/link:",
    )


def verification_button(run: RunView) -> None:
    """Draw the way on from a run whose files are linked."""
    navigation.button(
        "verify",
        "See the verification",
        key="to_verify",
        primary=True,
        icon=":material/verified:",
        run=run.id,
    )
