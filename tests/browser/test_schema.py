"""A manifest meets the connected organization's schema, in the browser and as plots."""

import csv
import io
import json
from pathlib import Path

from tests.browser.axe import violations
from tests.browser.driver import Dashboard

BUCKET = "gs://encord-demo-bucket/bulk"
ENTRIES = [
    {
        "objectUrl": f"{BUCKET}/{number:06}.jpg",
        "clientMetadata": {
            "site": "harbor",
            "qualty": number % 3,
            "taken_at": f"2025-0{1 + number % 6}-01",
        },
    }
    for number in range(60)
]


def test_a_schema_is_checked_against_drawn_and_offered_as_a_template(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    dashboard.open("/manifest")
    _, template = dashboard.download(lambda: dashboard.click("Download the template"))
    header = next(csv.reader(io.StringIO(template.decode("utf-8-sig"))))
    assert {"metadata.site", "metadata.quality", "metadata.taken_at"} <= set(header)
    file = tmp_path / "yard.json"
    file.write_text(json.dumps({"images": ENTRIES}))
    dashboard.page.locator("input[type=file]").set_input_files(file)
    dashboard.sees("All 60 entries ready")
    dashboard.sees("Checked against the schema of")
    dashboard.sees("Key not in the metadata schema")
    dashboard.page.get_by_role("tab", name="Statistics").click()
    dashboard.sees("60 entries of 60 with metadata, 6 keys.")
    dashboard.page.locator("canvas, svg.marks").first.wait_for()
    assert not violations(dashboard.page)
    dashboard.page.get_by_text("Check against another schema").click()
    dashboard.idle()  # the button may still move, or be drawn anew
    dashboard.click("Check without a schema")
    dashboard.sees("Checked without a metadata schema")
    dashboard.click("Check against the schema of Sandbox")
    dashboard.sees("Checked against the schema of")
