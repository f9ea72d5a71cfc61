"""The machine fixes of one kind of finding: look at what would change, then apply it to all."""

import streamlit as st

from components import mending
from components.fixes import FIXES
from services.domain.findings import FindingGroup
from services.domain.rules import Fix
from services.domain.scripts import manifests as scripts
from services.manifests.checked import CheckedManifest
from services.manifests.repair import FixOrder


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
    options, code = checked.options.to_json(), group.code
    file, target = mending.files(checked)
    return mending.Change(
        fingerprint=checked.summary.fingerprint,
        title=f"{FIXES[fix].label}: {group.title}",
        does=FIXES[fix].does,
        preview=FixOrder(options=options, code=code, fix=fix, preview=True),
        apply=FixOrder(options=options, code=code, fix=fix),
        script=scripts.fix(file, options, target, code, fix),
    )
