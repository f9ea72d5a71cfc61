"""The Reference page explains every code from its rule, and finds it."""

import pytest

from components.fixes import FIXES
from components.glossary import WORDS
from services.domain.rules import RULES, Fix
from services.domain.symptoms import SYMPTOMS
from tests.apptest.conftest import Open, words
from tests.unit.engine.world import World


def test_every_fix_has_words() -> None:
    assert set(FIXES) == set(Fix)


@pytest.mark.parametrize("code", ["url-scheme", "metadata-reserved", "json-root"])
def test_a_code_is_explained_by_its_address(open_page: Open, code: str) -> None:
    rule = RULES[code]
    app = open_page("reference", code=code)
    said = words(app)
    assert "1 of 71 codes" in said
    for text in (rule.what, rule.why, rule.fix, rule.example):
        assert text in said


def test_a_search_finds_codes_by_any_of_their_words(open_page: Open) -> None:
    app = open_page("reference", code="url-scheme")
    app.text_input(key="reference_find").set_value("dicom").run()
    labels = [expander.label for expander in app.expander]
    assert any("csv-dicom" in label for label in labels)
    assert not any("url-scheme" in label for label in labels)
    app.text_input(key="reference_find").set_value("no such word").run()
    assert "Nothing matches" in words(app)


def test_words_and_limits_are_listed(open_page: Open) -> None:
    assert "500,000 entries" in words(open_page("reference", reference_view="Formats and limits"))
    said = words(open_page("reference", reference_view="Words"))
    assert all(meaning in said for meaning in WORDS.values())


@pytest.mark.parametrize(
    ("page", "word"),
    [
        ("connect", "connection"),
        ("schema", "schema"),
        ("manifest", "manifest"),
        ("submit", "run"),
        ("datasets", "dataset, data row"),
        ("verify", "verification"),
        ("passport", "passport"),
    ],
)
def test_a_word_is_explained_where_it_is_new(open_page: Open, page: str, word: str) -> None:
    assert open_page(page).caption[0].help == WORDS[word]


def test_a_symptom_is_explained_by_its_address(open_page: Open) -> None:
    cors = SYMPTOMS["cors"]
    said = words(open_page("reference", reference_view="Troubleshooting", symptom="cors"))
    assert f"1 of {len(SYMPTOMS)} symptoms" in said
    for text in (cors.seen, cors.why, f"1. {cors.steps[0]}"):
        assert text in said


def test_a_symptom_leads_to_what_looks_alike(open_page: Open) -> None:
    app = open_page("reference", reference_view="Troubleshooting", symptom="cors")
    app.button(key="see_cors_moved-file").click().run()
    assert SYMPTOMS["moved-file"].why in words(app)


def test_a_search_finds_symptoms_by_any_of_their_words(open_page: Open) -> None:
    app = open_page("reference", reference_view="Troubleshooting", symptom="cors")
    app.text_input(key="reference_find").set_value("clock").run()
    assert [expander.label for expander in app.expander] == [
        "**The clock of this machine is wrong**"
    ]
    app.text_input(key="reference_find").set_value("no such word").run()
    assert "Nothing matches" in words(app)


def test_what_failed_leads_to_its_symptom(open_page: Open, world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = "404: no such object"
    run = world.submit(world.images(2))
    world.settle()
    app = open_page("run", run=run)
    linked = [link.proto.query_string for link in app.get("page_link")]
    assert any("symptom=moved-file" in query for query in linked), linked
