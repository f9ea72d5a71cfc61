"""What the audience sees in a tab of its own: the beat and the numbers, following the presenter.

No id is on it, and nothing can be clicked.
"""

from datetime import timedelta
from typing import Final

import streamlit as st

from components import connection, layout, status
from components.parts import part
from components.runtime import get_runtime
from components.text import number
from services.demo_studio.studio import Progress
from services.domain.outcomes import Outcome

#: Names the audience's tab in the address.
PARAMETER: Final = "audience"
ADDRESS: Final = f"?{PARAMETER}=follow"
_EVERY: Final = timedelta(seconds=1)


def is_asked() -> bool:
    """Tell whether the address is the audience's."""
    return PARAMETER in st.query_params


def show() -> None:
    """Draw the beat, again every second."""
    part(_beat, every=_EVERY, key="audience")


def _beat() -> None:
    studio = get_runtime().demo_studio
    showing = studio.showing() if studio else None
    if studio is None or showing is None:
        st.title("The demo begins in a moment", anchor=False)
        st.caption("This tab follows the presenter.")
        return
    progress = studio.progress(showing)
    script = showing.script
    with st.container(horizontal=True, vertical_alignment="center"):
        connection.demo_mark()
        st.caption(script.title, width="content")
    st.title(progress.fill(showing.now.title), anchor=False)
    st.progress((showing.beat + 1) / len(script.beats))
    st.markdown(f"### {progress.fill(showing.now.see)}")
    _cards(progress)


def numbers(*, key: str) -> None:
    """Draw the demo's numbers, again every second."""
    part(_numbers, every=_EVERY, key=key)


def _numbers() -> None:
    studio = get_runtime().demo_studio
    showing = studio.showing() if studio else None
    if studio and showing:
        _cards(studio.progress(showing))


def _cards(progress: Progress) -> None:
    entries = layout.Card(
        label="Entries", value=number(progress.entries), icon=":material/list_alt:"
    )
    looks = status.OUTCOMES
    if progress.registered or progress.failed or progress.waiting:
        layout.cards(
            entries,
            layout.status_card(looks[Outcome.REGISTERED], progress.registered),
            layout.status_card(looks[Outcome.FAILED], progress.failed),
            layout.status_card(looks[Outcome.PENDING], progress.waiting),
        )
    else:
        layout.cards(
            entries,
            layout.status_card(status.READY, progress.ready),
            layout.status_card(status.TO_FIX, progress.held),
        )
