"""A manifest is mended by click and by spreadsheet, and every step can be taken back."""

import csv
import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.driver import Dashboard, tab_to, type_into
from tests.browser.server import Server

STREET = "gs://encord-demo-bucket/images/street"
VENDOR = f"""ObjectURL,Type,Title
{STREET}/0001.jpg,image,One
{STREET}/00 02.jpg,image,Two
{STREET}/00 03.jpg,image,Three
ftp://files.example.com/0004.jpg,image,Four
"""


@pytest.fixture
def vendor(dashboard: Dashboard, tmp_path: Path) -> Dashboard:
    file = tmp_path / "vendor.csv"
    # What was made of a manifest stays: each test has one of its own.
    file.write_text(VENDOR.replace("One", tmp_path.name))
    dashboard.open("/manifest")
    dashboard.page.locator("input[type=file]").set_input_files(file)
    dashboard.sees("1 entry ready, 3 to fix")
    return dashboard


def test_all_findings_of_a_code_are_fixed_by_click_and_the_fix_is_undone(
    vendor: Dashboard,
) -> None:
    before = vendor.query("manifest")
    vendor.click("Percent-encode ...")
    dialog = vendor.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Apply 2 changes").wait_for()
    assert not violations(vendor.page)
    dialog.get_by_role("button", name="Apply 2 changes").click()
    vendor.sees("3 entries ready, 1 to fix")
    vendor.sees("Percent-encode: White space in the URL, 2 changes")
    made = vendor.query("manifest")
    assert made != before
    vendor.click("Do this by script")
    name, mended = vendor.download(lambda: vendor.click("Download the manifest"))
    assert name == f"vendor-{made[:8]}.csv"
    assert hashlib.sha256(mended).hexdigest() == made
    vendor.page.keyboard.press("Escape")
    vendor.click("Undo")
    vendor.sees("1 entry ready, 3 to fix")
    assert vendor.query("manifest") == before


def test_cells_are_edited_and_a_save_loses_none(vendor: Dashboard) -> None:
    vendor.open(f"/manifest?manifest={vendor.query('manifest')}&manifest_view=Edit")
    vendor.sees("1 to 3 of 3 entries")
    tab_to(vendor.page, vendor.page.get_by_test_id("stDataFrame").locator("canvas").first)
    keys = vendor.page.keyboard
    for stroke in ("Control+ArrowUp", "Control+ArrowLeft", "ArrowRight", "ArrowRight"):
        keys.press(stroke)
    retype(vendor, f"{STREET}/0002.jpg")
    keys.press("Enter")
    expect(vendor.page.locator("#portal > *")).to_have_count(0)
    retype(vendor, f"{STREET}/0003.jpg")
    beside = vendor.page.locator("[class*=st-key-edit_][class*=_script]")
    beside.get_by_role("button", name="Do this by script").click()
    shown = vendor.page.get_by_role("dialog")
    for number in (2, 3):
        expect(shown).to_contain_text(f'"objectUrl": "{STREET}/000{number}.jpg"')
    keys.press("Escape")
    vendor.click("Save as a new manifest")
    vendor.sees("3 entries ready, 1 to fix")
    vendor.sees("Edited by hand, 2 changes")


def retype(person: Dashboard, text: str) -> None:
    """Open the chosen cell and write something else; the cell stays open."""
    person.page.keyboard.press("Enter")
    expect(person.page.locator("#portal :focus")).to_have_count(1)
    person.page.keyboard.press("Control+a")
    type_into(person.page, text)


def test_entries_held_back_come_again_as_a_manifest_of_their_own(
    vendor: Dashboard, tmp_path: Path
) -> None:
    name, held = vendor.download(lambda: vendor.click("Download the 3 entries to fix"))
    rows = list(csv.reader(io.StringIO(held.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [line.split(",")[0] for line in VENDOR.splitlines()[2:]]
    mended = tmp_path / name
    for row in rows[1:]:
        row[0] = row[0].replace("00 ", "00").replace("ftp://files.example.com", STREET)
    with mended.open("w", newline="", encoding="utf-8-sig") as stream:
        csv.writer(stream).writerows(rows)
    vendor.page.get_by_text("Mend the 3 entries in a spreadsheet").click()
    vendor.page.locator("[class*=st-key-files_mended] input[type=file]").set_input_files(mended)
    vendor.sees("All 3 entries ready")
    vendor.sees("vendor-to-fix.csv")


def test_the_columns_of_a_foreign_csv_are_mapped_and_remembered(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    for number in (1, 2):
        file = tmp_path / f"foreign {number}.csv"
        file.write_text(
            "Frame id;Where it is;Site\n"
            f"{number};{STREET}/000{number}.jpg;harbor\n{number}b;{STREET}/001{number}.jpg;depot\n"
        )
        dashboard.open("/manifest")
        dashboard.page.locator("input[type=file]").set_input_files(file)
        dashboard.sees("Map the columns")
        if number == 1:
            assert not violations(dashboard.page)
            dashboard.choose("Column 1 becomes", "Title")
        expect(dashboard.page.get_by_label("Column 1 becomes")).to_have_value("Title")
        dashboard.click("Use these columns")
        dashboard.sees("All 2 entries ready")
        dashboard.sees("Columns mapped")


def test_what_was_undone_is_found_again(vendor: Dashboard) -> None:
    vendor.click("Percent-encode ...")
    vendor.page.get_by_role("dialog").get_by_role("button", name="Apply 2 changes").click()
    vendor.sees("3 entries ready, 1 to fix")
    made = vendor.query("manifest")
    vendor.click("Undo")
    vendor.sees("1 entry ready, 3 to fix")
    vendor.click("Open the result")
    vendor.sees("3 entries ready, 1 to fix")
    assert vendor.query("manifest") == made


def test_urls_change_their_spelling_and_back(vendor: Dashboard) -> None:
    before = vendor.query("manifest")
    for choice, words in (
        ("gs:// to https://storage.googleapis.com/", "https://storage.googleapis.com/encord-demo"),
        ("https://storage.googleapis.com/ to gs://", STREET),
    ):
        mended = vendor.query("manifest")
        vendor.open(f"/manifest?manifest={mended}&manifest_view=Edit")
        vendor.sees("1 to 3 of 3 entries")
        vendor.choose("Replace", choice)
        vendor.click("See what would change")
        dialog = vendor.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Apply 1 change").click()
        expect(vendor.page).not_to_have_url(re.compile(mended))
        vendor.sees("Replaced in URLs, 1 change")
        vendor.page.get_by_role("tab", name="What Encord receives", exact=True).click()
        vendor.sees(words)
    assert vendor.query("manifest") == before


def test_a_template_is_a_manifest(dashboard: Dashboard, tmp_path: Path) -> None:
    dashboard.open("/manifest")
    name, content = dashboard.download(lambda: dashboard.click("Download the template"))
    assert b"ObjectURL" in content
    (tmp_path / name).write_bytes(content)
    dashboard.page.locator("input[type=file]").set_input_files(tmp_path / name)
    dashboard.query("manifest")
    dashboard.sees(name)


def test_an_object_of_the_bucket_is_a_manifest(dashboard: Dashboard, server: Server) -> None:
    endpoint = json.loads((server.data / "sandbox" / "endpoint.json").read_text())["url"]
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = storage.Client("demo", nobody, client_options={"api_endpoint": endpoint})
    blob = client.bucket("encord-demo-bucket").blob("manifests/nightly.csv")
    blob.upload_from_string(f"ObjectURL,Type\n{STREET}/0001.jpg,image\n")
    try:
        take_objects(dashboard)
    finally:
        blob.delete()


def take_objects(dashboard: Dashboard) -> None:
    dashboard.open("/manifest")
    dashboard.page.get_by_text("A bucket", exact=True).click()
    dashboard.fill("Object", f"{STREET}/nothing-here.csv")
    dashboard.click("Read it")
    dashboard.sees("No manifest was taken")
    dashboard.fill("Object", "gs://encord-demo-bucket/manifests/nightly.csv")
    dashboard.click("Read it")
    dashboard.sees("The entry is ready")
    dashboard.sees("nightly.csv")
