"""Runs in the browser: retry by choice, adopt, rescue, and go on after the server was killed."""

import io
import json
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from services.engine.connections import Connections
from services.ledger.views import RunView
from services.manifests.store import ManifestStore
from tests.browser.axe import violations
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Server, Start, serving

BUCKET = "gs://encord-demo-bucket"
MIXED = f"""ObjectURL,Type
{BUCKET}/images/street/0001.jpg,image
{BUCKET}/nowhere/0001.jpg,image
{BUCKET}/nowhere/0002.jpg,image
{BUCKET}/restricted/0002.jpg,image
"""


def submit(person: Dashboard, file: Path, text: str) -> str:
    file.write_text(text)
    person.open("/manifest")
    person.page.locator("input[type=file]").set_input_files(file)
    person.click("Continue to submit")
    person.heading("Submit")
    person.page.get_by_role("button", name="Submit 4 entries").click()
    person.heading("Run")
    return person.query("run")


def test_a_check_that_another_tab_starts_is_shown_in_this_one(
    dashboard: Dashboard, server: Server
) -> None:
    store = ManifestStore(server.data / "manifests", max_bytes=10_000)
    # Other bytes than those of the tests that had theirs checked before.
    brought = store.add("brought.csv", io.BytesIO(MIXED.replace("\n", "\r\n").encode()))
    here = dashboard.open(f"/manifest?manifest={brought}").page
    expect(here.get_by_text("Not checked yet")).to_be_visible()
    dashboard.new_tab()
    dashboard.open(f"/manifest?manifest={brought}")
    dashboard.click("Check the manifest")
    dashboard.sees("4 entries ready")
    expect(here.get_by_text("4 entries ready")).to_be_visible()


def started_elsewhere(server: Server, document: Path) -> tuple[str, str]:
    """Start a job as a script would, past the dashboard; return its folder and id."""
    endpoint = json.loads((server.data / "sandbox" / "endpoint.json").read_text())
    connections = Connections()
    known = connections.add_sandbox(endpoint["url"], Path(endpoint["ssh_key_path"]))
    encord = connections.gateway(known.id)
    folder = encord.create_folder("By a script", "")
    through = next(each for each in encord.list_integrations() if each.title == "Demo bucket")
    return folder.uuid, encord.start_upload(folder.uuid, through.id, document, trace="script")


def view_of(server: Server, run: str) -> RunView:
    view = server.ledger().run(run)
    assert view is not None
    return view


def test_failures_are_retried_by_cause_and_by_filter_and_reported(
    dashboard: Dashboard, server: Server, tmp_path: Path
) -> None:
    run = submit(dashboard, tmp_path / "mixed.csv", MIXED)
    dashboard.sees("3 entries in 2 groups, by cause")
    dashboard.click("Retry 2 entries")
    dashboard.sees("This run retries failures of")
    expect(dashboard.metric("Failed")).to_have_text("2")
    dashboard.open(f"/run?run={run}&run_find=restricted")
    dashboard.click("Retry 1 matching entry")
    dashboard.sees("This run retries failures of")
    assert sorted(each.counts.entries for each in server.ledger().retries(run)) == [1, 2]
    dashboard.open(f"/run?run={run}&run_view=Report")
    _, rows = dashboard.download(lambda: dashboard.click("Download the rows (CSV)"))
    assert rows.decode("utf-8-sig").count(BUCKET) >= 4
    _, again = dashboard.download(
        lambda: dashboard.click("Download the 3 entries that did not arrive, as a manifest")
    )
    assert again.decode().count('"objectUrl"') == 3


def test_a_job_is_adopted_and_a_folder_rescued(
    dashboard: Dashboard, server: Server, tmp_path: Path
) -> None:
    manifest = tmp_path / "elsewhere.json"
    urls = [f"{BUCKET}/images/street/0003.jpg", f"{BUCKET}/nowhere/0003.jpg"]
    manifest.write_text(json.dumps({"images": [{"objectUrl": url} for url in urls]}))
    folder, job = started_elsewhere(server, manifest)
    dashboard.open("/manifest")
    dashboard.page.locator("input[type=file]").set_input_files(manifest)
    dashboard.sees("All 2 entries ready")
    adopt(dashboard, folder, job)
    expect(dashboard.metric("Registered")).to_have_text("1")
    expect(dashboard.metric("Failed")).to_have_text("1")
    rescue(dashboard, folder)
    expect(dashboard.metric("Already there")).to_have_text("1")


def adopt(person: Dashboard, folder: str, job: str) -> None:
    person.go_to("Runs")
    person.click("Adopt a job started elsewhere")
    person.fill("UUID of the folder", folder)
    person.fill("Id of the upload job", "not an id")
    person.click("Adopt the job")
    expect(person.page.get_by_role("dialog")).to_contain_text("Something is missing")
    assert not violations(person.page)
    person.fill("Id of the upload job", job)
    person.click("Adopt the job")
    person.heading("Run")
    person.sees("Adopted: elsewhere.json")


def rescue(person: Dashboard, folder: str) -> None:
    person.go_to("Runs")
    person.click("Rescue a run from its folder")
    expect(person.page.get_by_role("dialog")).to_contain_text("What a folder cannot tell")
    person.fill("UUID of the folder", folder)
    person.click("Rescue the run")
    person.sees("Rescued: By a script")


@pytest.mark.timeout(240)
def test_a_run_whose_key_is_gone_goes_on_when_it_is_back(
    window: BrowserContext, tmp_path: Path, forking: Start
) -> None:
    first = Server(tmp_path, rate=0.5, start=forking)
    with visiting(window, first.url, Dashboard) as person:
        run = submit(person, tmp_path / "killed.csv", MIXED)
        person.sees("Processing")  # killed while it sends, the run would wait for minutes
    first.kill()
    with (
        serving(tmp_path, sandbox=False, start=forking) as without,
        visiting(window, without.url, Dashboard) as person,
    ):
        person.open(f"/run?run={run}")
        person.sees("is not in memory any more")
        person.sees("Connect again with the same key, then resume. Nothing is lost.")
    with (
        serving(tmp_path, start=forking) as again,
        visiting(window, again.url, Dashboard) as person,
    ):
        deadline = time.monotonic() + 60
        while not view_of(again, run).state.is_final:  # by itself: the key is back
            threading.Event().wait(0.2)
            assert time.monotonic() < deadline, view_of(again, run)
        person.open(f"/run?run={run}")
        person.sees("3 entries in 2 groups, by cause")
        assert view_of(again, run).counts.settled == 4
        assert again.ledger().runs().total == 1
