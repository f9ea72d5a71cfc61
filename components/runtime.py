"""The process-wide objects pages use. The only module that uses Streamlit's caches."""

import streamlit as st

from components.background import Background
from services.bootstrap import Runtime, build_runtime
from services.ledger.keeping import DamagedLedgerError, noted
from services.settings import Settings


@st.cache_resource(show_spinner=False)
def opening() -> Runtime | DamagedLedgerError:
    """Open the ledger and wire the app once, or keep why that was refused until the next start."""
    try:
        return build_runtime(Settings())
    except DamagedLedgerError as refused:
        return refused


def get_runtime() -> Runtime:
    """Return the one runtime of this process; the launcher makes it before the first visit.

    Raises:
        DamagedLedgerError: The ledger is damaged, so nothing may work on it.
    """
    made = opening()
    if isinstance(made, DamagedLedgerError):
        raise made
    return made


def get_damage() -> DamagedLedgerError | None:
    """Return what is wrong with the ledger, as found at the start or by a backup since."""
    made = opening()
    return made if isinstance(made, DamagedLedgerError) else noted(made.settings.backups)


def has_sandbox() -> bool:
    """Return whether this process was asked to start a sandbox."""
    made = opening()
    return isinstance(made, Runtime) and made.settings.sandbox


def largest_upload() -> int:
    """Return the largest file a field takes, in the MB of `Settings.max_upload_mb`.

    It is never more than the server lets through: nobody sends a file for nothing.
    """
    return min(get_runtime().settings.max_upload_mb, int(st.get_option("server.maxUploadSize")))


@st.cache_resource(show_spinner=False)
def get_background() -> Background:
    """Return the one place of this process where questions of pages wait for their answers."""
    return Background()
