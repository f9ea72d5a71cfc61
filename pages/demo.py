"""Demo studio: scenarios set up in the sandbox, a script to present them by, faults at will."""

from functools import partial

import streamlit as st

from components import (
    demo_audience,
    demo_faults,
    demo_scenarios,
    demo_script,
    layout,
    navigation,
)
from components.demo_scenarios import CHOOSE, FAULTS, PRESENT, VIEW
from components.runtime import get_runtime

studio = get_runtime().demo_studio
showing = studio.showing() if studio else None

if studio is None:
    layout.page_head("Demo studio", "Demos run on the sandbox")
    layout.empty_state(
        icon=":material/theaters:",
        title="There is no sandbox",
        body="It is switched off here, or has not answered yet.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="demo_manifest"),
    )
elif demo_audience.is_asked():
    demo_audience.show()
else:
    demo_scenarios.arrive()
    layout.page_head(
        "Demo studio",
        demo_scenarios.line(showing),
        action=partial(demo_script.way_on, studio, showing),
        word="scenario, beat",
    )
    choose, present, faults = st.tabs([CHOOSE, PRESENT, FAULTS], key=VIEW, bind="query-params")
    if choose.open:
        with choose:
            demo_scenarios.show(studio, showing)
    if present.open:
        with present:
            demo_script.show(studio, showing)
    if faults.open:
        with faults:
            demo_faults.show(studio)
