"""Ask axe what a page makes hard for people who use assistive technology, in light and in dark."""

import time
from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

Theme = Literal["light", "dark"]

#: WCAG 2.2 AA.
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: The background of each theme in `.streamlit/config.toml`.
THEMES: Final[dict[Theme, str]] = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 19, 34)"}
#: How long a page may take to settle: what is still moving or fading is no fault.
PATIENCE_SECONDS: Final = 3.0
#: Streamlit writes an open popover's label in the primary color, which has to be dark enough for
#: its own white labels: 4.1:1 on a dark page. https://github.com/streamlit/streamlit/issues/12801
OPEN_POPOVER: Final = "[data-testid=stPopover] [aria-expanded=true]"
ASK: Final = """
([within, options, exempt]) => axe.run(within, options).then(found =>
    found.violations.map(rule => ({
        ...rule,
        nodes: rule.nodes.filter(node =>
            rule.id !== "color-contrast" || !document.querySelector(node.target[0])?.closest(exempt)
        ),
    }))
)
"""
BACKGROUND: Final = "node => getComputedStyle(node).backgroundColor"


def violations(page: Page, *, within: str = "html") -> list[Any]:
    """Return what axe objects to in either theme: theme, rule, node and what would mend it.

    The page, or a part of it, is judged as it is; for the other theme, which it is left in, only
    what colors change.
    """
    is_dark = page.get_by_test_id("stApp").evaluate(BACKGROUND) == THEMES["dark"]
    first: Theme = "dark" if is_dark else "light"
    second: Theme = "light" if is_dark else "dark"
    found = _settled(page, within, first, RULES)
    _paint(page, second)
    found += _settled(page, within, second, {"type": "rule", "values": ["color-contrast"]})
    return found


def _paint(page: Page, theme: Theme) -> None:
    page.emulate_media(color_scheme=theme)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", THEMES[theme])


def _settled(page: Page, within: str, theme: str, rules: object) -> list[Any]:
    """Return what is still objected to once the page has settled."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := _asked(page, within, theme, rules)) and time.monotonic() < deadline:
        # What the pointer rests on has colors of its own: Streamlit's, 4.1:1 in dark.
        page.mouse.move(0, 0)
    return found


def _asked(page: Page, within: str, theme: str, rules: object) -> list[Any]:
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(Axe().axe_script)
    # Only what is wrong comes back: what passes is megabytes.
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate(ASK, [within, options, OPEN_POPOVER])
    return [
        (
            theme,
            rule["id"],
            node["target"],
            node["html"][:200],
            node.get("failureSummary", "")[:300],
        )
        for rule in found
        for node in rule["nodes"]
    ]
