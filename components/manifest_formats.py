"""What Encord receives, and taking the entries that are ready away in another format."""

from pathlib import Path
from typing import Final

import streamlit as st

from components import by_script, manifest_entries, mending, session
from components.runtime import get_runtime
from components.text import count
from services.domain.scripts import manifests as scripts
from services.manifests.checked import CheckedManifest
from services.manifests.repair import WriteOrder, file_name
from services.manifests.writing import Form, ending_of

FORMS: Final = {
    "Encord's registration JSON": Form.JSON,
    "JSON Lines, an entry a line": Form.JSONL,
    "CSV with all columns": Form.CSV,
    "CSV of Encord's own form": Form.CSV_ENCORD,
    "The SDK's typed JSON": Form.WIRE,
}


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw what Encord receives, the choice of a format, and the file once it is written."""
    manifest_entries.preview(checked)
    ready = checked.summary.valid_entries
    if not ready:
        return
    field = f"{key}_form"
    st.selectbox(f"Take the {count(ready, 'entry')} away as", list(FORMS), key=field, width=300)
    order = _order(checked, field)
    fingerprint, repairs = checked.summary.fingerprint, get_runtime().repairs
    stem = Path(checked.summary.name.removesuffix(".gz")).stem
    target = f"{stem}-ready{ending_of(order.form)}"
    if repairs.state(fingerprint, order).phase == "none":
        st.button(
            "Write the file",
            key=f"{key}_write",
            icon=":material/edit_document:",
            on_click=_write,
            args=(checked, field),
        )
    elif mending.look(fingerprint, order, int, key=f"{key}_look"):
        st.download_button(
            "Download the file",
            repairs.written_file(fingerprint, order).read_bytes,
            file_name=target,
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_download",
        )
    file = file_name(get_runtime().manifests, fingerprint)
    script = scripts.convert(file, order.options, target, order.form.value)
    by_script.show(script, key=f"{key}_script", manifest=fingerprint)


def _order(checked: CheckedManifest, field: str) -> WriteOrder:
    """Return what the field says now, which a callback has to ask for itself: see `session`."""
    return WriteOrder(options=checked.options.to_json(), form=FORMS[session.value(field)])


def _write(checked: CheckedManifest, field: str) -> None:
    get_runtime().repairs.start(checked.summary.fingerprint, _order(checked, field))
