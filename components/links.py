"""The ids a URL names: what `/run?run=...`, `/manifest?manifest=...` and the others speak of."""

import re
from typing import Final

import streamlit as st

from components import session
from components.runtime import get_runtime
from services.domain.urls import GOOGLE_BUCKET
from services.engine.passport import sought_of
from services.ledger.views import ReceiptView, RunView
from services.manifests.errors import UnknownManifestError

FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
RUN: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


def manifest() -> str | None:
    """Return the manifest the URL names, else the one this session worked on last."""
    asked = st.query_params.get("manifest", "")
    if not FINGERPRINT.fullmatch(asked):
        known = session.manifest()
        return known if known and _is_stored(known) else None
    if not _is_stored(asked):
        return None
    session.use_manifest(asked)
    return asked


def _is_stored(fingerprint: str) -> bool:
    try:
        get_runtime().manifests.record(fingerprint)
    except UnknownManifestError:
        return False
    return True


def tell_unknown() -> None:
    """Say so when the URL names something that is not here; the page then shows what there is."""
    ledger = get_runtime().ledger
    for word, pattern, is_here in (
        ("manifest", FINGERPRINT, _is_stored),
        ("run", RUN, ledger.run),
        ("task", RUN, ledger.run),
        ("receipt", RUN, ledger.receipt),
        ("bucket", GOOGLE_BUCKET, bool),
    ):
        asked = st.query_params.get(word, "")
        if asked and not (pattern.fullmatch(asked) and is_here(asked)):
            st.warning(
                "The link may be incomplete, or it belongs to another installation. "
                "Below is what is here.",
                title=f"There is no such {word}",
                icon=":material/link_off:",
            )


def bucket() -> str | None:
    """Return the bucket the URL names, else the one this session looked at last."""
    asked = st.query_params.get("bucket", "")
    if GOOGLE_BUCKET.fullmatch(asked):
        session.use_bucket(asked)
    return session.bucket()


def run() -> RunView | None:
    """Return the run the URL names, else the one this session looked at last."""
    asked = st.query_params.get("run", "")
    named = asked if RUN.fullmatch(asked) else session.run()
    found = get_runtime().ledger.run(named) if named else None
    if found:
        session.use_run(found.id)
    return found


def task() -> RunView | None:
    """Return the task the URL names."""
    asked = st.query_params.get("task", "")
    return get_runtime().ledger.run(asked) if RUN.fullmatch(asked) else None


def receipt() -> ReceiptView | None:
    """Return the receipt the URL names."""
    asked = st.query_params.get("receipt", "")
    return get_runtime().ledger.receipt(asked) if RUN.fullmatch(asked) else None


def open_run(run: str) -> None:
    """Go to a run's page."""
    session.use_run(run)
    session.go_to("run", run=run)


def open_object(named: str) -> None:
    """Go to the passport of an object; a signature on its URL stays out of the address."""
    session.go_to("passport", object=sought_of(named))
