"""The quiet button beside an action that shows the program and the command that do the same."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from components import proof_nonce
from components.runtime import get_runtime
from components.text import code
from services.domain.scripts.proofs import Decision
from services.domain.scripts.script import Place, Script
from services.engine.connections import Connection
from services.manifests.repair import file_name

SIGNED = "A URL with a signature is never part of a script."
ABOUT = "Run it in the folder of this program. No key is in it: ENCORD_SSH_KEY_FILE names the file."


def show(script: Script | None, *, key: str, manifest: str | None = None) -> None:
    """Draw the button; the program and the command are in what it opens.

    Args:
        script: The program and the command; None where a signature would be in them.
        key: Namespace of the widgets.
        manifest: Fingerprint of the manifest whose file they read.
    """
    with _opened(key):
        if script is None:
            st.caption(SIGNED)
            return
        if manifest:
            _file(manifest, key=f"{key}_file")
        _both(script)


def show_edits(script: Script | None, *, key: str, manifest: str) -> None:
    """Draw the button beside a table whose edits come with the next click: opening it is one.

    Args:
        script: The program and the command; None where there is nothing to show.
        key: Namespace of the widgets.
        manifest: Fingerprint of the manifest whose file they read.
    """
    with _opened(key, sends_edits=True):
        if script is None:
            st.caption(f"Change a cell first. {SIGNED}")
            return
        _file(manifest, key=f"{key}_file")
        _both(script)


def show_each(scripts: Mapping[str, Script], *, key: str) -> None:
    """Draw one button for actions that stand side by side, each under its own name."""
    if not scripts:
        return
    with _opened(key):
        for action, script in scripts.items():
            st.markdown(f"**{action}**")
            _both(script)


@contextmanager
def _opened(key: str, *, sends_edits: bool = False) -> Iterator[None]:
    with st.popover(
        "Do this by script",
        icon=":material/terminal:",
        type="tertiary",
        key=key,
        width="content",
        on_change="rerun" if sends_edits else "ignore",
    ):
        st.caption(ABOUT)
        yield


def _both(script: Script) -> None:
    if script.command:
        st.caption("Command line")
        # The colors of highlighted code have too little contrast.
        st.code(script.command, language=None, wrap_lines=True)
    if script.python:
        st.caption("Python")
        st.code(script.python, language=None, wrap_lines=True)


def _file(manifest: str, *, key: str) -> None:
    """Offer the file that is read: of a manifest that was made here, nobody else has it."""
    store = get_runtime().manifests
    name = file_name(store, manifest)
    st.caption(f"It reads {code(name)} there. Download that file first, unless you have it.")
    st.download_button(
        "Download the manifest",
        (store.folder(manifest) / "source").read_bytes,
        file_name=name,
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )


def place(current: Connection) -> Place:
    """Return a connection as a script names it."""
    return Place(domain=current.domain, is_sandbox=current.kind == "sandbox")


def decision(current: Connection, purpose: str) -> Decision:
    """Return what a click would decide now, as a script names it."""
    return Decision(
        place=place(current),
        connection=current.id,
        account=current.account,
        nonce=proof_nonce.of(purpose),
    )
