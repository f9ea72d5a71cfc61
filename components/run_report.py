"""The completion report of a run: one row a URL, and what did not arrive as a manifest."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from components import status
from components.runtime import get_runtime
from components.text import count
from services.ledger.views import RunView

ABOUT: Final = (
    "One row for each URL: outcome, cause, message, job and item. The summary has counts that add "
    "up, and the size and SHA-256 of the rows' files."
)


def show(run: RunView, *, key: str) -> None:
    """Draw the downloads; each file is made when somebody asks for it."""
    if not _is_settled(run):
        st.caption("The report is there once the run has ended.")
        return
    st.caption(ABOUT)
    after = _after_retries(run, key=key)
    reports, stem = get_runtime().reports, f"report-{run.id[:8]}"
    with st.container(horizontal=True):
        _download(
            "Download the rows (CSV)",
            lambda: b"".join(reports.csv(run.id, after_retries=after)),
            f"{stem}.csv",
            key,
        )
        _download(
            "Download the rows (JSON Lines)",
            lambda: b"".join(reports.jsonl(run.id, after_retries=after)),
            f"{stem}.jsonl",
            key,
        )
        _download("Download the summary (JSON)", partial(_head, run, after), f"{stem}.json", key)
    _not_arrived(run, key=key)


def _is_settled(run: RunView) -> bool:
    """Tell whether the outcome of every entry is known; a run that was stopped may go on."""
    return run.state.is_final or not (status.is_active(run) or run.counts.pending)


def _after_retries(run: RunView, *, key: str) -> bool:
    """Ask whether rows tell what this run did, or what became of its entries after all."""
    if run.parent or not get_runtime().ledger.retries(run.id):
        return False
    return st.toggle(
        "With what its retries brought in", value=True, key=f"{key}_after", bind="query-params"
    )


def _not_arrived(run: RunView, *, key: str) -> None:
    counts = run.counts if run.parent else get_runtime().ledger.family(run.id)
    left = counts.entries - counts.arrived - counts.pending
    if counts.pending:
        st.caption(f"{count(counts.pending, 'entry')} still waiting.")
    elif not left:
        st.caption("Everything arrived: there is nothing to submit again.")
    if not left:
        return
    _download(
        f"Download the {count(left, 'entry')} that did not arrive, as a manifest",
        partial(_resubmittable, run),
        f"not-arrived-{run.id[:8]}.json",
        key,
    )


def _download(label: str, make: Callable[[], bytes], name: str, key: str) -> None:
    st.download_button(
        label,
        make,
        file_name=name,
        icon=":material/download:",
        on_click="ignore",
        key=f"{key}_{Path(name).stem}_{Path(name).suffix[1:]}",
    )


def _head(run: RunView, after_retries: bool) -> bytes:  # noqa: FBT001 - bound by partial
    with tempfile.TemporaryDirectory() as folder:
        written = get_runtime().reports.write(run.id, Path(folder), after_retries=after_retries)
        return written.head.read_bytes()


def _resubmittable(run: RunView) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "manifest.json"
        get_runtime().reports.resubmittable(run.id, target)
        return target.read_bytes() if target.exists() else b"{}"
