"""Usable by everyone: keyboard, assistive technology, small windows, light and dark."""

import json
import re
import time
from typing import Final

import pytest
from playwright.sync_api import Locator, expect

from components import by_script
from components.navigation import PAGES
from tests.browser.axe import PATIENCE_SECONDS, violations
from tests.browser.conftest import Seeded
from tests.browser.driver import SCREEN, Dashboard

#: A phone, and a window of 1,280 pixels at 400 % zoom.
NARROW: Final = (390, 320)
BUCKET: Final = "bucket=encord-demo-bucket&bucket_view="
#: What each page is opened with: nothing, each of its views, what nobody knows. Of the views of one
#: thing the first is opened by its address and the others by their tabs, as a person opens them.
STATES: Final = {
    "overview": [""],
    "connect": ["", "place=Encord+EU", "place=Own+domain"],
    "bucket": [
        "",
        *(f"{BUCKET}{view}" for view in ("Check", "CORS", "Integration", "Browse")),
        f"{BUCKET}Build a manifest",
    ],
    "schema": [
        f"manifest={{manifest}}&schema_view={view}"
        for view in ("Design", "Propose", "In use", "History", "Files")
    ],
    "manifest": [
        "",
        *(
            f"manifest={{manifest}}&manifest_view={view}"
            for view in ("Findings", "Edit", "Entries", "Statistics", "What Encord receives")
        ),
    ],
    "submit": ["", "manifest={manifest}"],
    "runs": ["", "runs_find=nothing+like+it"],
    "run": [
        "run=nothing",
        *(
            f"run={{run}}&run_view={view}"
            for view in ("Entries", "Report", "Progress", "What was asked for", "History")
        ),
    ],
    "datasets": [
        f"run={{run}}&datasets_view={view}"
        for view in (
            "A whole run",
            "A run in parts",
            "From a folder",
            "All datasets",
            "All folders",
        )
    ],
    "verify": ["run={run}"],
    "passport": ["", "object=nothing", "object=gs://encord-demo-bucket/images/street/0001.jpg"],
    "reference": [
        *(
            f"reference_view={view}"
            for view in ("Finding codes", "Troubleshooting", "Formats and limits", "Words")
        ),
        "reference_find=nothing+like+it",
    ],
    "demo": [
        *(f"demo_view={view}" for view in ("Scenarios", "Presenter", "Faults")),
        "audience=follow",
    ],
}
#: Buttons that open a dialog, and the page they are on. What a run or a draft is needed for is
#: asked where it is there: cancelling, unlinking, applying a schema.
DIALOGS: Final = {
    "Adopt a job started elsewhere": "/runs",
    "Rescue a run from its folder": "/runs",
    "Trim ...": "/manifest?manifest={manifest}",
}
VIEW: Final = re.compile(r"(.*?)\w+_view=(.+)")
FITS: Final = (
    "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
    ".every(each => each.scrollWidth <= each.clientWidth)"
)
SCRIPT: Final = "[data-testid=stPopoverBody]"
#: Of so many folded parts alike one is as good as all.
FOLDED: Final = 2


@pytest.mark.parametrize("name", [spec.name for spec in PAGES])
def test_every_state_of_a_page_is_usable(name: str, dashboard: Dashboard, seeded: Seeded) -> None:
    shown = None
    for state in STATES[name]:
        dashboard.page.set_viewport_size(SCREEN)
        query = state.format(manifest=seeded.manifest, run=seeded.run)
        viewed = VIEW.fullmatch(query)
        if viewed and viewed[1] == shown:
            choose_tab(dashboard, viewed[2])
        else:
            dashboard.open(f"/{'' if name == 'overview' else name}?{query}")
        shown = viewed[1] if viewed else None
        expect(dashboard.page.get_by_role("heading", level=1)).to_be_visible()
        panel = dashboard.page.get_by_role("tabpanel").filter(visible=True)
        # What is above the tabs is the same for all of them.
        alike = state != STATES[name][-1] and panel.count()
        looked_at = panel.first if alike else dashboard.page.get_by_test_id("stMain")
        unfold(dashboard, looked_at)
        primary = dashboard.page.get_by_test_id("stBaseButton-primary").filter(visible=True)
        assert primary.count() <= 1, f"{query}: {primary.all_inner_texts()}"
        found = violations(dashboard.page)
        assert not found, f"{query}: {json.dumps(found, indent=1)}"
        for width in NARROW:
            assert fits(dashboard, width), f"{query}: scrolls sideways at {width} pixels"
        read_the_script(dashboard, looked_at)


def read_the_script(person: Dashboard, within: Locator) -> None:
    """Open what shows the same as a script, where there is one; the window is narrow still."""
    opener = within.get_by_role("button", name="Do this by script").filter(visible=True)
    if not opener.count():
        return
    opener.first.click()
    shown = person.page.locator(SCRIPT)
    expect(shown).to_contain_text(by_script.ABOUT)
    person.idle()
    found = violations(person.page, within=SCRIPT)
    assert not found, json.dumps(found, indent=1)
    assert fits(person, NARROW[-1])
    person.page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


def choose_tab(person: Dashboard, title: str) -> None:
    """Open a view, which is empty until the page is drawn with it."""
    tab = person.page.get_by_role("tab", name=title, exact=True)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(person.page.get_by_role("tabpanel").filter(visible=True).first).not_to_be_empty()
    person.idle()


def unfold(person: Dashboard, within: Locator) -> None:
    """Open what is folded away, also what comes to light by that.

    A click is lost on a part that is just drawn anew.
    """
    parts = within.get_by_test_id("stExpander")
    folded = parts.locator("details:not([open]) > summary").filter(visible=True)
    opened = parts.locator("details[open]")
    most = opened.count() + FOLDED
    while folded.count() and opened.count() < most:
        folded.first.click()
        person.idle()


def fits(person: Dashboard, width: int) -> bool:
    """Tell whether a window of this width needs no sideways scroll, once it is drawn anew."""
    person.page.set_viewport_size({**SCREEN, "width": width})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (done := person.page.evaluate(FITS)) and time.monotonic() < deadline:
        continue
    return bool(done)


@pytest.mark.parametrize("opener", DIALOGS)
def test_every_dialog_is_usable(opener: str, dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open(DIALOGS[opener].format(manifest=seeded.manifest))
    dashboard.click(opener)
    expect(dashboard.page.get_by_role("dialog")).to_be_visible()
    dashboard.idle()
    assert not violations(dashboard.page)
    assert fits(dashboard, NARROW[-1])


def test_a_dialog_takes_and_returns_the_focus(dashboard: Dashboard) -> None:
    dashboard.open("/connect")
    reset = dashboard.page.get_by_role("button", name="Reset the sandbox")
    reset.focus()
    dashboard.page.keyboard.press("Enter")
    dialog = dashboard.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its folders, items and datasets go")
    assert not violations(dashboard.page)
    dashboard.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(reset).to_be_focused()


def test_what_went_wrong_takes_the_focus_each_time(dashboard: Dashboard) -> None:
    dashboard.open("/manifest")
    dashboard.page.get_by_text("A bucket", exact=True).click()
    dashboard.fill("Object", "gs://encord-demo-bucket/nothing-here.csv")
    said = dashboard.page.get_by_role("alert").filter(has_text="No manifest was taken")
    for _ in range(2):
        dashboard.click("Read it")
        expect(said).to_be_focused()
    dashboard.click("Use the demo manifest")
    verdict = dashboard.page.get_by_role("alert").filter(has_text="195 entries ready, 5 to fix")
    expect(verdict).to_be_focused()
    dashboard.page.get_by_text("Check another manifest").click()
    dashboard.click("Read it")
    # The verdict comes back as well, and was heard already.
    expect(said).to_be_focused()
    expect(verdict).to_be_visible()


def test_what_went_wrong_takes_nobody_away_from_what_they_type(dashboard: Dashboard) -> None:
    dashboard.open("/manifest")
    dashboard.page.get_by_text("A bucket", exact=True).click()
    dashboard.fill("Object", "gs://encord-demo-bucket/nothing-here.csv")
    dashboard.click("Read it")
    typed = dashboard.page.get_by_label("Object", exact=True)
    typed.focus()
    dashboard.sees("No manifest was taken")
    dashboard.idle()
    expect(typed).to_be_focused()


def test_a_run_opens_by_its_button_in_the_table(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open("/runs")
    table = dashboard.page.locator(".st-key-runs canvas").first
    expect(dashboard.cell(7, 0, table="runs")).to_contain_text("Open")
    box = table.bounding_box()
    assert box is not None
    dashboard.page.mouse.click(box["x"] + box["width"] - 45, box["y"] + 35 + 19)
    dashboard.heading("Run")
