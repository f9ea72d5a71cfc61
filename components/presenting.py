"""The presenter's bar on top of the real pages: which beat it is, and the way to the next."""

import streamlit as st

from components import demo_script, layout, navigation, session
from components.runtime import get_runtime
from services.demo_studio.studio import DemoStudio, Showing


def bar(page: str) -> None:
    """Draw the bar while this session presents; nothing on the demo studio's own page."""
    studio = get_runtime().demo_studio
    showing = studio.showing() if studio and session.is_presenting() else None
    if studio is None or showing is None or page == "demo":
        return
    layout.notice(demo_script.PLACE)
    progress, beats = studio.progress(showing), showing.script.beats
    with (
        st.container(border=True, key="presenting"),
        st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ),
    ):
        with st.container(width="stretch", gap=None):
            title = progress.fill(showing.now.title)
            st.markdown(f"**Beat {showing.beat + 1} of {len(beats)}: {title}**")
            st.caption(progress.fill(showing.now.say))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            if showing.now.act:
                st.button(
                    demo_script.ACTS[showing.now.act][0],
                    key="presenting_act",
                    icon=":material/bolt:",
                    on_click=demo_script.act,
                    args=(showing.now.act,),
                )
            if showing.beat + 1 < len(beats):
                _next(studio, showing)
            navigation.button("demo", "Script", key="presenting_script", quiet=True)


def _next(studio: DemoStudio, showing: Showing) -> None:
    st.button(
        "Next beat",
        key="presenting_next",
        icon=":material/arrow_forward:",
        on_click=_turn,
        args=(studio, showing.beat + 1),
    )


def _turn(studio: DemoStudio, to: int) -> None:
    """Go to the next beat and its page; a run that is not there yet is waited for here."""
    studio.turn(to)
    showing = studio.showing()
    address = studio.address(showing, showing.now) if showing else None
    if showing and address is not None:
        demo_script.go(showing.now, address)
