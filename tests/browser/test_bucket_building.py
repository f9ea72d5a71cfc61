"""From what is in the bucket to a manifest, to what changed since, and back to the bucket."""

import json
import re

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]
from playwright.sync_api import Browser, expect

from services.sandbox.demo import BUCKET
from tests.browser.axe import Theme, violations
from tests.browser.conftest import Seeded, new_context
from tests.browser.driver import Dashboard
from tests.browser.server import Server

BUILD = f"/bucket?bucket={BUCKET}&bucket_view=Build+a+manifest"
LIST = re.compile("^List (the bucket|again)$")
BROWSE = f"/bucket?bucket={BUCKET}&bucket_view=Browse"


def objects(server: Server) -> storage.Bucket:
    """Return the demo bucket through Google's own client."""
    said = json.loads((server.data / "sandbox" / "endpoint.json").read_text())
    client = storage.Client(
        project="none",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": said["url"]},
    )
    return client.bucket(BUCKET)


def list_folders(person: Dashboard, folders: str) -> None:
    """List some folders, first or again."""
    field = person.page.get_by_label("Folders to list, one a line", exact=True)
    if not field.is_visible():
        person.page.get_by_text("List again, or something else").click()
    field.fill(folders)
    field.blur()
    # A click while the form is drawn anew for what was typed may meet a button that goes.
    person.sees(f"Lists {len(folders.split())} folder")
    person.idle()
    person.page.get_by_role("button", name=LIST).click()
    person.idle()


def test_a_grouped_manifest_and_later_only_what_changed(
    dashboard: Dashboard, server: Server
) -> None:
    dashboard.open(BUILD)
    list_folders(dashboard, "groups/")
    dashboard.sees("No pattern: all 12 objects")
    dashboard.page.get_by_text("By a pattern", exact=True).click()
    dashboard.sees("needs a part that names the group")
    dashboard.fill("Pattern of the names", "{walk}/frame-{frame}.jpg")
    dashboard.fill("Title", "Walk {walk}")
    dashboard.click("Preview the manifest")
    dashboard.sees("2 entries of 12 objects, by type: image group 2.")
    assert not violations(dashboard.page)
    dashboard.fill("Name of the recipe", "Walks")
    dashboard.click("Save as manifest")
    dashboard.heading("Manifest")
    dashboard.sees("All 2 entries ready")
    dashboard.sees("Walks.json")

    bucket = objects(server)
    frame = bucket.blob("groups/seq-02/frame-0002.jpg").download_as_bytes()
    bucket.blob("groups/seq-02/frame-0003.jpg").upload_from_string(frame, "image/jpeg")
    for number in (1, 2, 4):
        new = bucket.blob(f"groups/seq-03/frame-000{number}.jpg")
        new.upload_from_string(frame, "image/jpeg")
    dashboard.open(BUILD)
    list_folders(dashboard, "groups/")
    dashboard.sees("15 objects")
    dashboard.choose("Saved recipe", "Walks")
    dashboard.holds("Title", "Walk {walk}")
    dashboard.click("Make a manifest of the changes")
    dashboard.sees("1 replaced object in this manifest")
    dashboard.click("Open the manifest")
    dashboard.heading("Manifest")
    dashboard.sees("Walks changes.json")
    dashboard.sees("All 2 entries ready")
    dashboard.open(BUILD)
    dashboard.page.get_by_label("Saved recipe").click()
    dashboard.page.get_by_role("option", name="Walks").click()
    dashboard.sees("3 new, 1 changed, 0 gone")
    dashboard.sees("1 group with gaps or duplicate frames")


def test_the_bucket_is_browsed_searched_and_looked_into(dashboard: Dashboard) -> None:
    dashboard.open(BROWSE)
    list_folders(dashboard, "images/\ntext/")
    dashboard.sees("No pattern: all 284 objects")
    expect(dashboard.cell(1, 0, table="browse_table")).to_have_text("260")
    dashboard.fill("Pattern", "**/*-none.jpg")
    dashboard.sees("The pattern matches 0 objects")
    dashboard.fill("Pattern", "images/[")
    dashboard.sees("is not closed")
    dashboard.fill("Pattern", "**/000[12].{jpg,txt}")
    dashboard.sees("The pattern matches 4 objects")
    look_at(dashboard, "images/street/0001.jpg")
    dashboard.sees(f"gs://{BUCKET}/images/street/0001.jpg")
    # With the pattern: a looked-at object is on the page of its table.
    expect(dashboard.page).to_have_url(re.compile(r"pattern=.*look_at="))
    dashboard.page.reload()
    dashboard.sees(f"gs://{BUCKET}/images/street/0001.jpg")
    dashboard.click("Show a preview")
    picture = dashboard.page.get_by_test_id("stImage").locator("img")
    assert picture.evaluate("node => node.decode().then(() => node.naturalWidth)") == 160
    assert "signature" not in dashboard.page.content().lower()
    dashboard.fill("Pattern", "")
    look_at(dashboard, "text/")
    dashboard.sees("24 lines")
    look_at(dashboard, "text/0001.txt")
    dashboard.click("Show a preview")
    dashboard.sees("Note text/0001.txt")
    assert not violations(dashboard.page)


def look_at(person: Dashboard, line: str) -> None:
    person.choose_by_keyboard("Open a folder or look at an object", line, stays=False)


def test_a_manifest_is_compared_with_its_bucket(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open(f"/manifest?manifest={seeded.manifest}")
    dashboard.click("Compare with the bucket")
    dashboard.sees("195 URLs under 5 prefixes")
    dashboard.click("Estimate again")
    dashboard.sees("195 URLs under 5 prefixes")
    dashboard.sees("at Google's list price less than $0.01.")
    dashboard.click("Compare now")
    dashboard.sees("2 entries would fail at Encord")
    dashboard.sees("Object not in the bucket: 2")
    expect(dashboard.cell(0, 0, table="truth_table")).to_have_text("22")
    assert not violations(dashboard.page)
    dashboard.open(f"/manifest?manifest={seeded.manifest}&truth_code=object-missing")
    # The check's own findings have a choice of that name too.
    chosen = dashboard.page.locator(".st-key-truth_code input")
    expect(chosen).to_have_value("object-missing")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_sees_the_bucket_without_sideways_scroll(
    theme: Theme, browser: Browser, server: Server
) -> None:
    with new_context(browser, theme=theme, width=390) as context:
        person = Dashboard(context, server.url).open(BROWSE)
        list_folders(person, "audio/")
        person.sees("12 objects")
        for address in (BROWSE, BUILD):
            person.open(address)
            main = person.page.get_by_test_id("stMain")
            assert main.evaluate("node => node.scrollWidth <= node.clientWidth")
            assert not violations(person.page)
        person.verify_clean()
