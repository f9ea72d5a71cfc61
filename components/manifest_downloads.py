"""Files to take away from a check: the report, and the entries that are held back."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from components.text import count
from services.manifests.checked import CheckedManifest


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the downloads; the files are made when somebody asks for them."""
    summary = checked.summary
    stem = Path(summary.name).stem
    with st.container(horizontal=True):
        if summary.held_entries:
            ending = Path(summary.name).suffix or ".csv"
            _download(
                f"Download the {count(summary.held_entries, 'entry')} to fix",
                partial(_written, checked.write_held, ending),
                name=f"{stem}-to-fix{ending}",
                key=f"{key}_held",
            )
        if summary.counts:
            for ending in (".csv", ".json"):
                _download(
                    f"Download the report ({ending[1:].upper()})",
                    partial(_written, checked.write_report, ending),
                    name=f"{stem}-report{ending}",
                    key=f"{key}_report_{ending[1:]}",
                )


def _download(label: str, make: Callable[[], bytes], *, name: str, key: str) -> None:
    st.download_button(
        label,
        make,
        file_name=name,
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )


def _written(write: Callable[[Path], object], ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{ending}"
        write(path)
        return path.read_bytes()
