"""The Reference page explains every code from its rule, and finds it."""

import pytest

from components.fixes import FIXES
from components.glossary import WORDS
from services.domain.rules import RULES, Fix
from tests.apptest.conftest import Open, words


def test_every_fix_has_words() -> None:
    assert set(FIXES) == set(Fix)


@pytest.mark.parametrize("code", ["url-scheme", "metadata-reserved", "json-root"])
def test_a_code_is_explained_by_its_address(open_page: Open, code: str) -> None:
    rule = RULES[code]
    app = open_page("reference", code=code)
    said = words(app)
    assert "1 of 70 codes" in said
    for text in (rule.what, rule.why, rule.fix, rule.example):
        assert text in said


def test_a_search_finds_codes_by_any_of_their_words(open_page: Open) -> None:
    app = open_page("reference", code="url-scheme")
    app.text_input(key="reference_find").set_value("dicom").run()
    labels = [expander.label for expander in app.expander]
    assert any("csv-dicom" in label for label in labels)
    assert not any("url-scheme" in label for label in labels)
    app.text_input(key="reference_find").set_value("no such word").run()
    assert "Nothing matches. Clear the search to see every code." in words(app)


def test_words_and_limits_are_listed(open_page: Open) -> None:
    assert "500,000 entries" in words(open_page("reference", reference_view="Formats and limits"))
    said = words(open_page("reference", reference_view="Words"))
    assert all(meaning in said for meaning in WORDS.values())
