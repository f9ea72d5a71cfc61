"""The presenter's script: what to say now, where to go, and what the audience should see there."""

import streamlit as st

from components import demo_audience, demo_scenarios, layout, navigation, session
from components.runtime import get_runtime
from services.demo_studio.scenarios import Act, Beat
from services.demo_studio.studio import DemoStudio, Showing

#: What a presenter's button says, and what is said once it is done.
ACTS = {
    Act.MEND: ("Mend the bucket", "The bucket is mended: its files are there and may be read."),
    Act.OUTAGE: ("Start the outage", "Encord is away for ten seconds."),
    Act.COLLEAGUE: (
        "Let a colleague add a key",
        "The schema has a key more, and nobody here was asked.",
    ),
}
PLACE = "demo_script"


def show(studio: DemoStudio, showing: Showing | None) -> None:
    """Draw the beat the demo stands at, in type that is read from afar."""
    if showing is None:
        layout.empty_state(
            icon=":material/theaters:",
            title="No scenario is set up",
            body="Choose one under Scenarios: a click sets it up, and its script appears here.",
        )
        return
    script, beat, progress = showing.script, showing.now, studio.progress(showing)
    count = len(script.beats)
    st.progress((showing.beat + 1) / count, text=f"Beat {showing.beat + 1} of {count}")
    st.header(progress.fill(beat.title), anchor=False)
    st.markdown(f"### {progress.fill(beat.say)}")
    st.markdown(f":gray[The audience sees: {progress.fill(beat.see)}]")
    layout.notice(PLACE)
    with st.container(horizontal=True):
        if beat.act:
            st.button(
                ACTS[beat.act][0],
                key=f"demo_act_{beat.act}",
                icon=":material/bolt:",
                on_click=act,
                args=(beat.act,),
            )
        _turn(studio, showing, -1, "Back", ":material/arrow_back:")
        _turn(studio, showing, 1, "Next beat", ":material/arrow_forward:")
    st.divider()
    demo_audience.numbers(key="demo_numbers")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(
            "Open the audience's tab",
            demo_audience.ADDRESS,
            icon=":material/open_in_new:",
        )
        st.button("End the demo", key="demo_stop", type="tertiary", on_click=_stop, args=(studio,))
        st.caption(f"Seed {showing.seed}, {showing.size:,} entries", width="content")


def way_on(studio: DemoStudio, showing: Showing | None) -> None:
    """Draw the way to the page of the beat, or to the first scenario."""
    if showing is None:
        demo_scenarios.first_button(studio)
        return
    beat = showing.now
    address = studio.address(showing, beat)
    st.button(
        f"Go to {navigation.title(beat.page)}",
        key="demo_go",
        type="primary",
        icon=":material/arrow_outward:",
        disabled=address is None,
        help=None if address else "Its run is not submitted yet: that is the beat before.",
        on_click=go,
        args=(beat, address or {}),
    )


def go(beat: Beat, address: dict[str, str]) -> None:
    """Go to a beat's page, with the script's bar on top."""
    session.present(on=True)
    if "manifest" in address:
        session.use_manifest(address["manifest"])
    # The tabs of a page that is open already follow their widget, not the address.
    views = {name: value for name, value in address.items() if name.endswith("_view")}
    for name, value in views.items():
        session.set_value(name, value)
    session.go_to(beat.page, **{k: v for k, v in address.items() if k not in views})


def _turn(studio: DemoStudio, showing: Showing, by: int, label: str, icon: str) -> None:
    to = showing.beat + by
    st.button(
        label,
        key=f"demo_turn_{label}",
        icon=icon,
        disabled=not 0 <= to < len(showing.script.beats),
        on_click=studio.turn,
        args=(to,),
    )


def act(what: Act) -> None:
    """Do what the beat is about, as nobody in the dashboard could."""
    studio = get_runtime().demo_studio
    if studio:
        studio.act(what)
        session.notify(PLACE, session.Notice(title="Done", body=ACTS[what][1], good=True))


def _stop(studio: DemoStudio) -> None:
    session.present(on=False)
    session.set_value(demo_scenarios.VIEW, demo_scenarios.CHOOSE)
    studio.stop()
