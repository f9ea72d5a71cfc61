"""The whole onboarding by somebody who has no mouse: Tab, arrows, Enter, space and typing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    BrowserContext,
    Locator,
    TimeoutError,  # noqa: A004 - the one that waiting here raises
    expect,
)

from services.sandbox.demo import BUCKET, demo_manifest_csv
from tests.browser.conftest import Seeded
from tests.browser.driver import MOMENT, TRIES, Dashboard, tab_to, visiting
from tests.browser.server import Server, Start, serving
from tests.unit.canaries import make_canaries

SLOW, FAST = 4.0, 500.0
#: A vendor's file whose columns nobody knows; one URL has a blank.
FOREIGN = f"""Frame id;Where it is
1;gs://{BUCKET}/images/street/0001.jpg
2;gs://{BUCKET}/images/street/00 02.jpg
"""


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory, forking: Start) -> Iterator[Server]:
    """A server of their own: what is done here starts the sandbox over, and no key gets out."""
    with pytest.MonkeyPatch.context() as patch:
        # Nobody listens there: Encord cannot be reached, and no name is looked up.
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        with serving(tmp_path_factory.mktemp("keyboard"), rate=FAST, start=forking) as server:
            yield server


@pytest.fixture
def person(window: BrowserContext, own_server: Server) -> Iterator[Dashboard]:
    with visiting(window, own_server.url, Dashboard) as opened:
        yield opened


def press(person: Dashboard, wanted: Locator, key: str = "Enter") -> None:
    """Go to something by Tab and press a key on it."""
    person.idle()
    tab_to(person.page, wanted)
    person.page.keyboard.press(key)


def button(person: Dashboard, name: str) -> Locator:
    return person.page.get_by_role("button", name=name, exact=True).first


def page_link(person: Dashboard, title: str) -> Locator:
    return person.page.get_by_test_id("stSidebarNavLink").filter(has_text=title)


def open_tab(person: Dashboard, title: str) -> None:
    """Go to the tabs and, by arrows, to one of them."""
    person.idle()
    tab_to(person.page, person.page.get_by_role("tab", selected=True).first)
    wanted = person.page.get_by_role("tab", name=title, exact=True)
    for _ in range(person.page.get_by_role("tab").count()):
        if wanted.evaluate("(each) => each === document.activeElement"):
            break
        person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("Enter")
    expect(wanted).to_have_attribute("aria-selected", "true")
    person.idle()


def write(person: Dashboard, wanted: Locator, text: str) -> None:
    """Go to a field by Tab, write into it and leave it."""
    person.idle()
    tab_to(person.page, wanted)
    person.page.keyboard.press("Control+a")
    person.page.keyboard.insert_text(text)
    person.page.keyboard.press("Tab")
    person.idle()


def field(person: Dashboard, name: str) -> Locator:
    return person.page.get_by_role("textbox", name=re.compile(f"^{name}")).first


def test_from_a_manifest_to_the_proof_without_a_mouse(
    person: Dashboard, own_server: Server, tmp_path: Path
) -> None:
    person.open("/")
    look_at_the_connection(person)
    check_a_manifest(person, tmp_path)
    own_server.sandbox_rate(SLOW)
    submit(person)
    pause_and_go_on(person)
    own_server.sandbox_rate(FAST)
    see_it_end(person)
    run = person.query("run")
    retry(person)
    link(person)
    (receipt,) = own_server.ledger().receipts(run=run)
    assert (receipt.matched, receipt.expected) == (192, 195)


def test_all_else_is_done_without_a_mouse_too(person: Dashboard, tmp_path: Path) -> None:
    give_and_forget_a_key(person)
    begin_and_leave_the_tour(person)
    map_and_mend_and_undo(person, tmp_path)
    build_from_the_bucket(person)
    filter_and_turn_pages(person)
    present_a_scenario(person)


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


def pause_and_go_on(person: Dashboard) -> None:
    person.sees("Encord is registering the files.")
    press(person, button(person, "Pause"))
    person.sees("Paused: nothing new is sent.")
    press(person, button(person, "Resume"))
    press(person, button(person, "Cancel run"))
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("What Encord has registered stays.")
    press(person, dialog.get_by_role("button", name="Go back"))
    expect(dialog).to_have_count(0)
    expect(button(person, "Cancel run")).to_be_focused()


def see_it_end(person: Dashboard) -> None:
    person.sees("What failed, and why")
    expect(
        person.page.get_by_role("alert").filter(has_text="stopped while this page was open")
    ).to_contain_text("Complete with failures")


def retry(person: Dashboard) -> None:
    person.choose_by_keyboard("Outcome", "Failed")
    person.sees("3 entries")
    tick(person, "outcomes_table")
    press(person, button(person, "Retry 1 selected entry"))
    person.sees("This run retries failures of")
    expect(person.metric("Failed")).to_have_text("1")
    press(person, page_link(person, "Datasets"))
    person.heading("Datasets")


def tick(person: Dashboard, table: str) -> None:
    """Tick the row that the keys are on."""
    person.idle()
    tab_to(person.page, person.page.locator(f".st-key-{table} canvas").first)
    person.page.keyboard.press("Control+ArrowUp")
    person.page.keyboard.press("Shift+ ")


def link(person: Dashboard) -> None:
    press(person, button(person, "Link 192 entries"))
    person.sees("This run's files are linked to")
    press(person, button(person, "See the verification"))
    person.heading("Verify")
    person.sees("192 of 195 matched, 3 missing")
    person.choose_by_keyboard("Verdict", "Missing")
    person.sees("3 rows")
    tab_to(person.page, button(person, "Download the receipt (JSON)"))
    person.download(lambda: person.page.keyboard.press("Enter"))
    press(person, button(person, "More files"))
    tab_to(person.page, button(person, "Download 195 rows (CSV)"))
    _, rows = person.download(lambda: person.page.keyboard.press("Enter"))
    assert rows.count(b"\n") == 196
    expect(button(person, "Download 195 rows (CSV)")).to_be_focused()


def give_and_forget_a_key(person: Dashboard) -> None:
    person.open("/connect")
    tab_to(person.page, person.page.get_by_role("radio", name="Sandbox"))
    person.page.keyboard.press("ArrowRight")
    person.sees("Private key file")
    person.idle()
    tab_to(person.page, person.page.get_by_role("radio", name="Upload the key file"))
    person.page.keyboard.press("ArrowRight")
    write(person, field(person, "Private key"), make_canaries()["ed25519"].text)
    press(person, button(person, "Connect"))
    person.sees("Working with Encord EU")
    press(person, button(person, "Forget this key"))
    person.sees("Working with Sandbox")


def begin_and_leave_the_tour(person: Dashboard) -> None:
    press(person, button(person, "Start the tour"))
    person.sees("Step 1 of")
    press(person, button(person, "Leave the tour"))
    expect(person.page.get_by_text("Step 1 of")).to_have_count(0)


def map_and_mend_and_undo(person: Dashboard, folder: Path) -> None:
    foreign = folder / "foreign.csv"
    foreign.write_text(FOREIGN)
    press(person, page_link(person, "Manifest"))
    person.heading("Manifest")
    choose_file(person, foreign)
    person.sees("Map the columns")
    person.choose_by_keyboard("Column 1 becomes", "Title")
    press(person, button(person, "Use these columns"))
    person.sees("1 entry ready, 1 to fix")
    press(person, button(person, "Percent-encode ..."))
    apply = person.page.get_by_role("dialog").get_by_role("button", name="Apply 1 change")
    expect(apply).to_be_enabled()
    press(person, apply)
    person.sees("All 2 entries ready")
    press(person, button(person, "Undo"))
    person.sees("1 entry ready, 1 to fix")


def build_from_the_bucket(person: Dashboard) -> None:
    press(person, page_link(person, "Bucket"))
    press(person, button(person, "Use the demo bucket"))
    press(person, button(person, "Check the bucket"))
    person.sees("Last checked")
    open_tab(person, "Build a manifest")
    press(person, button(person, "List the bucket"))
    person.sees("What becomes of the objects")
    write(person, field(person, "Take"), "images/")
    person.sees("Takes 260 objects")
    write(person, field(person, "Name of the recipe"), "Images")
    press(person, button(person, "Save as manifest"))
    person.heading("Manifest")
    person.sees("All 260 entries ready")


def filter_and_turn_pages(person: Dashboard) -> None:
    open_tab(person, "Entries")
    person.sees("1 to 25 of 260 entries")
    person.choose_by_keyboard("Order", "By object URL")
    press(person, button(person, "Next page"))
    person.sees("26 to 50 of 260 entries")
    write(person, field(person, "Search"), "nothing like it")
    person.sees("Nothing matches")
    press(person, button(person, "Clear the filter"))
    person.sees("of 260 entries")


def present_a_scenario(person: Dashboard) -> None:
    press(person, page_link(person, "Demo studio"))
    press(person, button(person, "Set up the first onboarding"))
    person.sees("beat 1 of")
    press(person, person.page.get_by_role("button", name=re.compile("Go to")).first)
    person.sees("Beat 1 of")
    person.idle()
    press(person, button(person, "Next beat"))
    person.sees("Beat 2 of")
    press(person, button(person, "Script"))
    person.heading("Demo studio")
    open_tab(person, "Faults")
    press(person, button(person, "Plan it"))
    press(person, button(person, "Clear all faults"))
    person.sees("Nothing is planned")
