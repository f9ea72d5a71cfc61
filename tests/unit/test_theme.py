"""The theme's colors against each other, as WCAG 2.2 AA asks: axe looks at text alone."""

import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

CONFIG: Final = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
THEME: Final[dict[str, Any]] = tomllib.loads(CONFIG.read_text())["theme"]
WHITE: Final = "#FFFFFF"
TINTS: Final = ("green", "red", "orange", "yellow", "blue", "violet", "gray")
#: Success criteria 1.4.11 and 1.4.3.
PARTS, TEXT = 3.0, 4.5


def luminance(color: str) -> float:
    """Return the relative luminance of `#RRGGBB`, as WCAG defines it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_boxes_and_buttons_stand_out(name: str) -> None:
    theme = THEME[name]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["borderColor"], ground) >= PARTS
        assert contrast(theme["textColor"], ground) >= TEXT
        assert contrast(theme["linkColor"], ground) >= TEXT
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= PARTS
    assert contrast(theme["primaryColor"], WHITE) >= TEXT


@pytest.mark.parametrize("tint", TINTS)
@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_on_a_tint_can_be_read(name: str, tint: str) -> None:
    theme = THEME[name]
    assert contrast(theme[f"{tint}TextColor"], theme[f"{tint}BackgroundColor"]) >= TEXT
