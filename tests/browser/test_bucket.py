"""The Bucket page in a real browser: checks, the clinic before and after, a trial, the keyboard."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from services.sandbox.demo import BUCKET, LOCKED_BUCKET
from tests.browser.axe import violations
from tests.browser.driver import Dashboard
from tests.browser.server import Server
from tests.unit.loopback import http, serving

#: Fetches as a page's script does; what a browser refuses is a rejected promise.
FETCH = """async ([url, headers]) => {
  try {
    const answer = await fetch(url, {headers, cache: "no-store"});
    return (await answer.arrayBuffer()).byteLength;
  } catch {
    return "refused";
  }
}"""
PAGE = http(200, "<!doctype html><title>Elsewhere</title>", Content_Type="text/html")


@pytest.fixture
def elsewhere(dashboard: Dashboard) -> Iterator[Page]:
    """A page of another origin than the dashboard's and the bucket's."""
    with serving(PAGE) as server:
        page = dashboard.context.new_page()
        page.goto(server.url)
        # A tab behind another one moves so slowly that a click may meet what is still on its way.
        dashboard.page.bring_to_front()
        yield page
        page.close()


def object_url(server: Server) -> str:
    said = json.loads((server.data / "sandbox" / "endpoint.json").read_text())
    return f"{said['url']}/{BUCKET}/images/street/0001.jpg"


def origin(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"


def open_view(dashboard: Dashboard, view: str, bucket: str = BUCKET) -> None:
    dashboard.open(f"/bucket?bucket={bucket}&bucket_view={view}")
    dashboard.heading("Bucket")


def cell(dashboard: Dashboard, column: int, row: int, *, table: str) -> Locator:
    """Return a cell of a table that may have to come into view to be drawn."""
    dashboard.page.locator(f".st-key-{table}").scroll_into_view_if_needed()
    return dashboard.cell(column, row, table=table)


def test_the_clinic_lets_a_page_of_another_origin_open_an_object(
    dashboard: Dashboard, elsewhere: Page, server: Server
) -> None:
    asked = [[object_url(server), {}], [object_url(server), {"Content-Type": "text/x-any"}]]
    assert [elsewhere.evaluate(FETCH, each) for each in asked] == ["refused", "refused"]
    open_view(dashboard, "CORS")
    dashboard.sees("Encord's pages are allowed")
    dashboard.idle()
    dashboard.page.get_by_text("Bucket and credentials").click()
    dashboard.idle()
    dashboard.page.get_by_test_id("stRadio").get_by_text("Own", exact=True).click()
    dashboard.fill("Origin", origin(elsewhere))
    dashboard.sees("1 origin refused")
    dashboard.sees(f"Not for {origin(elsewhere)}: https://app.encord.com is another origin.")
    dashboard.sees(f"gcloud storage buckets update gs://{BUCKET} --cors-file=cors.json")
    dashboard.sees(f"gsutil cors set cors.json gs://{BUCKET}")
    name, document = dashboard.download(lambda: dashboard.click("Download cors.json"))
    assert name == "cors.json"
    assert [rule["origin"] for rule in json.loads(document)] == [
        ["https://app.encord.com", "https://api.encord.com"],
        [origin(elsewhere)],
    ]
    assert elsewhere.evaluate(FETCH, asked[0]) == "refused"
    dashboard.click("Apply to the bucket")
    expect(dashboard.page.get_by_role("dialog")).to_be_visible()
    assert not violations(dashboard.page)
    dashboard.page.get_by_role("dialog").get_by_role("button", name="Apply", exact=True).click()
    dashboard.sees("Rules applied")
    dashboard.sees("Encord's pages are allowed")
    dashboard.click("Test live")
    dashboard.sees("Asked for")
    expect(cell(dashboard, 3, 0, table="bucket_cors_tried")).to_have_text("Allows")
    assert all(elsewhere.evaluate(FETCH, each) > 0 for each in asked)
    assert not violations(dashboard.page)


def test_a_bucket_that_refuses_says_what_it_needs_and_remembers(dashboard: Dashboard) -> None:
    open_view(dashboard, "Check", LOCKED_BUCKET)
    dashboard.click("Check the bucket")
    dashboard.sees("3 fail")
    dashboard.sees("9 not checked")
    dashboard.sees("401: not open to everybody.")
    dashboard.sees("Permission 'storage.buckets.get' denied")
    dashboard.sees(f"gcloud storage buckets add-iam-policy-binding gs://{LOCKED_BUCKET}")
    expect(dashboard.page.get_by_text("pass", exact=True)).to_have_count(0)
    assert not violations(dashboard.page)
    open_view(dashboard, "Check", "encord-no-such-bucket")
    dashboard.click("Check the bucket")
    dashboard.sees("404: not there.")


def test_the_page_works_by_keyboard(dashboard: Dashboard) -> None:
    dashboard.open("/bucket")
    field = dashboard.page.get_by_label("Bucket", exact=True)
    field.focus()
    dashboard.page.keyboard.type(f"gs://{BUCKET}/")
    dashboard.page.keyboard.press("Enter")
    dashboard.page.wait_for_url(f"**/bucket?*bucket={BUCKET}*")
    dashboard.idle()
    check = dashboard.page.get_by_role("button", name="Check the bucket")
    check.focus()
    dashboard.page.keyboard.press("Enter")
    dashboard.sees("12 pass")
    tab = dashboard.page.get_by_role("tab", name="Check", exact=True)
    tab.focus()
    dashboard.page.keyboard.press("ArrowRight")
    dashboard.page.keyboard.press("Enter")
    expect(dashboard.page.get_by_role("tab", name="CORS")).to_have_attribute(
        "aria-selected", "true"
    )
    dashboard.sees("Rules in force")


def test_a_trial_proves_an_integration_for_connect_and_overview(
    dashboard: Dashboard, server: Server
) -> None:
    open_view(dashboard, "Integration")
    dashboard.sees("Enter the name of the bucket in the second field.")
    dashboard.page.get_by_role("button", name="Try the integration").dblclick()
    dashboard.sees("Encord read the object and its page opens it.")
    with server.ledger().reading() as cx:
        begun = cx.exec_driver_sql("SELECT count(*) FROM trial").scalar()
    assert begun == 1
    assert not violations(dashboard.page)
    dashboard.open("/connect")
    expect(cell(dashboard, 1, 0, table="integrations")).to_contain_text(BUCKET)
    expect(cell(dashboard, 0, 0, table="buckets")).to_contain_text("encord-")
    dashboard.open("/")
    expect(dashboard.page.get_by_text("Proven", exact=False).first).to_be_visible()
