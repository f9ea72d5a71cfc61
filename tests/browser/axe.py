"""Ask axe what a page makes hard for people who use assistive technology."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> list[Any]:
    """Return what axe objects to: rule, node and what would mend it."""
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [
        (rule["id"], node["target"], node["html"][:200], node.get("failureSummary", "")[:300])
        for rule in found
        for node in rule["nodes"]
    ]
