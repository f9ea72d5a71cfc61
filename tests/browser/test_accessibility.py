"""Usable by everyone: keyboard, assistive technology, small windows, light and dark."""

import json

import pytest
from playwright.sync_api import Browser, expect

from components.navigation import PAGES
from tests.browser.axe import violations
from tests.browser.conftest import Seeded, Theme, new_context
from tests.browser.driver import Dashboard
from tests.browser.server import Server

NAMES = [spec.name for spec in PAGES]


def address(name: str, seeded: Seeded) -> str:
    """Return a page's address with something on it."""
    if name == "overview":
        return "/"
    wanted = {
        "bucket": "bucket=encord-demo-bucket&bucket_view=CORS",
        "manifest": f"manifest={seeded.manifest}",
        "submit": f"manifest={seeded.manifest}",
    }.get(name, f"run={seeded.run}")
    return f"/{name}?{wanted}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_has_nothing_to_object_to(
    name: str, theme: Theme, browser: Browser, server: Server, seeded: Seeded
) -> None:
    context = new_context(browser, theme=theme)
    person = Dashboard(context, server.url).open(address(name, seeded))
    found = violations(person.page)
    assert not found, json.dumps(found, indent=1)
    person.verify_clean()
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_needs_no_sideways_scroll(
    name: str, browser: Browser, server: Server, seeded: Seeded
) -> None:
    context = new_context(browser, width=390)
    person = Dashboard(context, server.url).open(address(name, seeded))
    main = person.page.get_by_test_id("stMain")
    assert main.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    person.verify_clean()
    context.close()


def test_the_list_of_pages_works_by_keyboard(dashboard: Dashboard) -> None:
    dashboard.open("/")
    runs = dashboard.page.get_by_test_id("stSidebarNavLink").filter(has_text="Runs")
    for _ in range(20):
        dashboard.page.keyboard.press("Tab")
        if runs.evaluate("node => node === document.activeElement"):
            break
    expect(runs).to_be_focused()
    dashboard.page.keyboard.press("Enter")
    dashboard.heading("Runs")


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
    expect(reset).to_be_visible()


def test_a_run_opens_by_keyboard(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open("/runs")
    dashboard.page.get_by_label("Open a run").focus()
    dashboard.page.keyboard.type("demo")
    dashboard.page.keyboard.press("Enter")
    dashboard.heading("Run")
    assert dashboard.query("run")


def test_a_run_opens_by_its_button_in_the_table(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open("/runs")
    table = dashboard.page.locator(".st-key-runs canvas").first
    expect(dashboard.cell(7, 0, table="runs")).to_contain_text("Open")
    box = table.bounding_box()
    assert box is not None
    dashboard.page.mouse.click(box["x"] + box["width"] - 45, box["y"] + 35 + 19)
    dashboard.heading("Run")
