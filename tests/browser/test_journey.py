"""From a manifest with mistakes to a proven dataset, as a person goes through it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from services.domain.runs import RunState
from services.sandbox.demo import demo_manifest_csv
from tests.browser.axe import violations
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Server, serving

SLOW, FAST = 4.0, 500.0
MISTAKES = (
    "White space in the URL",
    "Not a cloud storage URL",
    "URL is empty",
    "Title over 300 characters",
    "Not an entry, or of unknown type",
)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, rate=SLOW) as running:
        yield running


@pytest.fixture
def person(window: BrowserContext, own_server: Server) -> Iterator[Dashboard]:
    with visiting(window, own_server.url, Dashboard) as opened:
        yield opened


def test_from_a_manifest_to_a_proven_dataset(
    person: Dashboard, own_server: Server, tmp_path: Path
) -> None:
    connect(person)
    read_the_findings(person, tmp_path)
    run = submit_twice_at_once(person, own_server)
    leave_and_come_back(person, own_server, run)
    see_what_failed(person)
    retry_after_mending(person, run)
    link_and_verify(person, run)
    download_the_receipt(person, run)
    see_everything_done(person)
    runs = own_server.ledger().runs().rows
    assert [view.parent for view in runs] == [run, None]


def connect(person: Dashboard) -> None:
    person.open("/connect").heading("Connect")
    person.sees("Encord answered")
    expect(person.cell(0, 0, table="integrations")).to_have_text("Demo bucket")
    expect(person.page.get_by_test_id("stSidebar").get_by_text("Demo data")).to_be_visible()


def read_the_findings(person: Dashboard, folder: Path) -> None:
    manifest = folder / "street images.csv"
    manifest.write_bytes(demo_manifest_csv())
    person.go_to("Manifest")
    person.sees("No manifest yet")
    person.page.locator("input[type=file]").set_input_files(manifest)
    person.sees("195 entries ready, 5 to fix")
    expect(person.metric("Entries")).to_have_text("200")
    for mistake in MISTAKES:
        person.sees(mistake)
    name, content = person.download(lambda: person.click("Download the 5 entries to fix"))
    assert name == "street images-to-fix.csv"
    assert len(list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))) == 6


def submit_twice_at_once(person: Dashboard, server: Server) -> str:
    person.click("Continue to submit")
    person.heading("Submit")
    person.sees("Hold back the 5 entries with errors")
    person.fill("Name of the new folder", "Street images")
    person.sees("Submit 195 of 200 entries to the new folder Street images through Demo bucket")
    person.page.get_by_role("button", name="Submit 195 entries").dblclick()
    person.heading("Run")
    run = person.query("run")
    assert server.ledger().runs().total == 1
    return run


def leave_and_come_back(person: Dashboard, server: Server, run: str) -> None:
    person.sees("you can close it")
    person.page.close()
    view = server.ledger().run(run)
    assert view is not None
    assert view.state is not RunState.COMPLETE
    person.new_tab()
    person.open(f"/run?run={run}")
    person.sees("of 195 entries")
    server.sandbox_rate(FAST)


def see_what_failed(person: Dashboard) -> None:
    person.sees("What failed, and why")
    person.sees("Complete with failures")
    person.sees("3 entries in 2 groups, by cause")
    person.sees("The object is not in the bucket")
    person.sees("Encord may not read the object")
    expect(person.metric("Registered")).to_have_text("192")
    expect(person.metric("Failed")).to_have_text("3")


def retry_after_mending(person: Dashboard, run: str) -> None:
    person.go_to("Connect")
    person.click("Mend the bucket")
    person.sees("The bucket is mended")
    person.open(f"/run?run={run}")
    person.page.get_by_role("button", name="Retry all 3 entries").dblclick()
    person.sees("This run retries failures of")
    expect(person.metric("Entries")).to_have_text("3")
    expect(person.metric("Registered")).to_have_text("3")
    person.open(f"/run?run={run}")
    expect(person.metric("Registered")).to_have_text("195")
    expect(person.page.get_by_text("What failed, and why")).to_have_count(0)


def link_and_verify(person: Dashboard, run: str) -> None:
    person.click("Link to a dataset")
    person.heading("Datasets")
    person.sees("A dataset cannot be deleted through the SDK")
    person.fill("Title", "Street images, first batch")
    person.sees("to the new dataset Street images, first batch, then verify")
    person.page.get_by_role("button", name="Link 195 entries").dblclick()
    person.sees("This run's files are linked to")
    person.click("See the verification")
    person.heading("Verify")
    assert person.query("run") == run
    person.sees("All 195 entries matched")
    assert not violations(person.page)
    for label, value in (("Matched", 195), ("Missing", 0), ("Unexpected", 0), ("Duplicate", 0)):
        expect(person.metric(label)).to_have_text(str(value))


def download_the_receipt(person: Dashboard, run: str) -> None:
    _, receipt = person.download(lambda: person.click("Download the receipt (JSON)"))
    assert run in receipt.decode()
    json.loads(receipt)
    person.click("More files")
    _, rows = person.download(lambda: person.click("Download 195 rows (CSV)"))
    assert len(list(csv.reader(io.StringIO(rows.decode("utf-8-sig"))))) == 196


def see_everything_done(person: Dashboard) -> None:
    person.go_to("Overview")
    person.sees("Everything arrived, and it is proven")
    steps = person.page.locator(".st-key-steps .stMarkdownBadge")
    expect(steps.filter(has_text="Done")).to_have_count(9)


def test_a_run_is_cancelled_only_after_a_second_thought(
    person: Dashboard, own_server: Server
) -> None:
    run = submit_the_demo(person)
    cancel(person)
    view = own_server.ledger().run(run)
    assert view is not None
    assert view.counts.cancelled > 0
    assert view.counts.settled == view.counts.entries


def test_a_dialog_stays_when_its_run_ends_behind_it(person: Dashboard, own_server: Server) -> None:
    submit_the_demo(person)
    person.click("Cancel run")
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("What Encord has registered stays.")
    own_server.sandbox_rate(FAST)
    # Nothing is drawn any more where the progress of the run was.
    expect(person.page.get_by_text("Encord is registering the files.")).to_have_count(0)
    expect(dialog).to_contain_text("What Encord has registered stays.")
    person.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    person.sees("stopped while this page was open")
    person.sees("What failed, and why")


def submit_the_demo(person: Dashboard) -> str:
    person.open("/manifest")
    person.click("Use the demo manifest")
    person.click("Continue to submit")
    person.click("Submit 195 entries")
    run = person.query("run")
    person.sees("Encord is registering the files.")
    return run


def cancel(person: Dashboard) -> None:
    assert not violations(person.page)
    person.click("Cancel run")
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("What Encord has registered stays.")
    assert not violations(person.page)
    dialog.get_by_role("button", name="Go back").click()
    expect(dialog).to_have_count(0)
    person.click("Cancel run")
    dialog.get_by_role("button", name="Cancel the run").click()
    person.sees("Cancelled")
    # It ended while the page was open: whoever is in another tab sees it by the title.
    expect(person.page).to_have_title(re.compile(r"^\(Cancelled\) "))
