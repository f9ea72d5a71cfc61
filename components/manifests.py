"""The checks of manifests, asked for with the same options on every page."""

from typing import Final

from components import session
from components.runtime import get_runtime
from services.domain.findings import Summary
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions

#: What pages ask a check for. A submission repeats it, so that the worker reads the same check.
OPTIONS: Final = CheckOptions()
DONE: Final = "done"


def checked(fingerprint: str | None) -> CheckedManifest | None:
    """Return the finished check of a manifest; None when there is none."""
    store = get_runtime().manifests
    if fingerprint is None or store.check_state(fingerprint, OPTIONS).phase != DONE:
        return None
    return store.open(fingerprint, OPTIONS)


def summary(fingerprint: str | None) -> Summary | None:
    """Return what a finished check counted; None when there is none."""
    found = checked(fingerprint)
    return found.summary if found else None


def go_to(fingerprint: str) -> None:
    """Check a manifest, if that was not done yet, and go to its page."""
    get_runtime().manifests.start_check(fingerprint, OPTIONS)
    session.use_manifest(fingerprint)
    session.go_to("manifest", manifest=fingerprint)
