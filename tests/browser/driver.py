"""Drive the running dashboard as a person would: open, wait until it is idle, read, click."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Playwright,
    Request,
    TimeoutError,  # noqa: A004 - the one that waiting here raises
    ViewportSize,
    expect,
)

SERVER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = ("Google Chrome", "Chromium")
#: Streamlit asks for these below the page's own path first, and expects to be refused.
PROBES = ("/_stcore/health", "/_stcore/host-config")
#: For a machine that has all hands full; only a test that fails waits so long, in milliseconds.
PATIENCE = 60_000
REFUSED = "Failed to load resource"
#: Streamlit's words when a page is left while it is drawn anew.
HARMLESS = ("Cannot send rerun backMessage when disconnected",)
#: No other machine has a name: whatever asks for one fails, and is seen to.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
#: Compile nothing for speed: it costs more than it brings to pages that live for seconds.
SHORT_LIVED = "--js-flags=--no-maglev --no-turbofan"
#: How long an open list is waited for, in milliseconds, and how often it is opened again.
MOMENT = 5_000
TRIES = 8
#: More stops than any page has, the cells of its tables included.
MOST_STOPS = 300
#: Whether an element is on the page still, and whether it has the focus.
REACHED = "(each) => [each.isConnected, each === document.activeElement]"
#: A window on a desk.
SCREEN: ViewportSize = {"width": 1360, "height": 900}
IDLE = (
    "[data-testid='stApp'][data-test-connection-state='CONNECTED']"
    "[data-test-script-state='notRunning']"
)


def launch(playwright: Playwright, *more: str) -> Browser:
    """Start a browser that is already on this machine, with more arguments of its own."""
    arguments = [*ARGUMENTS, *more]
    if sys.platform.startswith("linux"):
        arguments += ["--no-sandbox", "--disable-dev-shm-usage"]
    return playwright.chromium.launch(executable_path=_browser_path(), args=arguments)


def _browser_path() -> str | None:
    named = os.environ.get("BROWSER_FOR_TESTS")
    found = (shutil.which(name) for name in SERVER_NAMES)
    apps = (Path(f"/Applications/{app}.app/Contents/MacOS/{app}") for app in MAC_APPS)
    on_mac = (str(app) for app in apps if app.exists())
    return named or next((path for path in (*found, *on_mac) if path), None)


class Dashboard:
    """One browser tab on the dashboard, and what it noticed on the way."""

    def __init__(self, context: BrowserContext, url: str, tab: Page | None = None) -> None:
        self.context = context
        self.url = url
        self.outside: list[str] = []
        self.refused: list[str] = []
        self.console: list[str] = []
        self._watched: dict[Any, Callable[[Any], None]] = {
            # Not each request and answer: telling them takes as long as drawing a page.
            "requestfailed": self._saw_failure,
            "pageerror": self._saw_error,
            "console": self._saw_console,
        }
        self.page = self._watch(tab) if tab else self.new_tab()

    def new_tab(self) -> Page:
        """Open another tab and work in it from now on."""
        self.page = self._watch(self.context.new_page())
        return self.page

    def _watch(self, page: Page) -> Page:
        page.set_default_timeout(PATIENCE)
        for event, seen in self._watched.items():
            page.on(event, seen)
        return page

    def leave(self) -> None:
        """Take everything of this person out of the window; its first tab stays open.

        And it stays on this server: a tab that leaves it is given another process, which has to
        compile again what this one has compiled.
        """
        first, others = self.context.pages[:1], self.context.pages[1:]
        try:
            for tab in first:
                for event, seen in self._watched.items():
                    tab.remove_listener(event, seen)
                tab.goto(f"{self.url}/_stcore/health")
                tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        except Error:  # the tab has crashed, or its server is gone: what is wrong was said already
            others += first
        for tab in others:
            tab.close()
        self.context.clear_cookies()

    def _saw_failure(self, request: Request) -> None:
        inside = (self.url, self.url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(inside):
            self.outside.append(request.url)

    def _saw_error(self, error: Error) -> None:
        self.console.append(str(error))

    def _saw_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if message.text.startswith(REFUSED):
            if not message.location["url"].endswith(PROBES):
                self.refused.append(f"{message.location['url']} {message.text}")
        elif not any(word in message.text for word in HARMLESS):
            self.console.append(message.text)

    def open(self, path: str = "/") -> "Dashboard":
        """Open a page by its address and wait until it is drawn."""
        self.page.goto(self.url + path)
        return self.idle()

    def idle(self) -> "Dashboard":
        """Wait until Streamlit has drawn everything it was asked for."""
        self.page.locator(IDLE).wait_for(state="attached")
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        return self

    def arrives(self, path: str) -> None:
        """Expect this address, and that what it names is drawn."""
        expect(self.page).to_have_url(self.url + path)
        self.idle()

    def heading(self, name: str) -> None:
        """Expect the page of this title."""
        expect(self.page.get_by_role("heading", name=name, level=1, exact=True)).to_be_visible()

    def sees(self, text: str) -> None:
        """Expect words on the page."""
        expect(self.page.get_by_test_id("stMain").get_by_text(text).first).to_be_visible()

    def click(self, name: str) -> None:
        """Click the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def go_to(self, title: str) -> None:
        """Choose a page in the list of pages."""
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        self.heading(title)
        self.idle()

    def fill(self, label: str, text: str) -> None:
        """Type into a field and leave it."""
        field = self.page.get_by_label(label, exact=True)
        field.fill(text)
        field.blur()
        self.idle()

    def holds(self, label: str, text: str) -> None:
        """Expect a text in a field, which is there twice while the page is drawn anew."""
        field = self.page.get_by_label(label, exact=True)
        expect(field.and_(self.page.locator(f"[value={json.dumps(text)}]")).first).to_be_visible()

    def choose(self, label: str, option: str) -> None:
        """Choose from a list, by its beginning; a page that is drawn anew closes an open list."""
        field = self.page.get_by_role("combobox", name=label, exact=True)
        listed = self.page.get_by_role("option").filter(has_text=option)
        for _ in range(TRIES):
            field.click()
            try:
                listed.first.click(timeout=MOMENT)
            except TimeoutError:
                continue
            self.idle()
            if field.input_value().startswith(option):
                return
        raise AssertionError(f"{option} cannot be chosen under {label}")

    def choose_by_keyboard(self, label: str, option: str, *, stays: bool = True) -> None:
        """Do as `choose` without a mouse; a list that leads elsewhere keeps no choice."""
        field = self.page.get_by_role("combobox", name=label, exact=True)
        listed = self.page.get_by_role("option").filter(has_text=option)
        for _ in range(TRIES):
            tab_to(self.page, field)
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(option, delay=30)
            try:
                expect(listed).to_have_count(1, timeout=MOMENT)
            except AssertionError:
                self.page.keyboard.press("Escape")
                continue
            self.page.keyboard.press("Enter")
            self.idle()
            if not stays or option in field.input_value():
                return
        raise AssertionError(f"{option} cannot be chosen under {label}")

    def query(self, name: str) -> str:
        """Return an id from the page's address, once it is there."""
        expect(self.page).to_have_url(re.compile(rf"[?&]{name}=\w+"))
        return parse_qs(urlsplit(self.page.url).query)[name][0]

    def metric(self, label: str) -> Locator:
        """Return the value on the card of this label."""
        named = self.page.get_by_test_id("stMetricLabel").get_by_text(label, exact=True)
        card = self.page.get_by_test_id("stMetric").filter(has=named)
        return card.get_by_test_id("stMetricValue")

    def cell(self, column: int, row: int, *, table: str) -> Locator:
        """Return a cell of the table of this key."""
        return self.page.locator(f".st-key-{table}").get_by_test_id(f"glide-cell-{column}-{row}")

    def download(self, click: Callable[[], None]) -> tuple[str, bytes]:
        """Return the name and the content of what a click downloads."""
        with self.page.expect_download() as caught:
            click()
        return caught.value.suggested_filename, Path(caught.value.path()).read_bytes()

    def verify_clean(self) -> None:
        """Expect that nothing left this machine and nothing broke."""
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        assert not self.outside, f"requests to other machines: {self.outside[:3]}"
        assert not self.refused, f"refused requests: {self.refused[:3]}"
        assert not self.console, f"errors in the console: {self.console[:3]}"


Person = TypeVar("Person", bound=Dashboard)


@contextmanager
def visiting(window: BrowserContext, url: str, who: type[Person]) -> Iterator[Person]:
    """Be somebody who was never there, in the window's first tab, and leave nothing behind."""
    tab = window.pages[0] if window.pages else window.new_page()
    tab.set_viewport_size(SCREEN)
    tab.emulate_media(color_scheme="light")
    tab.mouse.move(0, 0)
    person = who(window, url, tab)
    try:
        yield person
        person.verify_clean()
    finally:
        person.leave()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the wanted element has the focus, as somebody without a mouse does."""
    element = wanted.element_handle()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        # Looking an element up by its role costs more than all else of a stop.
        there, focused = element.evaluate(REACHED)
        if not there:
            element = wanted.element_handle()
        elif focused:
            return
    raise AssertionError(f"no Tab leads to {wanted}")


def type_into(page: Page, text: str) -> None:
    """Type into the cell that is being edited, at a pace it can follow."""
    field = page.locator("#portal :focus")
    expect(field).to_have_count(1)
    page.keyboard.type(text, delay=30)
    expect(field).to_have_value(text)
