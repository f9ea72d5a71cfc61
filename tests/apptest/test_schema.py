"""The Manifest page says which schema it checked against, and never changes that in silence."""

import json

from streamlit.testing.v1 import AppTest

from services.bootstrap import Runtime
from services.encord_api.errors import NotSent
from tests.apptest.conftest import HERE, Open, words
from tests.contract.memory import Fault
from tests.unit.engine.world import World

CSV = (
    b"ObjectURL,Type,Title,metadata.wether,metadata.km\r\n"
    b"gs://bucket/1.jpg,image,One,rain,12\r\ngs://bucket/2.jpg,image,Two,sun,far\r\n"
)
SCHEMA = {
    "weather": {"ty": "enum", "values": ["rain", "sun"]},
    "km": {"ty": "variant", "hint": "number"},
}
PATIENCE = 30.0


def uploaded(app: AppTest, world: World, runtime: Runtime) -> str:
    """Upload the manifest, as a person does, and have it checked as the page asked."""
    app.file_uploader(key=uploader(app, "Manifest file")).upload("vendor.csv", CSV)
    app.run()
    fingerprint = world.manifests.recent()[0].fingerprint
    check_again(fingerprint, runtime)
    return fingerprint


def uploader(app: AppTest, label: str) -> str:
    return next(str(field.key) for field in app.file_uploader if field.label == label)


def check_again(fingerprint: str, runtime: Runtime) -> None:
    basis = runtime.schemas.basis(fingerprint, HERE.id)
    runtime.manifests.check(fingerprint, basis.options)


def test_an_upload_is_checked_against_the_live_schema(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    fingerprint = uploaded(open_page("manifest"), world, runtime)
    app = open_page("manifest", manifest=fingerprint)
    said = words(app)
    assert "Checked against the schema of `Sandbox`, 2 keys, read 20" in said
    assert "1 entry ready, 1 to fix" in said
    assert "Key not in the metadata schema" in said
    wrong = [str(text) for frame in app.dataframe for text in frame.value["What is wrong"]]
    assert "wether is not in the metadata schema (perhaps weather is meant)." in wrong
    assert "Submit 1 entry" in [
        button.label for button in open_page("submit", manifest=fingerprint).button
    ]


def test_a_changed_schema_is_offered_not_taken(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    fingerprint = uploaded(open_page("manifest"), world, runtime)
    world.encord.schema = {**SCHEMA, "wether": {"ty": "text"}, "km": {"ty": "text"}}
    runtime.schemas.refresh(HERE.id, patience=PATIENCE, fresh=0.0)
    app = open_page("manifest", manifest=fingerprint)
    said = words(app)
    assert "The schema has changed since" in said
    assert "Added: `wether`; different: `km`." in said
    assert "1 entry ready, 1 to fix" in said
    app.button(key="schema_use").click().run()
    check_again(fingerprint, runtime)
    said = words(open_page("manifest", manifest=fingerprint))
    assert "All 2 entries ready" in said
    assert "The schema has changed since" not in said


def test_encord_away_is_said_and_the_check_made_without(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.script("metadata_schema", Fault(NotSent("reading the metadata schema")))
    fingerprint = uploaded(open_page("manifest"), world, runtime)
    app = open_page("manifest", manifest=fingerprint)
    said = words(app)
    assert "`Sandbox` had not answered when the check began" in said
    assert "The schema could not be read just now: `Encord could not be reached`" in said
    assert "All 2 entries ready" in said
    world.encord.schema = dict(SCHEMA)
    app.button(key="schema_again").click().run()
    runtime.schemas.refresh(HERE.id, patience=PATIENCE)
    app = open_page("manifest", manifest=fingerprint)
    assert "Encord has answered: 2 keys." in "\n".join(str(each.value) for each in app.info)
    app.button(key="schema_use").click().run()
    check_again(fingerprint, runtime)
    assert "1 entry ready, 1 to fix" in words(open_page("manifest", manifest=fingerprint))


def test_a_schema_file_takes_its_place_and_a_wrong_one_says_why(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    fingerprint = uploaded(open_page("manifest"), world, runtime)
    app = open_page("manifest", manifest=fingerprint)
    assert "`Sandbox` declares no metadata keys" in words(app)
    app.file_uploader(key=uploader(app, "Schema file")).upload("wrong.json", b'{"km": "nubmer"}')
    app.run()
    assert "This schema file cannot be used" in words(app)
    assert "Key 'km': 'nubmer' is not a type" in words(app)
    right = json.dumps({"km": "number", "weather": "text"}).encode()
    app.file_uploader(key=uploader(app, "Schema file")).upload("right.json", right)
    app.run()
    check_again(fingerprint, runtime)
    app = open_page("manifest", manifest=fingerprint)
    assert "Checked against the schema in `right.json`, 2 keys" in words(app)
    app.button(key="schema_none").click().run()
    assert "Checked without a metadata schema" in words(open_page("manifest", manifest=fingerprint))


def test_the_plots_have_their_figures_in_tables(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    fingerprint = uploaded(open_page("manifest"), world, runtime)
    app = open_page("manifest", manifest=fingerprint, manifest_view="Statistics")
    assert "2 entries of 2 with metadata, 3 keys." in words(app)
    tables = [frame.value.to_dict("records") for frame in app.dataframe]
    assert [{"Type": "image", "Entries": 2}] in tables
    assert [{"Bucket": "bucket", "Entries": 2}] in tables
    keys = next(table for table in tables if "Filled" in table[0])
    assert [(row["Key"], row["Filled"], row["In the schema"]) for row in keys] == [
        ("km", 100.0, "number"),
        ("wether", 100.0, "not declared"),
        ("weather", 0.0, "enum"),
    ]
    assert [{"Value": "12", "Entries": 1}] in tables
    assert [{"Value": "rain", "Entries": 1}, {"Value": "sun", "Entries": 1}] in tables


def test_the_figures_hold_what_the_plot_leaves_out(open_page: Open, world: World) -> None:
    endings = [f"e{n:02}" for n in range(13)]
    fingerprint = world.manifest({"images": [{"objectUrl": f"gs://yard/1.{e}"} for e in endings]})
    app = open_page("manifest", manifest=fingerprint, manifest_view="Statistics")
    assert "3 more, in the figures only." in words(app)
    (figures,) = [frame.value for frame in app.dataframe if "Extension" in frame.value]
    assert list(figures["Extension"]) == endings
