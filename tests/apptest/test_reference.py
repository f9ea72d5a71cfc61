"""The Reference page explains every code from its rule, and finds it."""

import json

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Element

from components import navigation
from components.fixes import FIXES
from components.glossary import WORDS
from services.domain.rules import RULES, Fix
from services.domain.symptoms import SYMPTOMS
from tests.apptest.conftest import Open, words
from tests.unit.engine.stories import told_once
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


def test_every_code_is_on_one_of_the_pages(open_page: Open) -> None:
    pages = [open_page("reference", codes_page=str(page)) for page in (1, 2, 3)]
    labels = [expander.label for app in pages for expander in app.expander]
    assert [label.rpartition("`")[0].rpartition("`")[2] for label in labels] == list(RULES)


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


def helps(app: AppTest) -> list[tuple[str, str]]:
    """Return what is explained on a page, beside what: labels and texts with their help."""
    nodes = [node for node in app.main if isinstance(node, Element)]
    named = [(getattr(node, "label", None) or getattr(node, "value", "")) for node in nodes]
    told = [str(getattr(node.proto, "help", "")) for node in nodes]
    return [(str(name), help_) for name, help_ in zip(named, told, strict=True) if help_]


def column_helps(app: AppTest) -> dict[str, str]:
    """Return the help of the columns of a page's tables."""
    columns = (json.loads(table.proto.columns).items() for table in app.dataframe)
    return {name: said["help"] for each in columns for name, said in each if said.get("help")}


@pytest.fixture
def finished(world: World) -> str:
    return half_failed(world)


@told_once
def half_failed(world: World) -> str:
    world.encord.broken["gs://bucket/1.jpg"] = "404: no such object"
    run = world.submit(world.images(2))
    world.settle()
    return run


@pytest.mark.parametrize(
    ("page", "query", "beside", "word"),
    [
        ("overview", {}, "Runs", "run"),
        ("overview", {}, "**2. Create the integration**", "integration"),
        ("overview", {}, "**4. Prepare the manifest**", "manifest"),
        ("overview", {}, "**7. Create the dataset**", "dataset, data row"),
        ("overview", {}, "**9. Verify**", "verification"),
        ("connect", {}, "Integrations", "integration"),
        (
            "bucket",
            {"bucket_view": "Integration"},
            "Create the integration in Encord",
            "integration",
        ),
        ("run", {}, "Entries", "entry"),
        ("run", {}, "Outcome", "outcome"),
        ("run", {"run_view": "What was asked for"}, "Held back", "held back"),
        ("verify", {}, "Run", "run"),
        ("datasets", {"datasets_view": "From a folder"}, "UUID of the folder", "folder, item"),
    ],
)
def test_headings_fields_and_numbers_explain_their_words(
    open_page: Open, finished: str, page: str, query: dict[str, str], beside: str, word: str
) -> None:
    app = open_page(page, run=finished, bucket="bucket", **query)
    assert (beside, WORDS[word]) in helps(app)


def test_columns_explain_their_words(open_page: Open, finished: str) -> None:
    assert column_helps(open_page("runs")) == {
        "Manifest": WORDS["manifest"],
        "Entries": WORDS["entry"],
    }
    assert column_helps(open_page("run", run=finished)) == {
        "Object URL": WORDS["object URL"],
        "Item": WORDS["folder, item"],
    }


def test_the_numbers_of_a_manifest_explain_their_words(open_page: Open, world: World) -> None:
    rows = "ObjectURL,Type\ngs://bucket/1.jpg,image\n,image\n"
    app = open_page("manifest", manifest=world.document(rows.encode(), "csv"))
    explained = helps(app)
    for beside, word in (
        ("Entries", "entry"),
        ("To fix", "held back"),
        ("Object URLs", "object URL"),
        ("Every finding", "finding"),
    ):
        assert (beside, WORDS[word]) in explained


@pytest.mark.parametrize("page", [spec.name for spec in navigation.PAGES])
def test_a_page_explains_a_word_once(open_page: Open, finished: str, page: str) -> None:
    app = open_page(page, run=finished, bucket="bucket", object="gs://bucket/1.jpg")
    told = [said for _, said in helps(app)] + [caption.value for caption in app.main.caption]
    for word, meaning in WORDS.items():
        assert sum(meaning in said for said in told) <= 1, word


def test_words_that_come_together_are_told_apart(open_page: Open, finished: str) -> None:
    said = dict(helps(open_page("run", run=finished, run_view="What was asked for")))
    assert said["Upload jobs"] == f"**Job**: {WORDS['job']}\n\n**Chunk**: {WORDS['chunk']}"
    assert "**Object URL**" in words(open_page("reference", reference_view="Words"))


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
