"""The dashboard in a real browser: one server for all tests of a worker, one session a test."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from components.launch import WARM
from tests.browser.axe import Theme
from tests.browser.driver import PATIENCE, SCREEN, SHORT_LIVED, Dashboard, launch, visiting
from tests.browser.server import Server, Start, serving
from tests.forked import Nursery, popen_of

#: What every dashboard imports before its first visitor comes.
DASHBOARD = ("streamlit.web.cli", "services.bootstrap", *WARM)

#: Streamlit unfolds a part at its own pace even for people who ask for less motion, and a click may
#: meet what is still on its way: button down on one element, up on another, and so none at all.
STILL = """
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, timing) {
    const asked = typeof timing === "object" ? timing : {};
    return animate.call(this, frames, {...asked, duration: 0});
  };
"""


def new_context(browser: Browser, *, theme: Theme = "light", width: int = 1360) -> BrowserContext:
    """Open a window whose look does not depend on the machine."""
    context = browser.new_context(
        viewport={**SCREEN, "width": width},
        color_scheme=theme,
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.add_init_script(STILL)
    return context


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that `make test-fast` can leave it out."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = launch(playwright, SHORT_LIVED)
        yield started
        started.close()


@pytest.fixture(scope="session")
def forking() -> Iterator[Start]:
    """Have dashboards forked that are no test of how one starts, where that is possible."""
    if sys.platform != "linux":
        yield subprocess.Popen
        return
    nursery = Nursery(more=DASHBOARD)
    yield popen_of(nursery)
    nursery.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, forking: Start) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), start=forking) as running:
        yield running


@dataclass(frozen=True)
class Seeded:
    """What the shared server holds: the demo manifest, and a run of it with three failures."""

    manifest: str
    run: str


@pytest.fixture(scope="session")
def seeded(browser: Browser, server: Server) -> Seeded:
    # Not in the window: a test may have somebody in there already.
    with new_context(browser) as context:
        person = Dashboard(context, server.url)
        person.open("/manifest")
        person.click("Use the demo manifest")
        person.click("Continue to submit")
        person.heading("Submit")
        manifest = person.query("manifest")
        person.click("Submit 195 entries")
        person.sees("What failed, and why")
        run = person.query("run")
        person.verify_clean()
    return Seeded(manifest, run)


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """Open the window that one person after another uses."""
    with new_context(browser) as context:
        yield context


@pytest.fixture
def dashboard(window: BrowserContext, server: Server) -> Iterator[Dashboard]:
    with visiting(window, server.url, Dashboard) as person:
        yield person
