"""Where a manifest comes from: an upload, an earlier upload, or the sandbox's demo."""

import io
from typing import Final

import streamlit as st

from components import connection, layout, manifests, session
from components.runtime import get_runtime
from services.manifests.errors import ManifestTooLargeError
from services.sandbox.demo import demo_manifest_csv

ENDINGS: Final = ["csv", "json", "jsonl", "ndjson"]
DEMO_NAME: Final = "demo-manifest.csv"
RECENT: Final = 20


def show(chosen: str | None) -> None:
    """Draw the ways to choose a manifest; folded once one is chosen."""
    layout.notice("manifest")
    if chosen is None:
        _choices(None)
        return
    with st.expander("Check another manifest", icon=":material/upload_file:"):
        _choices(chosen)


def _choices(chosen: str | None) -> None:
    _uploader()
    recent = get_runtime().manifests.recent(RECENT)
    if recent:
        names = {entry.fingerprint: entry.name for entry in recent}
        st.selectbox(
            "Uploaded before",
            list(names),
            index=list(names).index(chosen) if chosen in names else None,
            format_func=lambda fingerprint: f"{names.get(fingerprint, '')} ({fingerprint[:8]})",
            placeholder="Choose a manifest",
            key=f"recent_{chosen}",
            on_change=_choose_recent,
            args=(f"recent_{chosen}",),
        )


def _uploader() -> None:
    # A new key after each upload makes a new, empty widget: the stored copy is the one that counts.
    key = f"upload_{session.nonce('upload')}"
    st.file_uploader(
        "Manifest file",
        type=ENDINGS,
        key=key,
        max_upload_size=get_runtime().settings.max_upload_mb,
        on_change=_store_upload,
        args=(key,),
        help="CSV in Encord's or a plain layout, JSON or JSON Lines",
    )


def _store_upload(key: str) -> None:
    upload = session.value(key)
    if upload is None:
        return
    session.renew_nonce("upload")
    _store(upload.name, upload)


def use_demo() -> None:
    """Check the sandbox's demo manifest."""
    _store(DEMO_NAME, io.BytesIO(demo_manifest_csv()))


def demo_button(*, key: str) -> None:
    """Offer the demo manifest, in the sandbox only."""
    current = connection.current()
    if current and current.kind == "sandbox":
        st.button("Use the demo manifest", key=key, icon=":material/science:", on_click=use_demo)


def _store(name: str, file: io.BytesIO) -> None:
    store = get_runtime().manifests
    session.clear_notice("manifest")
    try:
        fingerprint = store.add(name, file)
    except ManifestTooLargeError as problem:
        session.notify(
            "manifest",
            session.Notice(
                title="The file is too large",
                body=f"This server reads manifests of up to {problem.limit:,} bytes. Split the "
                "file and submit the parts one after the other.",
            ),
        )
        return
    store.start_check(fingerprint, manifests.OPTIONS)
    open_manifest(fingerprint)


def _choose_recent(key: str) -> None:
    fingerprint = session.value(key)
    if fingerprint:
        get_runtime().manifests.start_check(fingerprint, manifests.OPTIONS)
        open_manifest(fingerprint)


def open_manifest(fingerprint: str) -> None:
    """Go to the page of a manifest."""
    session.use_manifest(fingerprint)
    session.go_to("manifest", manifest=fingerprint)
