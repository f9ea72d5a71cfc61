"""The whole onboarding by somebody who has no mouse: Tab, arrows, Enter, space and typing."""

from pathlib import Path

from playwright.sync_api import (
    BrowserContext,
    Locator,
    TimeoutError,  # noqa: A004 - the one that waiting here raises
    expect,
)

from services.sandbox.demo import demo_manifest_csv
from tests.browser.conftest import Seeded
from tests.browser.driver import MOMENT, TRIES, Dashboard, tab_to, visiting
from tests.browser.server import Start, serving


def press(person: Dashboard, wanted: Locator, key: str = "Enter") -> None:
    """Go to something by Tab and press a key on it."""
    person.idle()
    tab_to(person.page, wanted)
    person.page.keyboard.press(key)


def button(person: Dashboard, name: str) -> Locator:
    return person.page.get_by_role("button", name=name, exact=True).first


def page_link(person: Dashboard, title: str) -> Locator:
    return person.page.get_by_test_id("stSidebarNavLink").filter(has_text=title)


def test_from_a_manifest_to_the_proof_without_a_mouse(
    window: BrowserContext, tmp_path: Path, forking: Start
) -> None:
    with (
        serving(tmp_path, rate=500, start=forking) as server,
        visiting(window, server.url, Dashboard) as person,
    ):
        person.open("/")
        look_at_the_connection(person)
        check_a_manifest(person, tmp_path)
        submit(person)
        retry(person)
        link(person)
        (receipt,) = server.ledger().receipts()
        assert (receipt.matched, receipt.expected) == (192, 195)


def test_a_folder_opens_from_its_table_by_keys_alone(dashboard: Dashboard, seeded: Seeded) -> None:
    dashboard.open("/datasets?datasets_view=All+folders")
    dashboard.sees("1 folder")
    dashboard.choose_by_keyboard("Open a folder", "demo", stays=False)
    uuid = dashboard.query("link_folder_uuid")
    dashboard.holds("UUID of the folder", uuid)
    dashboard.page.reload()
    dashboard.holds("UUID of the folder", uuid)


def look_at_the_connection(person: Dashboard) -> None:
    press(person, page_link(person, "Connect"))
    person.heading("Connect")
    place = person.page.get_by_role("radio", name="Sandbox")
    tab_to(person.page, place)
    person.page.keyboard.press("ArrowRight")
    person.sees("Private key file")
    person.page.keyboard.press("ArrowLeft")
    person.sees("It needs no account and no key.")


def choose_file(person: Dashboard, path: Path) -> None:
    """Open the file chooser; a page that is drawn anew takes the focus away."""
    for _ in range(TRIES):
        person.idle()
        tab_to(person.page, button(person, "Upload"))
        try:
            with person.page.expect_file_chooser(timeout=MOMENT) as chooser:
                person.page.keyboard.press("Enter")
        except TimeoutError:
            continue
        chooser.value.set_files(path)
        return
    raise AssertionError("no key opens the file chooser")


def check_a_manifest(person: Dashboard, folder: Path) -> None:
    manifest = folder / "street images.csv"
    manifest.write_bytes(demo_manifest_csv())
    press(person, page_link(person, "Manifest"))
    person.heading("Manifest")
    choose_file(person, manifest)
    person.sees("195 entries ready, 5 to fix")
    person.idle()
    tab_to(person.page, person.page.get_by_role("tab", name="Findings"))
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("Enter")
    person.sees("Change cells, then save")
    press(person, button(person, "Continue to submit"))
    person.heading("Submit")


def submit(person: Dashboard) -> None:
    person.idle()
    tab_to(person.page, person.page.get_by_role("textbox", name="Name of the new folder"))
    person.page.keyboard.press("Control+a")
    person.page.keyboard.press("Delete")
    person.page.keyboard.press("Tab")
    # What is wrong is an alert: it is read out wherever the focus is.
    refused = person.page.get_by_role("alert").filter(has_text="Not ready to submit")
    expect(refused).to_contain_text("Name the folder")
    expect(button(person, "Submit 195 entries")).to_be_disabled()
    person.idle()
    tab_to(person.page, person.page.get_by_role("textbox", name="Name of the new folder"))
    person.page.keyboard.type("By keyboard", delay=20)
    person.page.keyboard.press("Tab")
    person.sees("Submit 195 of 200 entries to the new folder By keyboard")
    press(person, button(person, "Submit 195 entries"))
    person.heading("Run")
    person.sees("What failed, and why")
    expect(
        person.page.get_by_role("alert").filter(has_text="stopped while this page was open")
    ).to_contain_text("Complete with failures")


def retry(person: Dashboard) -> None:
    press(person, button(person, "Retry all 3 entries"))
    person.sees("This run retries failures of")
    expect(person.metric("Failed")).to_have_text("3")
    press(person, page_link(person, "Datasets"))
    person.heading("Datasets")


def link(person: Dashboard) -> None:
    press(person, button(person, "Link 192 entries"))
    person.sees("This run's files are linked to")
    press(person, button(person, "See the verification"))
    person.heading("Verify")
    person.sees("192 of 195 matched, 3 missing")
    person.choose_by_keyboard("Verdict", "Missing")
    person.sees("3 rows")
