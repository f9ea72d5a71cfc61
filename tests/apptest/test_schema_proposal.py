"""The Schema page proposes keys from a manifest, and says what registered items hold."""

from collections.abc import Sequence

from streamlit.testing.v1 import AppTest

from services.bootstrap import Runtime
from tests.apptest.conftest import HERE, Open, words
from tests.unit.engine.world import World

PATIENCE = 30.0
SCHEMA = {
    "km": {"ty": "variant", "hint": "varchar"},
    "site": {"ty": "enum", "values": ["depot"]},
}
VALUES: list[dict[str, object]] = [
    {"km": n, "sky": "rain" if n % 2 else "sun"} for n in range(1, 31)
]


def manifest(world: World, runtime: Runtime, values: Sequence[dict[str, object]] = VALUES) -> str:
    """Store a manifest and check it against the connection's schema, as its page does."""
    entries = [
        {"objectUrl": f"gs://yard/{n}.jpg", "clientMetadata": each} for n, each in enumerate(values)
    ]
    fingerprint = world.manifest({"images": entries})
    basis = runtime.schemas.prepare(fingerprint, HERE, like=None, patience=PATIENCE)
    runtime.manifests.check(fingerprint, basis.options)
    return fingerprint


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_undeclared_keys_are_named_proposed_and_taken(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    fingerprint = manifest(world, runtime)
    report = open_page("manifest", manifest=fingerprint)
    assert "Add the 1 undeclared key to the schema" in labels(report)
    query = {"schema_view": "Propose", "manifest": fingerprint, "undeclared": "true"}
    app = open_page("schema", **query)
    (table,) = [frame.value for frame in app.dataframe]
    assert list(table["Key"]) == ["sky"]
    assert list(table["Proposed"]) == ["enum: rain, sun"]
    assert list(table["Taking it"]) == ["adds the key"]
    press(app, "Take 1 key into the draft")
    said = words(app)
    assert "1 key taken into the draft" in said
    assert "1 change of the whole organization's schema" in said
    assert "sky" not in world.encord.schema


def test_a_value_that_does_not_fit_the_schema_is_shown_and_not_ticked(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    fingerprint = manifest(world, runtime)
    app = open_page("schema", schema_view="Propose", manifest=fingerprint)
    rows = {row["Key"]: row for row in app.dataframe[0].value.to_dict("records")}
    assert rows["km"]["The schema has"] == "varchar; 30 do not fit"
    assert rows["km"]["Taking it"] == "changes the type"
    assert "Take 1 key into the draft" in labels(app)


def test_another_manifest_is_proposed_from_once_it_is_chosen(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    first = manifest(world, runtime)
    second = manifest(world, runtime, [{"site": "depot", "hour": n} for n in range(1, 31)])
    query = {"schema_view": "Propose", "manifest": first, "undeclared": "true"}
    app = open_page("schema", **query)
    app.selectbox(key=f"schema_propose_manifest_{first}").set_value(second).run()
    (table,) = [frame.value for frame in app.dataframe]
    assert list(table["Key"]) == ["hour"]
    (choice,) = [each for each in app.selectbox if each.label == "Manifest"]
    assert choice.value == second
    assert app.query_params["manifest"] in (second, [second])
    assert app.toggle(key="undeclared").value
    press(app, "Take 1 key into the draft")
    assert "1 key taken into the draft" in words(app)


def test_without_a_manifest_the_page_says_how_to_get_one(open_page: Open) -> None:
    app = open_page("schema", schema_view="Propose")
    assert "No manifest yet" in words(app)
    assert "Check a manifest" in labels(app)


def test_a_destructive_plan_offers_to_look_at_items(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    world.submit(manifest(world, runtime), chunk=100)
    world.settle()
    app = open_page("schema")
    cells = {"edited_rows": {0: {"Type": "number"}, 1: {"State": "deleted"}}}
    app.session_state["schema_table_0"] = {**cells, "added_rows": [], "deleted_rows": []}
    app.run()
    press(app, "Look what items hold")
    runtime.held_values.refresh(HERE.id, patience=PATIENCE)
    app.run()
    assert "The sample: all 30 items of `Folder`." in words(app)
    told = next(f.value for f in app.dataframe if "In the sample" in f.value)
    assert dict(zip(told["Key"], told["In the sample"], strict=True)) == {
        "km": "30 of 30 sampled items hold a value; all of them fit.",
        "site": "0 of 30 sampled items hold a value.",
    }


def test_the_last_question_names_what_will_be_done_and_what_it_costs(
    open_page: Open, world: World
) -> None:
    world.encord.schema = dict(SCHEMA)
    app = open_page("schema")
    added = [{"Key": f"new{n:02}", "Type": "number"} for n in range(1, 21)]
    cells = {"edited_rows": {0: {"Type": "number"}, 1: {"State": "deleted"}}}
    app.session_state["schema_table_0"] = {**cells, "added_rows": added, "deleted_rows": []}
    app.run()
    press(app, "Apply 22 changes")
    listed = words(app)
    for step in (
        "**Change type** `km`: `varchar` to `number`. Values that do not fit stop being filtered",
        "**Delete** `site`: `enum: depot`. The key can be restored with its type.",
        "**Add** `new01`: `number`.",
        "**Add** `new10`: `number`.",
        "And 10 more changes, all of which the plan behind this lists.",
    ):
        assert step in listed
    assert "`new11`" not in listed
    press(app, "Go back")
    assert "**Add** `new01`" not in words(app)


def test_the_fill_of_registered_items_is_drawn_with_its_table(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    world.encord.schema = dict(SCHEMA)
    world.submit(manifest(world, runtime), chunk=100)
    world.settle()
    runtime.held_values.refresh(HERE.id, patience=PATIENCE)
    app = open_page("schema", schema_view="In use")
    assert "The sample: all 30 items of `Folder`." in words(app)
    table = next(f.value for f in app.dataframe if "In the schema" in f.value)
    rows = {row["Key"]: (row["Items"], row["In the schema"]) for row in table.to_dict("records")}
    assert rows == {"km": (30, "varchar"), "sky": (30, "not declared"), "site": (0, "enum: depot")}
