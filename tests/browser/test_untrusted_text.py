"""What stands in a manifest is shown as it is, and never obeyed."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.driver import Dashboard
from tests.browser.server import Server

NAUGHTY = (
    "![beacon](https://evil.example/beacon.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)> <script>alert(1)</script>",
    "**bold** :red[red] $x^2$ :material/home:",
    "``` code ``` ` tick",
)
TABS = ("Findings", "Edit", "Entries", "What Encord receives")


def manifest(folder: Path) -> Path:
    """Write a manifest whose titles, URLs and name all carry Markdown."""
    lines = ["ObjectURL,Type,Title"]
    for number, text in enumerate(NAUGHTY):
        lines.append(f'gs://encord-demo-bucket/images/street/000{number + 1}.jpg,image,"{text}"')
        lines.append(f'"ftp://evil.example/{text}",image,"{text}"')
    path = folder / "![beacon](evil) `tick` **bold**.csv"
    path.write_text("\n".join(lines))
    return path


def test_markdown_in_a_manifest_is_inert(dashboard: Dashboard, tmp_path: Path) -> None:
    dashboard.open("/manifest")
    dashboard.page.locator("input[type=file]").set_input_files(manifest(tmp_path))
    dashboard.sees("to fix")
    for tab in TABS:
        dashboard.page.get_by_role("tab", name=tab, exact=True).click()
        dashboard.idle()
        expect_inert(dashboard)
    dashboard.click("Continue to submit")
    dashboard.heading("Submit")
    expect_inert(dashboard)
    dashboard.fill("Name of the run", NAUGHTY[0])
    dashboard.fill("Name of the new folder", NAUGHTY[2])
    dashboard.sees("to the new folder <img src=x onerror=alert(1)>")
    dashboard.page.get_by_role("button", name="Submit 5 entries").click()
    dashboard.heading("Run")
    expect_inert(dashboard)
    for page in ("Runs", "Datasets", "Verify", "Overview"):
        dashboard.go_to(page)
        expect_inert(dashboard)


def test_a_page_that_asks_for_what_it_may_not_is_found_out(
    window: BrowserContext, server: Server
) -> None:
    person = Dashboard(window, server.url)
    person.open("/reference")
    with person.page.expect_console_message():
        person.page.evaluate("() => fetch('/media/nothing')")
    with pytest.raises(AssertionError, match=r"refused requests.*media/nothing"):
        person.verify_clean()
    with person.page.expect_event("requestfailed"):
        person.page.evaluate("() => location.assign('https://beacon.example/')")
    with pytest.raises(AssertionError, match=r"other machines.*beacon\.example"):
        person.verify_clean()
    person.page.close()


def expect_inert(person: Dashboard) -> None:
    """Expect no image, link, script or formula that the manifest asked for."""
    main = person.page.get_by_test_id("stMain")
    for selector in ("img[src*=evil]", "img[src=x]", "a[href*=evil]", "a[href^=javascript]"):
        expect(main.locator(selector)).to_have_count(0)
    expect(main.locator("script, .katex")).to_have_count(0)


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/"])
def test_strangers_cannot_read_the_metrics(dashboard: Dashboard, path: str) -> None:
    assert dashboard.page.request.get(dashboard.url + path).status == 404


def test_every_answer_carries_the_policy(dashboard: Dashboard) -> None:
    headers = dashboard.page.request.get(dashboard.url).headers
    assert "'unsafe-eval'" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
