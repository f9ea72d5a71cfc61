"""How checks of a bucket and steps of a trial are shown: what is needed first, then the rest."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, status, tables, watching
from services.buckets.tasks import Snapshot
from services.domain.bucket_checks import BucketCheck, CheckVerdict

_ORDER: Final = (CheckVerdict.FAIL, CheckVerdict.NOT_CHECKED, CheckVerdict.WARN, CheckVerdict.PASS)


def show(checks: Sequence[BucketCheck], *, key: str, alt: str) -> None:
    """Draw how many ended how, each that has a way out in full, then the others as a table."""
    counts(checks)
    wanting = [check for check in checks if check.needed]
    for check in sorted(wanting, key=lambda each: _ORDER.index(each.verdict)):
        box(check, key=f"{key}_{check.code}")
    others = [check for check in checks if not check.needed]
    if others:
        _table(others, key=f"{key}_others", alt=alt)


def watch(
    look: Callable[[], Snapshot | None], draw: Callable[[Snapshot], None], *, key: str
) -> None:
    """Draw how far work on a bucket is, until it is over."""

    def is_over() -> bool:
        found = look()
        return found is None or not found.running

    def show_so_far() -> None:
        if found := look():
            draw(found)

    watching.until(is_over, show_so_far, key=key)


def counts(checks: Sequence[BucketCheck]) -> None:
    """Draw one badge a verdict, with its number."""
    found = Counter(check.verdict for check in checks)
    with st.container(horizontal=True, gap="small"):
        for verdict, look in status.CHECKS.items():
            if found[verdict]:
                status.counted(look, found[verdict])


def so_far(checks: Sequence[BucketCheck]) -> None:
    """Draw the checks that have ended while the others go on."""
    for check in checks:
        st.text(f"{check.title}: {status.CHECKS[check.verdict].word.lower()}")


def box(check: BucketCheck, *, key: str) -> None:
    """Draw one check in full: asked, came back, needed, and the command to paste."""
    with st.container(border=True, gap="xsmall", key=key):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"**{check.title}**", width="content")
            status.badge(status.CHECKS[check.verdict])
        rows = {"Asked": check.asked, "Came back": check.got}
        layout.facts(rows | ({"Needed": check.needed} if check.needed else {}))
        if check.command:
            # The colors of highlighted commands have too little contrast.
            st.code(check.command, language=None, wrap_lines=True)


def _table(checks: Sequence[BucketCheck], *, key: str, alt: str) -> None:
    frame = pd.DataFrame(
        {
            "Check": [check.title for check in checks],
            "Result": [[status.CHECKS[check.verdict].word] for check in checks],
            "Came back": [check.got for check in checks],
            "Asked": [check.asked for check in checks],
            "Command": [check.command for check in checks],
        }
    )
    settings = {
        "Check": st.column_config.Column(width=180),
        "Result": tables.status_column("Result", status.CHECKS),
        "Came back": st.column_config.Column(width=380),
    }
    st.dataframe(frame, key=key, alt=alt, column_config=settings, **tables.GRID)
