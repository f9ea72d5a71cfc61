"""The disk below the ledger: a run cannot go on without room to write down what it does."""

import shutil

import streamlit as st

from components.runtime import get_runtime
from components.text import code, size
from services.settings import MEGABYTE


def warn_when_full() -> None:
    """Say on every page that the disk is filling up, until there is room again."""
    settings = get_runtime().settings
    home, free = settings.data_dir.absolute(), shutil.disk_usage(settings.data_dir).free
    if free < settings.least_free_mb * MEGABYTE:
        st.warning(
            f"{size(free)} are left for {code(home)}. Once the disk is full, "
            "nothing is sent and every run waits; runs go on by themselves as soon as there is "
            "room. Nothing is lost.",
            title="The disk is nearly full",
            icon=":material/hard_drive:",
        )
