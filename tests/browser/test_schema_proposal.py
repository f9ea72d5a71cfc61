"""Keys that no schema has are proposed from a manifest, taken and planned; items tell their use."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import Seeded
from tests.browser.driver import Dashboard


def vendor_csv() -> bytes:
    """Return rows with three keys that the sandbox does not declare, and one odd value."""
    rows = [
        f"gs://encord-demo-bucket/images/street/{n:04d}.jpg,image,cam-{n % 3},"
        f"{n if n != 40 else 'n/a'},2024-01-{1 + n % 28:02}"
        for n in range(1, 120)
    ]
    return "\r\n".join(["ObjectURL,Type,metadata.camera,metadata.km,metadata.when", *rows]).encode()


def test_undeclared_keys_of_a_manifest_become_a_plan(
    dashboard: Dashboard, seeded: Seeded, tmp_path: Path
) -> None:
    manifest = tmp_path / "vendor.csv"
    manifest.write_bytes(vendor_csv())
    dashboard.open("/manifest")
    dashboard.page.locator("input[type=file]").first.set_input_files(manifest)
    dashboard.sees("Key not in the metadata schema")
    dashboard.click("Add the 3 undeclared keys to the schema")
    dashboard.heading("Schema")
    expect(dashboard.page.get_by_role("button", name="Take 3 keys into the draft")).to_be_enabled()
    expect(dashboard.page.get_by_test_id("glide-cell-1-1")).to_have_text("km")
    expect(dashboard.page.get_by_test_id("glide-cell-5-1")).to_have_text("1 of 119: line 41 n/a")
    assert not violations(dashboard.page)
    dashboard.click("Take 3 keys into the draft")
    dashboard.sees("3 keys taken into the draft")
    dashboard.sees("3 changes of the whole organization's schema")
    dashboard.open(f"/schema?schema_view=Propose&manifest={seeded.manifest}")
    expect(dashboard.page.get_by_role("button", name="Take 0 keys into the draft")).to_be_disabled()
    dashboard.open("/schema?schema_view=In+use")
    dashboard.click("Read a sample of items")
    dashboard.sees("The sample: ")
    dashboard.idle()
    assert not violations(dashboard.page)
