"""The schema is designed, planned, applied and taken back, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import new_context
from tests.browser.driver import MOMENT, TRIES, Dashboard, tab_to, type_into
from tests.browser.server import Server


@pytest.fixture
def studio(dashboard: Dashboard) -> Dashboard:
    dashboard.open("/schema")
    dashboard.sees("keys in use")
    return dashboard


def press(page: Page, name: str, *, within: Locator | None = None) -> None:
    button = (within or page.get_by_test_id("stMain")).get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    tab_to(page, button)
    page.keyboard.press("Enter")


def add_key(person: Dashboard, key: str, kind: str) -> None:
    """Add a row and look whether it is there; a page that is drawn anew closes an open cell."""
    table = person.page.get_by_test_id("stDataFrame").first
    typed = table.get_by_test_id(re.compile("^glide-cell-")).filter(has_text=key)
    for _ in range(TRIES):
        type_row(person, table, key, kind)
        try:
            expect(typed).to_have_count(1, timeout=MOMENT)
        except AssertionError:
            person.page.keyboard.press("Escape")
            continue
        return
    raise AssertionError(f"{key} cannot be typed")


def type_row(person: Dashboard, table: Locator, key: str, kind: str) -> None:
    """Go to the row below the last key and type a new one."""
    keys = person.page.keyboard
    tab_to(person.page, table.locator("canvas").first)
    for stroke in ("Control+ArrowDown", "ArrowDown", "Enter"):
        keys.press(stroke)
    type_into(person.page, key)
    keys.press("Tab")
    expect(person.page.locator("#portal > *")).to_have_count(0)
    keys.press("Enter")
    type_into(person.page, kind)
    keys.press("Enter")
    person.idle()


def apply(person: Dashboard, label: str, *confirm: str) -> None:
    dialog = person.page.get_by_role("dialog")
    for _ in range(TRIES):
        press(person.page, label)
        try:
            # Long: while a dialog is open, no Tab leads to what is behind it.
            expect(dialog).to_be_visible(timeout=5 * MOMENT)
        except AssertionError:  # a page that was drawn anew took the focus from the button
            continue
        break
    for name in confirm:
        tab_to(person.page, dialog.get_by_role("textbox", name=re.compile(re.escape(name))))
        person.page.keyboard.type(name)
        person.page.keyboard.press("Tab")
        person.idle()
    if confirm:  # the dialog with most in it
        assert not violations(person.page)
    press(person.page, "Apply", within=dialog)
    expect(dialog).to_have_count(0)
    person.idle()


def paste_options(person: Dashboard, enum: str, options: str) -> None:
    """Open the editor of options, choose an enum, and put a list in."""
    page = person.page
    tab_to(page, page.get_by_test_id("stExpander").filter(has_text="Options of").locator("summary"))
    page.keyboard.press("Enter")
    person.choose_by_keyboard("Enum", enum)
    field = page.get_by_role("textbox", name="Options, one a line")
    expect(field).to_have_value("")
    tab_to(page, field)
    page.keyboard.insert_text(options)
    page.keyboard.press("Tab")
    person.idle()
    press(page, "Use these options")
    person.idle()


def test_keys_are_added_options_pasted_a_conflict_told_and_all_taken_back(
    studio: Dashboard, browser: Browser, server: Server
) -> None:
    add_key(studio, "team.light", "enum")
    studio.sees("There is no plan yet: 1 error in the draft.")
    assert not violations(studio.page)
    paste_options(studio, "team.light", "dawn\nnoon\ndusk")
    studio.sees("1 change of the whole organization's schema")
    assert not violations(studio.page)
    with new_context(browser) as context:
        other = Dashboard(context, server.url)
        other.open("/schema")
        other.sees("5 keys in use")
        add_key(other, "team.mood", "text")
        apply(studio, "Apply 1 change")
        studio.sees("1 change applied")
        studio.sees("6 keys in use")
        apply(other, "Apply 1 change")
        other.sees("Somebody changed the schema meanwhile; nothing was sent")
        press(other.page, "Plan again on what is there now")
        apply(other, "Apply 1 change")
        other.sees("7 keys in use")
        other.verify_clean()
    studio.open("/schema?schema_view=History")
    studio.sees("3 snapshots")
    go_back_to_the_first(studio)
    apply(studio, "Apply 2 changes", "team.light", "team.mood")
    studio.sees("2 changes applied")
    studio.sees("5 keys in use")


def go_back_to_the_first(person: Dashboard) -> None:
    person.choose_by_keyboard("Go back to", "before a change, 5 keys")
    press(person.page, "Plan the way back")
    person.sees("Going back to")


def test_what_was_typed_is_kept_while_the_table_is_out_of_sight(studio: Dashboard) -> None:
    add_key(studio, "team.mood", "text")
    studio.sees("1 change of the whole organization's schema")
    studio.page.get_by_role("tab", name="Files").click()
    studio.sees("Take keys from a file into the draft")
    studio.page.get_by_role("tab", name="Design").click()
    studio.sees("1 change of the whole organization's schema")
    studio.go_to("Manifest")
    studio.go_to("Schema")
    studio.sees("1 change of the whole organization's schema")
