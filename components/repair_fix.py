"""The machine fixes of one kind of finding: look at what would change, then apply it to all."""

from functools import partial

import streamlit as st

from components import manifests, mending
from components.fixes import FIXES
from components.runtime import get_runtime
from services.domain.findings import FindingGroup
from services.domain.rules import Fix
from services.manifests import repair
from services.manifests.checked import CheckedManifest


def buttons(checked: CheckedManifest, group: FindingGroup, *, key: str) -> None:
    """Draw a button for each fix of a code; its dialog shows the changes first."""
    for name in group.fixes:
        fix = Fix(name)
        if st.button(
            f"{FIXES[fix].label} ...",
            key=f"{key}_{name}",
            icon=":material/build:",
            help=FIXES[fix].does,
        ):
            mending.ask(_change(checked, group, fix), key=f"{key}_{name}")


def _change(checked: CheckedManifest, group: FindingGroup, fix: Fix) -> mending.Change:
    fingerprint, code = checked.summary.fingerprint, group.code
    return mending.Change(
        name=f"{fingerprint} {code} {fix}",
        title=f"{FIXES[fix].label}: {group.title}",
        does=FIXES[fix].does,
        preview=partial(repair.preview, checked, code, fix),
        apply=partial(
            repair.apply, get_runtime().manifests, fingerprint, manifests.OPTIONS, code, fix
        ),
    )
