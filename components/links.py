"""The ids a URL names: what `/run?run=...`, `/manifest?manifest=...` and the others speak of."""

import re
from typing import Final

import streamlit as st

from components import session
from components.runtime import get_runtime
from services.ledger.views import ReceiptView, RunView
from services.manifests.errors import UnknownManifestError

FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
#: Google's rules for names, which also keep a name from being a path.
BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
RUN: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


def manifest() -> str | None:
    """Return the manifest the URL names, else the one this session worked on last."""
    asked = st.query_params.get("manifest", "")
    if FINGERPRINT.fullmatch(asked):
        session.use_manifest(asked)
    known = session.manifest()
    return known if known and _is_stored(known) else None


def _is_stored(fingerprint: str) -> bool:
    try:
        get_runtime().manifests.record(fingerprint)
    except UnknownManifestError:
        return False
    return True


def bucket() -> str | None:
    """Return the bucket the URL names, else the one this session looked at last."""
    asked = st.query_params.get("bucket", "")
    if BUCKET.fullmatch(asked):
        session.use_bucket(asked)
    return session.bucket()


def run() -> RunView | None:
    """Return the run the URL names, else the one this session looked at last."""
    asked = st.query_params.get("run", "")
    if RUN.fullmatch(asked):
        session.use_run(asked)
    known = session.run()
    return get_runtime().ledger.run(known) if known else None


def task() -> RunView | None:
    """Return the task the URL names."""
    asked = st.query_params.get("task", "")
    return get_runtime().ledger.run(asked) if RUN.fullmatch(asked) else None


def receipt() -> ReceiptView | None:
    """Return the receipt the URL names."""
    asked = st.query_params.get("receipt", "")
    return get_runtime().ledger.receipt(asked) if RUN.fullmatch(asked) else None


def open_run(run: RunView) -> None:
    """Go to a run's page."""
    session.use_run(run.id)
    session.go_to("run", run=run.id)
