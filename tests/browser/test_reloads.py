"""A page reloaded again and again while its run goes on: the same run, submitted once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import func, select

from services.ledger.tables import ATTEMPT
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Server, Start, serving

RELOADS = 20
ENTRIES = 60


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, forking: Start) -> Iterator[Server]:
    """A dashboard whose jobs stand still until a test lets them go on."""
    with serving(tmp_path_factory.mktemp("reloads"), rate=0, start=forking) as running:
        yield running


def manifest(folder: Path) -> Path:
    file = folder / "reloaded.csv"
    rows = [f"gs://encord-demo-bucket/bulk/{n:06d}.jpg,image" for n in range(ENTRIES)]
    file.write_text("\n".join(["ObjectURL,Type", *rows]))
    return file


def submissions(server: Server) -> tuple[int, int]:
    """Count runs, and uploads that were started or meant to be."""
    ledger = server.ledger()
    with ledger.reading() as cx:
        attempts = cx.scalar(select(func.count()).select_from(ATTEMPT)) or 0
    return ledger.runs().total, attempts


@pytest.mark.timeout(240)
def test_a_page_reloaded_at_twenty_points_of_a_run_stays_with_it(
    window: BrowserContext, slow: Server, tmp_path: Path
) -> None:
    with visiting(window, slow.url, Dashboard) as person:
        person.open("/manifest")
        person.page.locator("input[type=file]").set_input_files(manifest(tmp_path))
        person.click("Continue to submit")
        person.heading("Submit")
        person.page.reload()
        person.heading("Submit")
        assert submissions(slow) == (0, 0), "opening the page submitted something"
        person.click(f"Submit {ENTRIES} entries")
        person.heading("Run")
        run = person.query("run")
        for point in range(RELOADS):
            if point == RELOADS // 2:
                slow.sandbox_rate(10)
            person.page.reload()
            person.heading("Run")
            person.sees("reloaded")
            assert person.query("run") == run
        expect(person.metric("Registered")).to_have_text(str(ENTRIES))
        person.page.go_back()
        person.query("manifest")
        person.page.go_forward()
        person.idle()
        assert person.query("run") == run
    runs, attempts = submissions(slow)
    assert runs == 1
    view = slow.ledger().run(run)
    assert view is not None
    assert attempts == view.chunks + 1, "one for the folder and one for each chunk"
