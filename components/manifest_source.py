"""Where a manifest comes from: an upload, this server, a bucket, an earlier one, or the demo."""

import io
from typing import Final

import streamlit as st

from components import (
    bucket_access,
    connection,
    layout,
    links,
    manifests,
    session,
    taking,
    templates,
)
from components.runtime import get_runtime, largest_upload
from components.text import code, size, told_apart
from services.cloud_storage.credentials import CredentialProblem
from services.engine.sources import TakeOrder
from services.manifests.errors import ManifestTooLargeError
from services.sandbox.demo import demo_manifest_csv

ENDINGS: Final = ["csv", "json", "jsonl", "ndjson", "gz"]
DEMO_NAME: Final = "demo-manifest.csv"
RECENT: Final = 20
UPLOAD, SERVER, BUCKET = "This computer", "This server", "A bucket"


def show(chosen: str | None) -> None:
    """Draw the ways to choose a manifest; folded once one is chosen."""
    links.tell_unknown()
    layout.notice("manifest")
    if chosen is None:
        _choices(None)
        return
    with st.expander("Check another manifest", icon=":material/upload_file:"):
        _choices(chosen)


def _choices(chosen: str | None) -> None:
    ways = [UPLOAD, *([SERVER] if get_runtime().settings.manifest_folders else []), BUCKET]
    way = st.radio("Take it from", ways, key="source", bind="query-params", horizontal=True)
    if way == SERVER:
        _server_file()
    elif way == BUCKET:
        _object()
    else:
        uploader("Manifest file", key="upload")
    _recent(chosen)
    templates.show(key="template")


def _recent(chosen: str | None) -> None:
    recent = get_runtime().manifests.recent(RECENT)
    if recent:
        names = {entry.fingerprint: entry.name for entry in recent}
        st.selectbox(
            "Checked before",
            list(names),
            index=list(names).index(chosen) if chosen in names else None,
            format_func=lambda fingerprint: f"{names.get(fingerprint, '')} ({fingerprint[:8]})",
            placeholder="Choose a manifest",
            key=f"recent_{chosen}",
            on_change=_choose_recent,
            args=(f"recent_{chosen}",),
        )


def uploader(label: str, *, key: str) -> None:
    """Draw a field that takes a file as a new manifest."""
    # A new key after each upload makes a new, empty widget: the stored copy is the one that counts.
    widget = f"{key}_{session.nonce(key)}"
    st.file_uploader(
        label,
        type=ENDINGS,
        key=widget,
        max_upload_size=largest_upload(),
        on_change=_store_upload,
        args=(key, widget),
        help="CSV in Encord's or a plain layout, JSON, JSON Lines; .gz of each",
    )


def _store_upload(key: str, widget: str) -> None:
    upload = session.value(widget)
    if upload is None:
        return
    session.renew_nonce(key)
    _store(upload.name, upload)


def _server_file() -> None:
    files = {file.id: file for file in get_runtime().sources.files()}
    if not files:
        st.caption("The folders this server offers hold no CSV, JSON or JSON Lines file.")
        return
    named = told_apart({file.id: f"{file.name} ({size(file.bytes)})" for file in files.values()})
    st.selectbox(
        "File on this server",
        list(named),
        index=None,
        format_func=lambda known: named.get(known, known),
        placeholder="Choose a file",
        key="server_file",
        on_change=_take_file,
    )


def _take_file() -> None:
    chosen = session.value("server_file")
    if chosen:
        taking.start(TakeOrder(file=str(chosen)))


def _object() -> None:
    with (
        st.form("object", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input("Object", key="object_url", placeholder="gs://bucket/folder/manifest.csv")
        st.form_submit_button("Read it", icon=":material/cloud_download:", on_click=_take_object)
    st.caption(f"Asked for by {bucket_access.name()}. The page Bucket changes who asks Google.")


def _take_object() -> None:
    url = str(session.value("object_url") or "")
    try:
        reach = bucket_access.reach()
    except CredentialProblem as problem:
        session.notify("manifest", session.Notice(title="Nobody to ask as", body=code(problem)))
        return
    taking.start(TakeOrder(url=url), whisper=reach.line())


def use_demo(name: str = DEMO_NAME) -> None:
    """Check the sandbox's demo manifest, under this name."""
    _store(name, io.BytesIO(demo_manifest_csv()))


def demo_button(*, key: str) -> None:
    """Offer the demo manifest, in the sandbox only."""
    current = connection.current()
    if current and current.kind == "sandbox":
        st.button(
            "Use the demo manifest",
            key=key,
            type="primary",
            icon=":material/science:",
            on_click=use_demo,
        )


def _store(name: str, file: io.BytesIO) -> None:
    session.clear_notice("manifest")
    try:
        manifests.go_to(get_runtime().manifests.add(name, file))
    except ManifestTooLargeError as problem:
        body = f"This server reads manifests of up to {size(problem.limit)}. Split the file."
        session.notify("manifest", session.Notice(title="The file is too large", body=body))


def _choose_recent(key: str) -> None:
    fingerprint = session.value(key)
    if fingerprint:
        manifests.go_to(fingerprint)
