"""Half a million entries in the browser: a check cancelled, then done, looked at and submitted."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import new_context
from tests.browser.driver import Dashboard
from tests.browser.server import Server, serving

ENTRIES = 500_000
#: One entry in so many has a blank in its URL.
FAULTY = 10_000
#: Uploads and half a million entries take longer than anything else here.
PATIENCE = 90_000


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("large")) as running:
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large-file") / "half a million.csv"
    with path.open("w") as file:
        file.write("ObjectURL,Type,Title\n")
        file.writelines(
            f"gs://encord-demo-bucket/images/harbor/2026/{'' if n % FAULTY else 'a b/'}{n:09}.jpg,"
            f"image,Harbor camera {n:09} looking at the northern crossing\n"
            for n in range(ENTRIES)
        )
    return path


def test_half_a_million_entries_are_checked_and_submitted(
    browser: Browser, own: Server, large: Path
) -> None:
    with new_context(browser) as context, new_context(browser) as elsewhere:
        person, other = Dashboard(context, own.url), Dashboard(elsewhere, own.url)
        person.open("/manifest").page.locator("input[type=file]").set_input_files(large)
        sees(person, "Checking the manifest")
        with held_up(own):
            look_around(other)
            person.click("Cancel the check")
            person.sees("Stopping")
        person.sees("The check did not finish")
        fingerprint = person.query("manifest")
        person.click("Check the manifest")
        sees(person, "499,950 entries ready, 50 to fix")
        look_at_findings(person)
        again(other, large, fingerprint)
        person.click("Continue to submit")
        person.sees("Hold back the 50 entries with errors")
        person.fill("Name of the new folder", "Half a million")
        person.click("Submit 499,950 entries")
        person.heading("Run")
        assert own.ledger().run(person.query("run")) is not None
        person.verify_clean()
        other.verify_clean()


def sees(person: Dashboard, text: str) -> None:
    """Expect words that half a million entries stand before."""
    main = person.page.get_by_test_id("stMain")
    expect(main.get_by_text(text).first).to_be_visible(timeout=PATIENCE)


@contextmanager
def held_up(server: Server) -> Iterator[None]:
    """Hold the check up for the block, however fast the machine is."""
    command = ["ps", "-axo", "pid=,ppid=,command="]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (check,) = [
        int(line.split()[0])
        for line in said.splitlines()
        if int(line.split()[1]) == server.pid and "services.manifests.work_process" in line
    ]
    os.kill(check, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(check, signal.SIGCONT)


def look_around(other: Dashboard) -> None:
    """Work on other pages as somebody else while the check runs."""
    other.open("/").go_to("Runs")
    other.sees("No run")
    other.go_to("Manifest")
    other.page.get_by_text("A bucket", exact=True).click()
    other.fill("Object", "not an address")
    other.click("Read it")
    other.sees("This is not the address of an object")


def look_at_findings(person: Dashboard) -> None:
    """Page over the findings and the entries, filtered."""
    grid = person.page.locator(".st-key-findings_table")
    expect(grid).to_contain_text("1 to 25 of")
    person.choose("Severity", "Error")
    expect(grid).to_contain_text("1 to 25 of 50 findings")
    person.page.get_by_test_id("stMain").get_by_role("button", name="Page 2", exact=True).click()
    expect(grid).to_contain_text("26 to 50 of 50 findings")
    person.page.get_by_role("tab", name="Entries", exact=True).click()
    expect(person.page.locator(".st-key-entries_table")).to_contain_text("1 to 25 of")
    expect(person.page.get_by_label("Search", exact=True)).to_have_count(1)
    person.fill("Search", "000490000")
    expect(person.page.locator(".st-key-entries_table")).to_contain_text("1 entry")


def again(other: Dashboard, file: Path, fingerprint: str) -> None:
    """Upload the same bytes as somebody else: there is nothing to wait for."""
    other.page.get_by_text("This computer", exact=True).click()
    other.page.locator("input[type=file]").set_input_files(file)
    sees(other, "499,950 entries ready, 50 to fix")
    assert other.query("manifest") == fingerprint
