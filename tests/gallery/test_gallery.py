"""The README's pictures, taken from the running dashboard: `GALLERY=1 pytest tests/gallery`."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from components import navigation
from services.demo_studio.scenarios import SCENARIOS
from tests.browser.axe import Theme
from tests.browser.conftest import new_context
from tests.browser.driver import PATIENCE, Dashboard, launch
from tests.browser.server import Server, serving

HERE = Path(__file__).parent
LARGEST = 150 * 1024

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("GALLERY" not in os.environ, reason="set GALLERY=1 to take the pictures"),
]


def test_take_the_pictures(tmp_path: Path) -> None:
    expect.set_options(timeout=PATIENCE)
    with serving(tmp_path) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        both(browser, server, "welcome", "/")
        manifest, run = first_pictures(browser, server)
        both(browser, server, "manifest", f"/manifest?manifest={manifest}")
        both(browser, server, "verify", f"/verify?run={run}")
        both(browser, server, "overview", "/")
        picture(browser, server, "overview-mobile", "/", width=390)
        show_scenarios(browser, server)
        both(browser, server, "demo", "/demo")
        browser.close()


def first_pictures(browser: Browser, server: Server) -> tuple[str, str]:
    """Take a run from its manifest to its proof, with a picture of its failures on the way."""
    with new_context(browser) as context:
        person = Dashboard(context, server.url).open("/manifest")
        person.click("Use the demo manifest")
        person.sees("195 entries ready, 5 to fix")
        manifest = person.query("manifest")
        person.click("Continue to submit")
        person.click("Submit 195 entries")
        person.sees("What failed, and why")
        run = person.query("run")
        both(browser, server, "run", f"/run?run={run}")
        person.go_to("Connect")
        person.click("Mend the bucket")
        person.sees("The bucket is mended")
        person.open(f"/run?run={run}").click("Retry all 3 entries")
        expect(person.metric("Registered")).to_have_text("3")
        person.open(f"/run?run={run}").click("Link to a dataset")
        person.click("Link 195 entries")
        person.click("See the verification")
        person.sees("All 195 entries matched")
        return manifest, run


def show_scenarios(browser: Browser, server: Server) -> None:
    """Set each scenario up and keep its first beat, on the page it is about."""
    with new_context(browser) as context:
        person = Dashboard(context, server.url)
        for scenario in SCENARIOS:
            person.open("/demo")
            card = person.page.locator(f".st-key-scenario_{scenario.id}")
            card.get_by_role("button", name=f"Set up {scenario.called}").click()
            expect(person.page.get_by_role("tab", name="Presenter", selected=True)).to_be_visible()
            page = navigation.title(scenario.beats[0].page)
            person.click(f"Go to {page}")
            person.heading(page)
            expect(person.page.get_by_text("Under way", exact=True)).to_have_count(0)
            keep(person, f"demo-{scenario.id}")


def both(browser: Browser, server: Server, name: str, address: str) -> None:
    """Take a picture in light and in dark."""
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme in themes:
        picture(browser, server, f"{name}-{theme}", address, theme=theme)


def picture(
    browser: Browser,
    server: Server,
    name: str,
    address: str,
    *,
    theme: Theme = "light",
    width: int = 1360,
) -> None:
    """Draw a page in a fresh window and keep what is seen of it."""
    with new_context(browser, theme=theme, width=width) as context:
        person = Dashboard(context, server.url).open(address)
        keep(person, name)


def keep(person: Dashboard, name: str) -> None:
    """Keep what is seen of a page."""
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    person.idle()
    person.page.evaluate("document.fonts.ready")
    path = HERE / f"{name}.png"
    person.page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size <= LARGEST
