"""The scenarios of the demo studio, each set up by one click, and how fast the sandbox works."""

from functools import partial
from typing import Final

import streamlit as st

from components import answers, demo_card, layout, session, status, watching
from components.runtime import get_background, get_runtime
from components.text import count
from services.demo_studio.scenarios import SCENARIOS, Scenario
from services.demo_studio.studio import DemoStudio, Showing

#: The tabs of the page, and what names them in its address.
VIEW: Final = "demo_view"
CHOOSE, PRESENT, FAULTS = "Scenarios", "Presenter", "Faults"
#: How fast the sandbox works, in units per second.
SPEEDS: Final = {"Slow": 10.0, "As usual": 40.0, "Fast": 1_000.0, "At once": 100_000.0}
_PLACE: Final = "demo_scenarios"
_LARGEST_SEED: Final = 9_999


def line(showing: Showing | None) -> str:
    """Return the line under the title."""
    if showing is None:
        return "No scenario is set up. Each takes one click"
    script = showing.script
    return f"{script.title}: beat {showing.beat + 1} of {len(script.beats)}"


def first_button(studio: DemoStudio) -> None:
    """Draw the way in, while nothing is set up."""
    first = SCENARIOS[0]
    st.button(
        f"Set up {first.called}",
        key="set_up_first",
        type="primary",
        icon=":material/theaters:",
        disabled=_is_setting_up(),
        on_click=_set_up,
        args=(first.id, studio.number()),
    )


def show(studio: DemoStudio, showing: Showing | None) -> None:
    """Draw the choices."""
    layout.notice(_PLACE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.number_input(
            "Seed",
            min_value=1,
            max_value=_LARGEST_SEED,
            value=showing.seed if showing else 1,
            key="demo_seed",
            width=140,
            help="The same seed gives the same manifest and the same faults.",
        )
        speed(studio, showing)
        demo_card.reset_button(key="demo_reset")
    st.caption(
        "Setting a scenario up starts the sandbox over: its folders, items and datasets go. Runs "
        "stay in the list."
    )
    if _is_setting_up():
        words = "Setting the scenario up: bucket, manifest, check"
        watching.until(
            lambda: not _is_setting_up(), partial(answers.draw_waiting, words), key="demo_waiting"
        )
    with st.grid(3, min_column_width=280):
        for scenario in SCENARIOS:
            _card(scenario, showing, studio.number())


def speed(studio: DemoStudio, showing: Showing | None) -> None:
    """Draw how fast the sandbox works, and let it be chosen."""
    rate = showing.rate if showing else SPEEDS["As usual"]
    known = next((word for word, each in SPEEDS.items() if each == rate), None)
    key = f"demo_speed_{rate:g}"
    st.radio(
        "Speed of the sandbox",
        list(SPEEDS),
        index=list(SPEEDS).index(known) if known else None,
        horizontal=True,
        key=key,
        on_change=_use_speed,
        args=(studio, key),
        width="content",
    )


def _use_speed(studio: DemoStudio, key: str) -> None:
    chosen = session.value(key)
    if chosen:
        studio.use_rate(SPEEDS[str(chosen)])


def _card(scenario: Scenario, showing: Showing | None, number: int) -> None:
    is_on = showing is not None and showing.scenario == scenario.id
    with st.container(border=True, height="stretch", key=f"scenario_{scenario.id}"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.subheader(scenario.title, anchor=False, width="stretch")
            if is_on:
                status.badge(status.IN_USE)
        st.markdown(scenario.promise)
        minutes = count(scenario.minutes, "minute")
        st.caption(f"{count(len(scenario.beats), 'beat')}, about {minutes}")
        fewest, most = scenario.sizes
        st.number_input(
            f"Entries of {scenario.called}",
            min_value=fewest,
            max_value=most,
            value=scenario.size,
            key=f"demo_size_{scenario.id}",
        )
        st.button(
            f"Set up {scenario.called}{' again' if is_on else ''}",
            key=f"set_up_{scenario.id}",
            icon=":material/theaters:",
            disabled=_is_setting_up(),
            on_click=_set_up,
            args=(scenario.id, number),
        )


def _set_up(scenario: str, known: int) -> None:
    """Set a scenario up beside the page. A second click on the same page is the same set-up."""
    studio = get_runtime().demo_studio
    if studio is None:
        return
    name = f"demo {scenario} {known}"
    work = partial(
        studio.set_up,
        scenario,
        seed=int(session.value("demo_seed") or 1),
        size=int(session.value(f"demo_size_{scenario}") or 0),
        actor=session.actor(),
    )
    session.clear_notice(_PLACE)
    session.wait_for_demo(name)
    get_background().start(name, work)


def _is_setting_up() -> bool:
    name = session.waits_for_demo()
    return name is not None and get_background().phase(name) == "running"


def arrive() -> None:
    """Go to the script once the scenario that this session asked for is set up."""
    name, background = session.waits_for_demo(), get_background()
    if name is None or background.phase(name) == "running":
        return
    session.wait_for_demo(None)
    if background.phase(name) == "failed":
        session.notify(
            _PLACE,
            session.Notice(
                title="The scenario was not set up",
                body="The sandbox does not answer. Restart the dashboard, then set it up again.",
            ),
        )
        return
    session.set_value(VIEW, PRESENT)
