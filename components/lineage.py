"""Where a mended manifest comes from, the way back, and what was made of it in turn."""

from contextlib import suppress
from typing import Final

import streamlit as st

from components import manifests
from components.fixes import FIXES
from components.runtime import get_runtime
from components.text import code, count, moment
from services.domain.rules import RULES, Fix
from services.manifests import repair
from services.manifests.errors import ManifestError
from services.manifests.repair import Step

OPERATIONS: Final = {
    "edit": "Edited by hand",
    "replace": "Replaced in URLs",
    "map": "Columns mapped",
}
#: Of what was made of a manifest, the last few.
SHOWN: Final = 3


def show(fingerprint: str, *, key: str) -> None:
    """Draw how a manifest came to be, offer to undo the last step, and lead to its children."""
    try:
        steps = repair.lineage(get_runtime().manifests, fingerprint)
    except ManifestError:
        st.caption("The record of where this manifest comes from is damaged.")
        return
    if steps:
        _origin(steps, key=key)
    _made(fingerprint, key=key)


def _origin(steps: list[Step], *, key: str) -> None:
    last = steps[-1]
    with st.container(border=True, key=key, gap="small"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.markdown(f":material/build: {sentence(last)}", width="content")
            st.button(
                "Undo",
                key=f"{key}_undo",
                icon=":material/undo:",
                help="Goes back to the manifest this one was made from; both stay stored",
                on_click=manifests.go_to,
                args=(last.parent,),
            )
        st.caption(f"Made {moment(last.at)}, {count(len(steps), 'step')} from the upload.")
        if len(steps) > 1:
            with st.expander("All steps", type="compact"):
                for step in steps:
                    st.markdown(f"{moment(step.at)}: {sentence(step)}")


def _made(fingerprint: str, *, key: str) -> None:
    """Draw what was made of this manifest before, and lead there again."""
    for step in _steps_from(fingerprint)[:SHOWN]:
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.markdown(f":material/arrow_forward: {sentence(step)}", width="content")
            st.button(
                "Open the result",
                key=f"{key}_{step.fingerprint}",
                help=f"The manifest made of this one, {moment(step.at)}",
                type="tertiary",
                on_click=manifests.go_to,
                args=(step.fingerprint,),
            )


def _steps_from(fingerprint: str) -> list[Step]:
    """Return the steps from a manifest to those made of it, newest first."""
    runtime = get_runtime()
    found: list[Step] = []
    for made in dict.fromkeys(runtime.repairs.made(fingerprint)):
        with suppress(ManifestError):
            steps = repair.lineage(runtime.manifests, made)
            found += [step for step in steps[-1:] if step.parent == fingerprint]
    return sorted(found, key=lambda step: step.at, reverse=True)


def sentence(step: Step) -> str:
    """Say in words what a step did."""
    done = OPERATIONS.get(step.operation, "Changed")
    if step.operation == "fix":
        done = _about_fix(step)
    elif step.detail.get("old"):
        done += f", {code(step.detail['old'])} to {code(step.detail.get('new', ''))}"
    return f"{done}, {count(step.count, 'change')}"


def _about_fix(step: Step) -> str:
    rule, fix = RULES.get(step.detail.get("code", "")), step.detail.get("fix", "")
    label = FIXES[Fix(fix)].label if fix in set(Fix) else "Fixed"
    return f"{label}: {rule.title if rule else 'findings'}"
