"""The checks of manifests, asked for in the same way on every page."""

from typing import Final

from components import connection, session
from components.runtime import get_runtime
from services.domain.findings import Summary
from services.manifests.basis import Basis
from services.manifests.checked import CheckedManifest
from services.manifests.errors import UnknownManifestError
from services.manifests.options import CheckOptions

DONE: Final = "done"
#: Seconds a new manifest waits for a metadata schema that is not known yet.
PATIENCE: Final = 1.5


def basis(fingerprint: str) -> Basis:
    """Return what a manifest's metadata is checked against in this session's connection."""
    current = connection.current()
    return get_runtime().schemas.basis(fingerprint, current.id if current else None)


def options(fingerprint: str) -> CheckOptions:
    """Return what pages ask a check for. A submission repeats it, and the worker reads the same."""
    return basis(fingerprint).options


def checked(fingerprint: str | None) -> CheckedManifest | None:
    """Return the finished check of a manifest; None when there is none.

    Nor is there one of a manifest that is not here: a ledger may be restored on another machine,
    and a run that is being rescued has none yet.
    """
    if not fingerprint:
        return None
    store = get_runtime().manifests
    try:
        asked = options(fingerprint)
    except UnknownManifestError:
        return None
    if store.check_state(fingerprint, asked).phase != DONE:
        return None
    return store.open(fingerprint, asked)


def go_to(fingerprint: str) -> None:
    """Check a manifest, if that was not done yet, and go to its page."""
    start(fingerprint)
    session.use_manifest(fingerprint)
    session.go_to("manifest", manifest=fingerprint)


def start(fingerprint: str) -> None:
    """Check a manifest against the schema chosen for it, or against the connection's."""
    runtime = get_runtime()
    chosen = runtime.schemas.prepare(
        fingerprint, connection.current(), like=session.manifest(), patience=PATIENCE
    )
    runtime.manifests.start_check(fingerprint, chosen.options)
    session.ask_for_verdict(fingerprint)


def summary(fingerprint: str | None) -> Summary | None:
    """Return what a finished check counted; None when there is none."""
    found = checked(fingerprint)
    return found.summary if found else None
