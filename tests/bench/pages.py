"""Pages while a check of 500,000 entries runs beside them: how long they take, what the app holds.

A person turns from page to page in Chromium, which tells by its own clock, frame by frame, how long
it was from the click to the page, drawn and idle: Playwright would look every tenth of a second at
first, and then every half. Another check starts whenever one ends.
"""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from components.navigation import PAGES
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.bench import work
from tests.browser.conftest import new_context
from tests.browser.driver import IDLE, Dashboard, launch
from tests.browser.server import Server, serving

_MANY: Final = 10**9
#: Clicks on a page in the list of pages; tells after how many milliseconds it is there and idle.
_TURN: Final = """([title, idle]) => new Promise((told) => {
    const links = [...document.querySelectorAll("[data-testid=stSidebarNavLink]")];
    const link = links.find((each) => each.textContent.includes(title));
    const isThere = () =>
        [...document.querySelectorAll("h1")].some((each) => each.textContent === title)
        && document.querySelector(idle)
        && !document.querySelector("[data-testid=stSkeleton]");
    const started = performance.now();
    const look = () => isThere() ? told(performance.now() - started) : requestAnimationFrame(look);
    link.click();
    requestAnimationFrame(look);
})"""
#: How often we look whether a check has ended, and at the app's memory, in seconds.
_LOOK: Final = 0.2


def measure(rounds: int) -> tuple[dict[str, list[float]], float]:
    """Return seconds to turn to each page, and the most MB that were resident in the app."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "clean.json"
        work.write_images(manifest, faulty=False)
        with serving(Path(folder)) as server, sync_playwright() as playwright:
            browser = launch(playwright)
            person = Dashboard(new_context(browser), server.url).open()
            with checking(server, manifest) as seen:
                seconds = turn(person, rounds)
            browser.close()
        return seconds, max(seen)


def turn(person: Dashboard, rounds: int) -> dict[str, list[float]]:
    """Turn to every page in the list, again and again."""
    titles = [page.title for page in PAGES if page.listed]
    seconds: dict[str, list[float]] = {title: [] for title in titles}
    for lap in range(rounds + 1):
        for title in titles:
            took = person.page.evaluate(_TURN, [title, IDLE])
            if lap:  # the first lap loads the browser's code of each page
                seconds[title].append(took / 1000)
            person.idle()
    return seconds


@contextmanager
def checking(server: Server, manifest: Path) -> Iterator[list[float]]:
    """Keep a check running in a process of its own; yields the app's resident MB, look by look."""
    store = ManifestStore(server.data / "manifests", max_bytes=_MANY)
    with manifest.open("rb") as source:
        fingerprint = store.add(manifest.name, source)
    stopped, seen = threading.Event(), [_resident(server.pid)]

    def keep_busy() -> None:
        for samples in count(1):
            options = CheckOptions(samples=samples)
            store.start_check(fingerprint, options)
            while store.check_state(fingerprint, options).phase == "running":
                seen.append(_resident(server.pid))
                if stopped.wait(_LOOK):
                    store.cancel_check(fingerprint, options)
                    return

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        yield seen
    finally:
        stopped.set()
        busy.join()


def _resident(process: int) -> float:
    said = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], check=True, capture_output=True, text=True
    )
    return int(said.stdout) / 1024
