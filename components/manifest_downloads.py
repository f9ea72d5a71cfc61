"""Files to take away from a check: the report, and the entries that are held back."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from components import by_script, manifest_source, mending
from components.runtime import get_runtime
from components.text import count
from services.domain.scripts import manifests as scripts
from services.manifests.checked import CheckedManifest
from services.manifests.repair import HoldOrder, file_name

#: So many entries are written while somebody waits for the download to begin.
AT_ONCE: Final = 5_000


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the downloads; the files are made when somebody asks for them."""
    summary = checked.summary
    stem = Path(summary.name.removesuffix(".gz")).stem
    with st.container(horizontal=True):
        if summary.held_entries:
            _held(checked, f"{stem}-to-fix.csv", key=f"{key}_held")
        if summary.counts:
            for ending in (".csv", ".json"):
                _download(
                    f"Download the report ({ending[1:].upper()})",
                    partial(_written, checked.write_report, ending),
                    name=f"{stem}-report{ending}",
                    key=f"{key}_report_{ending[1:]}",
                )
        file = file_name(get_runtime().manifests, summary.fingerprint)
        script = scripts.validate(file, checked.options.to_json())
        by_script.show(script, key=f"{key}_script", manifest=summary.fingerprint)
    if summary.held_entries:
        _mended(checked, key=f"{key}_mended")


def _held(checked: CheckedManifest, name: str, *, key: str) -> None:
    """Draw the way to the entries that are held back; a large file is written by a job first."""
    held, fingerprint = checked.summary.held_entries, checked.summary.fingerprint
    label = f"Download the {count(held, 'entry')} to fix"
    if held <= AT_ONCE:
        _download(label, partial(_written, checked.write_held, ".csv"), name=name, key=key)
        return
    repairs, order = get_runtime().repairs, HoldOrder(options=checked.options.to_json())
    if repairs.state(fingerprint, order).phase == "none":
        st.button(
            f"Prepare the {count(held, 'entry')} to fix",
            key=f"{key}_prepare",
            icon=":material/table:",
            on_click=_prepare,
            args=(fingerprint, order),
        )
    elif mending.look(fingerprint, order, int, key=f"{key}_look"):
        _download(label, repairs.held_file(fingerprint, order).read_bytes, name=name, key=key)


def _prepare(fingerprint: str, order: HoldOrder) -> None:
    get_runtime().repairs.start(fingerprint, order)


def _mended(checked: CheckedManifest, *, key: str) -> None:
    """Explain the way of the entries that are held back, and take the mended file."""
    held, ready = checked.summary.held_entries, checked.summary.valid_entries
    with st.expander(f"Mend the {count(held, 'entry')} in a spreadsheet", icon=":material/table:"):
        st.markdown(
            f"1. Download the {count(held, 'entry')} to fix. Its last column says what is wrong "
            "with each row.\n"
            "2. Correct the rows in a spreadsheet and save it as CSV. The last columns may stay: "
            "*Onboarding entry* carries what cells cannot say, and the cells you change count.\n"
            "3. Upload that file here. It becomes a manifest of its own, is checked like any "
            "other, and is submitted as a run of its own."
        )
        if ready:
            st.caption(
                f"The {count(ready, 'entry')} that are ready need not wait: submit them now. "
                f"Together the two manifests hold all {count(checked.summary.entries, 'entry')}."
            )
        manifest_source.uploader("Mended file", key=key)


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
