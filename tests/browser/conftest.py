"""The dashboard in a real browser: one server for all tests of a worker, one session a test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.driver import Dashboard, launch
from tests.browser.server import Server

LOOK = {
    "viewport": {"width": 1360, "height": 900},
    "locale": "en-GB",
    "timezone_id": "UTC",
    "reduced_motion": "reduce",
    "accept_downloads": True,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and keep it on one worker: it shares one server."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def dashboard(browser: Browser, server: Server) -> Iterator[Dashboard]:
    context = browser.new_context(**LOOK)  # type: ignore[arg-type] # the values above are its own
    opened = Dashboard(context, server.url)
    yield opened
    opened.verify_clean()
    context.close()
