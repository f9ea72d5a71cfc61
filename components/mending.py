"""Make a manifest from another one: what would change, the decision, the work, and where it leads.

The work is a job that goes on without the page. The session that asked is led to the new manifest
when it is there; everybody else finds the work, and what came of it, on the manifest's page.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd
import streamlit as st

from components import by_script, layout, manifests, session, watching
from components.dialogs import dialog
from components.parts import part
from components.runtime import get_runtime
from components.text import code, count
from services.domain.scripts.script import Script
from services.manifests.checked import CheckedManifest
from services.manifests.errors import ManifestError
from services.manifests.repair import (
    FixOrder,
    KnownOrder,
    Order,
    Preview,
    ReplaceOrder,
    file_name,
    lineage,
)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to a whole manifest that a person can look at and then decide on."""

    fingerprint: str
    title: str
    does: str
    preview: FixOrder | ReplaceOrder
    apply: FixOrder | ReplaceOrder
    #: None where a signature would be in it.
    script: Script | None


def files(checked: CheckedManifest) -> tuple[str, str]:
    """Return the file that a script mends and the one it makes, which is never packed."""
    file = file_name(get_runtime().manifests, checked.summary.fingerprint)
    bare = Path(file.removesuffix(".gz"))
    return file, f"{bare.stem}-mended{bare.suffix}"


def ask(change: Change, *, key: str) -> None:
    """Open a dialog that shows what would change and offers to do it."""

    @dialog(change.title, width="large")
    def opened() -> None:
        state = get_runtime().repairs.start(change.fingerprint, change.preview)
        # A run of the whole page would close the dialog, so it asks until it knows.
        every = watching.EVERY if state.phase == "running" else None
        part(_previewed, change, key, every=every)

    opened()


def _previewed(change: Change, key: str) -> None:
    repairs = get_runtime().repairs
    st.caption(change.does)
    state = repairs.state(change.fingerprint, change.preview)
    if state.phase == "running":
        st.progress(state.progress, text="Reading the manifest")
    elif state.phase == "done":
        found = repairs.answer(change.fingerprint, change.preview, Preview)
        _table(found)
        _decide(change, found, key)
    else:
        layout.error("The preview failed", f"{code(state.message)} Close this and try again.")


def look(fingerprint: str, order: Order, kind: type[Answer], *, key: str) -> Answer | None:
    """Return what an order finds; until it is found, draw how far it is and return None."""
    repairs = get_runtime().repairs
    read = partial(repairs.state, fingerprint, order)
    if read().phase == "none":
        repairs.start(fingerprint, order)
    if watching.show(read, title="Reading the manifest", cancel=None, key=key):
        return None
    state = read()
    if state.phase == "done":
        return repairs.answer(fingerprint, order, kind)
    layout.error("The entries could not be read", code(state.message))
    st.button("Try again", key=f"{key}_again", on_click=repairs.forget, args=(fingerprint, order))
    return None


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
        column_config={"Line": st.column_config.NumberColumn(format="localized", width=60)},
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
            args=(change.fingerprint, change.apply),
        ):
            st.rerun()
    if found.count:
        by_script.show(change.script, key=f"{key}_script", manifest=change.fingerprint)


def start(fingerprint: str, order: Order) -> None:
    """Make the new manifest; go to it at once when it is small, else show that it is made."""
    session.clear_notice("manifest")
    session.wait_for(order.name)
    _follow(fingerprint, KnownOrder(order, get_runtime().repairs.start(fingerprint, order)))


def progress(fingerprint: str | None) -> bool:
    """Draw what is being made of this manifest; tell whether this session waits for it."""
    if fingerprint is None:
        return False
    waits, repairs = False, get_runtime().repairs
    for made in repairs.making(fingerprint):
        read = partial(repairs.state, fingerprint, made.order)
        if watching.show(
            read,
            title="Making the new manifest",
            doing="Writing every entry",
            stop="Cancel the work",
            cancel=partial(repairs.cancel, fingerprint, made.order),
            key=f"making_{made.order.name}",
        ):
            waits = waits or made.order.name == session.waits_for()
            continue
        known = KnownOrder(made.order, read())
        if _follow(fingerprint, known):
            st.rerun()
        elif known.state.phase == "failed":
            _failed(fingerprint, known)
    return waits


def _failed(fingerprint: str, known: KnownOrder) -> None:
    """Draw what failed for somebody else, who is told in words of their own when they come back."""
    with st.container(border=True, key=f"failed_{known.order.name}"):
        layout.error("A change to this manifest was not made", code(known.state.message))
        st.button(
            "Take this message away",
            key=f"forget_{known.order.name}",
            icon=":material/close:",
            on_click=get_runtime().repairs.forget,
            args=(fingerprint, known.order),
        )


def _follow(fingerprint: str, known: KnownOrder) -> bool:
    """Lead this session to what it waits for, or say why that failed; tell whether that was so."""
    if known.order.name != session.waits_for() or known.state.phase not in {"done", "failed"}:
        return False
    repairs = get_runtime().repairs
    if known.state.phase == "failed":
        repairs.forget(fingerprint, known.order)
        _say("The manifest was not changed", code(known.state.message))
    else:
        _arrive(fingerprint, repairs.answer(fingerprint, known.order, str))
    session.wait_for(None)
    return True


def _arrive(before: str, made: str) -> None:
    if made == before:
        _say("Nothing has changed", "The result has the same bytes as this manifest.")
        session.go_to("manifest", manifest=made)
        return
    with suppress(ManifestError):
        # A manifest is its bytes: there and back again is no new one, and has no undo of its own.
        if made in {step.parent for step in lineage(get_runtime().manifests, before)}:
            _say(
                "This is an earlier manifest again",
                "The change gave the same bytes as before, so it leads back here. "
                "To undo it, choose *Open the result* of the step that had been made from here.",
            )
    manifests.go_to(made)


def _say(title: str, body: str) -> None:
    session.notify("manifest", session.Notice(title=title, body=body))
