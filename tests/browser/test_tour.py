"""The first minute: from the welcome to a proven dataset by the guided tour, few clicks away."""

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from components.tour_stops import STOPS
from tests.browser.axe import violations
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Start, serving

SCREEN = {"width": 1280, "height": 800}
MOST_CLICKS = 15


class Newcomer(Dashboard):
    """Somebody who clicks what the banner says, and counts."""

    clicks = 0

    def click(self, name: str) -> None:
        super().click(name)
        self.clicks += 1

    def stands_at(self, step: int) -> None:
        """Expect the banner of a step."""
        title = f"Step {step} of {len(STOPS)}: {STOPS[step - 1].title.lower()}"
        expect(self.page.locator(".st-key-tour").get_by_text(title)).to_be_visible()
        self.idle()


def test_a_newcomer_comes_to_a_proven_dataset(
    window: BrowserContext, tmp_path: Path, forking: Start
) -> None:
    with (
        serving(tmp_path, rate=500, start=forking) as server,
        visiting(window, server.url, Newcomer) as person,
    ):
        person.page.set_viewport_size(SCREEN)  # type: ignore[arg-type] # a plain dictionary
        see_the_welcome(person)
        person.click("Start the tour")
        submit(person)
        mend_and_retry(person)
        prove(person)
        assert person.clicks <= MOST_CLICKS, f"{person.clicks} clicks"
        (retry, run) = server.ledger().runs().rows
        assert (retry.parent, run.dataset_title) == (run.id, "First onboarding")
        (receipt,) = server.ledger().receipts(run=run.id)
        assert (receipt.proven, receipt.matched) == (True, 195)


def see_the_welcome(person: Newcomer) -> None:
    """What it is, that it is a sandbox, and the one way in: seen without scrolling."""
    person.open("/")
    welcome = person.page.locator(".st-key-welcome")
    for words in ("prove by URL that every one arrived", "Sandbox", "Demo data", "Nothing leaves"):
        expect(welcome.get_by_text(words).first).to_be_in_viewport(ratio=1)
    start = person.page.get_by_role("button", name="Start the tour")
    expect(start).to_be_in_viewport(ratio=1)
    expect(start).to_have_count(1)
    assert person.page.get_by_test_id("stBaseButton-primary").count() == 1
    assert not violations(person.page)


def submit(person: Newcomer) -> None:
    person.stands_at(1)
    person.sees("Encord answered")
    person.click("Check a manifest")
    person.stands_at(2)
    person.sees("195 entries ready, 5 to fix")
    person.click("Continue to submit")
    person.stands_at(3)
    person.page.reload()
    person.stands_at(3)
    person.click("Submit 195 entries")


def mend_and_retry(person: Newcomer) -> None:
    person.stands_at(4)
    person.sees("What failed, and why")
    assert not violations(person.page)
    person.click("Mend the bucket")
    person.stands_at(5)
    person.page.reload()
    person.stands_at(5)
    person.click("Retry all 3 entries")


def prove(person: Newcomer) -> None:
    person.stands_at(6)
    person.click("Go to Datasets")
    person.heading("Datasets")
    person.click("Link 195 entries")
    person.stands_at(7)
    leave_and_resume(person)
    person.sees("All 195 entries matched")
    person.click("Finish the tour")
    person.sees("Everything arrived, and it is proven")
    expect(person.page.locator(".st-key-tour")).to_have_count(0)
    expect(person.page).not_to_have_url(re.compile("tour="))


def leave_and_resume(person: Newcomer) -> None:
    """The banner knows the way from any page."""
    person.go_to("Reference")
    person.stands_at(7)
    person.click("Go to Verify")
    person.heading("Verify")
