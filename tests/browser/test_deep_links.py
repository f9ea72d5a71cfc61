"""Every page as the very first request of a fresh server, and the ids a URL carries."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from components.navigation import PAGES, PageSpec
from tests.browser.conftest import Seeded
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import serving

#: Of a server without a sandbox.
LISTED = sum(spec.listed and not spec.needs_sandbox for spec in PAGES)


def test_first_request_of_a_fresh_server(window: BrowserContext, tmp_path: Path) -> None:
    """One in the middle is asked for first; every page has its frame without a connection."""
    with (
        serving(tmp_path, sandbox=False) as server,
        visiting(window, server.url, Dashboard) as person,
    ):
        person.open(f"/{PAGES[-1].name}")
        verify_frame(person, PAGES[-1])
        for spec in PAGES[:-1]:
            if spec.listed and not spec.needs_sandbox:
                person.go_to(spec.title)
            else:
                person.open(f"/{spec.name}")
            verify_frame(person, spec)


def verify_frame(person: Dashboard, spec: PageSpec) -> None:
    person.heading(spec.title)
    expect(person.page.get_by_test_id("stSidebarNavLink")).to_have_count(LISTED)
    expect(person.page.get_by_test_id("stSidebar").get_by_text("Not connected")).to_be_visible()


def test_a_run_can_be_shared_as_a_link(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open(f"/run?run={seeded.run}&run_view=History")
    dashboard.heading("Run")
    dashboard.sees("Complete with failures")
    expect(dashboard.page.get_by_role("tab", name="History")).to_have_attribute(
        "aria-selected", "true"
    )


def test_back_undoes_one_choice_after_another(dashboard: Dashboard, seeded: Seeded) -> None:
    run = f"/run?run={seeded.run}"
    trail = [f"{run}&run_outcome=Failed", f"{run}&run_view=What+was+asked+for", "/runs"]
    dashboard.open(trail[0])
    dashboard.sees("3 entries")
    # The filter leaves with its tab: one step, not two.
    dashboard.page.get_by_role("tab", name="What was asked for").click()
    dashboard.arrives(trail[1])
    dashboard.go_to("Runs")
    dashboard.fill("Search", "no such run")
    dashboard.sees("Nothing matches")
    dashboard.page.go_back()
    dashboard.arrives(trail[2])
    dashboard.holds("Search", "")
    dashboard.page.go_back()
    dashboard.arrives(trail[1])
    dashboard.sees("Fingerprint")
    dashboard.page.go_back()
    dashboard.arrives(trail[0])
    expect(dashboard.cell(2, 0, table="outcomes_table")).to_have_text("Failed")
    dashboard.sees("3 entries")
    dashboard.page.go_forward()
    dashboard.arrives(trail[1])
    dashboard.page.go_forward()
    dashboard.arrives(trail[2])
    dashboard.heading("Runs")


def test_no_signature_stays_in_the_address_of_a_search(
    dashboard: Dashboard, seeded: Seeded
) -> None:
    dashboard.open(f"/run?run={seeded.run}")
    dashboard.fill("Search", "https://storage.googleapis.com/b/k.jpg?X-Goog-Signature=canary")
    expect(dashboard.page).to_have_url(re.compile("run_find=.*k.jpg$"))
    dashboard.holds("Search", "https://storage.googleapis.com/b/k.jpg")
    dashboard.page.go_back()
    dashboard.arrives(f"/run?run={seeded.run}")


def test_pages_of_a_table_are_in_the_url(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open(f"/manifest?manifest={seeded.manifest}&manifest_view=Entries&entries_page=2")
    dashboard.sees("26 to 50 of 200 entries")
    expect(dashboard.cell(0, 0, table="entries_table")).to_have_text("26")


def test_a_filter_that_leaves_fewer_pages_shows_the_rest(
    dashboard: Dashboard, seeded: Seeded
) -> None:
    dashboard.open(f"/manifest?manifest={seeded.manifest}&manifest_view=Entries&entries_page=8")
    dashboard.sees("176 to 200 of 200 entries")
    dashboard.fill("Search", "Field")
    dashboard.page.keyboard.press("Enter")
    expect(dashboard.page.get_by_text("200 of 200 entries")).to_have_count(0)
    expect(dashboard.cell(3, 0, table="entries_table")).to_contain_text("Field")


@pytest.mark.parametrize("path", ["/run?run=nothing", "/run?run=../../etc", "/manifest?manifest=x"])
def test_an_id_nobody_knows_is_said_plainly(dashboard: Dashboard, path: str) -> None:
    dashboard.open(path)
    dashboard.sees("There is no such run" if "run" in path else "No manifest yet")
