"""Make a manifest from another one: what would change, the decision, the work, and where it leads.

The work is done in the background; this session is led to the new manifest when it is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, manifests, session
from components.connect_form import notice_of
from components.runtime import get_background
from components.text import code, count
from services.engine.errors import ConnectionProblem
from services.manifests.errors import ManifestError, ManifestTooLargeError
from services.manifests.repair import Preview

EVERY: Final = timedelta(seconds=0.5)
#: Small manifests are mended within this many seconds, and nobody sees a progress.
PATIENCE: Final = 1.5
WORKING: Final = "mending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to a whole manifest that a person can look at and then decide on."""

    #: Names the work: the same change of the same manifest is done once.
    name: str
    title: str
    does: str
    preview: Callable[[], Preview]
    #: Makes the new manifest and returns its fingerprint.
    apply: Callable[[], str]


def ask(change: Change, *, key: str) -> None:
    """Open a dialog that shows what would change and offers to do it."""
    get_background().start(f"preview {change.name}", change.preview)

    @st.dialog(change.title, width="large")
    def opened() -> None:
        phase = get_background().phase(f"preview {change.name}", patience=PATIENCE)
        st.fragment(_previewed, run_every=EVERY if phase == "running" else None)(change, key)

    opened()


def _previewed(change: Change, key: str) -> None:
    background, name = get_background(), f"preview {change.name}"
    st.caption(change.does)
    phase = background.phase(name)
    if phase == "running":
        st.progress(0.0, text="Reading the manifest")
    elif phase == "done":
        found = background.result(name)
        assert isinstance(found, Preview)
        _table(found)
        _decide(change, found, key)
    else:
        layout.error("The preview failed", "Nothing was changed. Close this and try again.")


def _table(found: Preview) -> None:
    if not found.count:
        st.markdown("There is nothing here that this can change safely.")
        return
    shown = len(found.changes)
    st.markdown(f"**{count(found.count, 'change')}**" + _first(shown, found.count))
    rows = [
        {
            "Line": change.line,
            "Field": change.field,
            "Before": change.before or "",
            "After": change.after if change.after is not None else "(removed)",
        }
        for change in found.changes
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(430, 35 * (shown + 1) + 3),
        alt="What would change, before and after",
        column_config={"Line": st.column_config.NumberColumn(width=60)},
    )


def _first(shown: int, total: int) -> str:
    return f", of which the first {shown} are shown" if shown < total else ""


def _decide(change: Change, found: Preview, key: str) -> None:
    st.caption("The result is a new manifest. This one stays, and undo goes back to it.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Go back", key=f"{key}_no"):
            st.rerun()
        label = f"Apply {count(found.count, 'change')}" if found.count else "Apply"
        if st.button(
            label,
            key=f"{key}_yes",
            type="primary",
            disabled=not found.count,
            on_click=start,
            args=(change.name, change.apply),
        ):
            st.rerun()


def start(name: str, work: Callable[[], str]) -> None:
    """Make the new manifest; go to it at once when it is small, else show that it is made."""
    session.clear_notice("manifest")
    get_background().start(name, work)
    session.wait_for(name)
    if get_background().phase(name, patience=PATIENCE) != "running":
        _finish(name)


def progress() -> bool:
    """Draw what this session waits for; tell whether it waits."""
    name = session.waits_for()
    if name is None:
        return False
    st.fragment(_watch, run_every=EVERY, key=WORKING)(name)
    return True


def _watch(name: str) -> None:
    if get_background().phase(name) != "running":
        _finish(name)
        st.rerun()
    with st.container(border=True):
        st.markdown(":material/progress_activity: **Making the new manifest**")
        st.caption("Half a million entries take some seconds. Nothing is sent.")


def _finish(name: str) -> None:
    session.wait_for(None)
    before = session.manifest()
    try:
        made = str(get_background().result(name))
    except ConnectionProblem as problem:
        session.notify("manifest", notice_of(problem))
    except ManifestTooLargeError as problem:
        session.notify("manifest", too_large(problem))
    except ManifestError as problem:
        _say("The manifest was not changed", code(str(problem)))
    except KeyError:  # the server was started again in between
        _say("The work was interrupted", "Nothing was changed. Try again.")
    else:
        if made == before:
            _say("Nothing has changed", "The result has the same bytes as this manifest.")
        manifests.go_to(made)


def _say(title: str, body: str) -> None:
    session.notify("manifest", session.Notice(title=title, body=body))


def too_large(problem: ManifestTooLargeError) -> session.Notice:
    """Say that a file has more bytes than this server reads."""
    return session.Notice(
        title="The file is too large",
        body=f"This server reads manifests of up to {problem.limit:,} bytes. Split the "
        "file and submit the parts one after the other.",
    )
