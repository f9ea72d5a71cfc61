"""Manifests are edited by hand, come from allowed folders, and lead back to their parents."""

import csv

import pytest
from streamlit.testing.v1 import AppTest

from services.bootstrap import Runtime
from services.manifests import repair
from services.manifests.repair import EditOrder, HoldOrder, Kind, Replacement, ReplaceOrder
from tests.apptest.conftest import Open, scripts, words
from tests.unit.engine.world import OPTIONS, World

BROKEN = {"images": [{"objectUrl": "gs://b/1.jpg"}, {"objectUrl": "gs://b/2 2.jpg"}]}


def test_failing_rows_are_edited_into_a_new_manifest(open_page: Open, world: World) -> None:
    before = world.manifest(BROKEN)
    app = open_page("manifest", manifest=before, manifest_view="Edit")
    assert "1 to 1 of 1 entry" in words(app)
    key = f"edit_{before[:8]}_None_1"
    app.session_state[key] = {
        "edited_rows": {0: {"objectUrl": "gs://b/2.jpg"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.button(key=f"{key}_save").click().run()
    after = str(app.query_params["manifest"])
    assert repair.parent_of(world.manifests, after) == before
    assert world.manifests.check(after, OPTIONS).summary.valid_entries == 2
    said = words(open_page("manifest", manifest=after))
    assert "Edited by hand, 1 change" in said


def test_edits_are_shown_as_a_script_that_holds_no_signature(open_page: Open, world: World) -> None:
    before = world.manifest(BROKEN)
    app = open_page("manifest", manifest=before, manifest_view="Edit")
    assert "Change a cell first." in words(app)
    assert not [each for each in scripts(app) if "edits.json" in each]
    key = f"edit_{before[:8]}_None_1"
    edited: dict[str, list[int]] = {"added_rows": [], "deleted_rows": []}
    url = "gs://b/2.jpg?X-Goog-Signature=secret"
    app.session_state[key] = {"edited_rows": {0: {"objectUrl": url}}, **edited}
    app.run()
    assert not [each for each in scripts(app) if "edits.json" in each or "secret" in each]
    app.session_state[key] = {"edited_rows": {0: {"objectUrl": "gs://b/2.jpg"}}, **edited}
    app.run()
    (command,) = [each for each in scripts(app) if "edits.json" in each]
    assert '"1": {\n    "objectUrl": "gs://b/2.jpg"\n  }' in command
    line = "python -m services edit manifest.json manifest-mended.json --edits edits.json"
    assert command.splitlines()[-1] == line


def test_a_foreign_csv_is_mapped_by_the_script_of_what_is_chosen(
    open_page: Open, world: World
) -> None:
    foreign = world.document(b"Where;Who\ngs://b/1.jpg;Ann\ngs://b/2.jpg;Zoe\n", "csv")
    app = open_page("manifest", manifest=foreign)
    (who,) = [each for each in app.selectbox if each.label == "Column 2 becomes"]
    who.set_value("Title").run()
    (command,) = [each for each in scripts(app) if "map-columns" in each]
    assert '[["Where", "ObjectURL"], ["Who", "Title"]]' in command
    line = "map-columns manifest.csv manifest-mended.csv --mapping mapping.json"
    assert command.endswith(f"python -m services {line}")


def test_findings_beyond_those_kept_are_announced(open_page: Open, world: World) -> None:
    before = world.manifest({"images": [{"objectUrl": f"gs://b/{n} .jpg"} for n in range(1_200)]})
    found = {"findings_find": "no such thing", "findings_severity": "Warning"}
    app = open_page("manifest", manifest=before, **found)
    assert "Nothing matches" in words(app)
    assert "1,200 findings" in words(app)
    (show,) = [each for each in app.button if each.label == "Show the first 1,000 of 1,200"]
    show.click().run()
    assert "1 to 25 of 1,000 findings" in words(app)
    assert (
        "1,000 of 1,200 findings are kept and shown here: the first 1,000 of each code. "
        "The counts above are exact." in words(app)
    )


def test_an_entry_whose_findings_were_not_kept_says_what_is_wrong(
    open_page: Open, world: World
) -> None:
    before = world.manifest({"images": [{"objectUrl": f"gs://b/{n} .jpg"} for n in range(1_200)]})
    app = open_page("manifest", manifest=before, manifest_view="Edit", edit_page="48").run()
    (table,) = [frame.value for frame in app.dataframe if "What is wrong" in frame.value]
    assert len(table) == 25
    assert set(table["What is wrong"]) == {"White space in the URL."}


def test_nothing_edited_is_nothing_saved(open_page: Open, world: World) -> None:
    before = world.manifest(BROKEN)
    app = open_page("manifest", manifest=before, manifest_view="Edit")
    app.button(key=f"edit_{before[:8]}_None_1_save").click().run()
    assert "No cell was changed" in words(app)
    assert len(world.manifests.recent()) == 1


def test_a_change_that_failed_is_told_to_who_asked_and_stays_until_then(
    open_page: Open, runtime: Runtime, world: World
) -> None:
    before = world.manifest(BROKEN)
    options = world.manifests.open(before, OPTIONS).options.to_json()
    order = EditOrder(options=options, edits={99: {"objectUrl": "gs://b/99.jpg"}})
    asker = open_page("manifest", manifest=before)
    asker.session_state["onboarding_session"].waits_for = order.name
    assert runtime.repairs.start(before, order).phase == "failed"
    other = open_page("manifest", manifest=before)
    assert "A change to this manifest was not made" in words(other)
    assert "The manifest was not changed" not in words(other)
    asker.run()
    assert "The manifest was not changed" in words(asker)
    assert "A change to this manifest was not made" not in words(other.run())


def test_a_change_that_failed_for_somebody_who_is_gone_is_taken_away(
    open_page: Open, runtime: Runtime, world: World
) -> None:
    before = world.manifest(BROKEN)
    options = world.manifests.open(before, OPTIONS).options.to_json()
    runtime.repairs.start(before, EditOrder(options=options, edits={99: {"title": "None"}}))
    app = open_page("manifest", manifest=before)
    (away,) = [each for each in app.button if each.label == "Take this message away"]
    away.click().run()
    assert "A change to this manifest was not made" not in words(app)


def test_undo_goes_back_to_the_parent(open_page: Open, world: World) -> None:
    before = world.manifest(BROKEN)
    after = repair.edit(world.manifests, before, {1: {"objectUrl": "gs://b/2.jpg"}}, OPTIONS)
    world.manifests.check(after, OPTIONS)
    app = open_page("manifest", manifest=after)
    app.button(key="lineage_undo").click().run()
    assert app.query_params["manifest"] == before
    assert "1 entry ready, 1 to fix" in words(app)


@pytest.mark.parametrize(
    ("page", "view", "said"),
    [
        ("submit", {}, "onboard {name} "),
        ("manifest", {}, "validate {name} "),
        ("manifest", {"manifest_view": "What Encord receives"}, "convert {name} "),
    ],
)
def test_a_script_reads_the_mended_file_that_is_offered_beside_it(
    page: str, view: dict[str, str], said: str, open_page: Open, world: World
) -> None:
    before = world.manifest(BROKEN)
    after = repair.edit(world.manifests, before, {1: {"objectUrl": "gs://b/2.jpg"}}, OPTIONS)
    world.manifests.check(after, OPTIONS)
    app = open_page(page, manifest=after, **view)
    name = f"manifest-{after[:8]}.json"
    assert said.format(name=name) in words(app)
    assert f"open('{name}', \"rb\")" in words(app)
    assert f"It reads `{name}` there." in words(app)
    assert "Download the manifest" in labels(app)
    assert said.format(name="manifest.json") in words(open_page(page, manifest=before, **view))


def test_a_fix_is_shown_as_a_script_beside_its_preview(open_page: Open, world: World) -> None:
    app = open_page("manifest", manifest=world.manifest(BROKEN))
    app.button(key="findings_url-whitespace_percent-encode").click().run()
    assert (
        "python -m services fix manifest.json manifest-mended.json --code=url-whitespace "
        "--fix=percent-encode" in scripts(app)
    )


def test_a_replacement_is_shown_as_a_script_beside_its_preview(
    open_page: Open, world: World
) -> None:
    app = open_page("manifest", manifest=world.manifest(BROKEN), manifest_view="Edit")
    app.text_input(key="replace_bucket_new").set_value("other").run()
    app.button(key="replace_preview").click().run()
    assert (
        "python -m services replace manifest.json manifest-mended.json --kind=bucket --old=b "
        "--new=other" in scripts(app)
    )
    app.selectbox(key="replace_kind").set_value("Another beginning").run()
    signed = "https://b.example/1.jpg?X-Goog-Signature=secret"
    app.text_input(key="replace_prefix_old").set_value("gs://b/").run()
    app.text_input(key="replace_prefix_new").set_value(signed).run()
    app.button(key="replace_preview").click().run()
    assert not [each for each in scripts(app) if "secret" in each]
    assert "A URL with a signature is never part of a script." in words(app)


def test_there_and_back_again_says_where_the_way_back_is(
    open_page: Open, runtime: Runtime, world: World
) -> None:
    before = world.manifest({"images": [{"objectUrl": "gs://one/1.jpg"}]})
    options = world.manifests.open(before, OPTIONS).options.to_json()
    replacement = Replacement(kind=Kind.BUCKET, old="one", new="other")
    order = ReplaceOrder(options=options, replacement=replacement)
    runtime.repairs.start(before, order)
    there = runtime.repairs.answer(before, order, str)
    world.manifests.check(there, OPTIONS)
    app = open_page("manifest", manifest=there, manifest_view="Edit")
    app.text_input(key="replace_bucket_new").set_value("one").run()
    app.button(key="replace_preview").click().run()
    app.button(key="replace_yes").click().run()
    assert app.query_params["manifest"] == before
    assert "This is an earlier manifest again" in words(app)
    app.button(key=f"lineage_{there}").click().run()
    assert app.query_params["manifest"] == there


def test_many_entries_to_fix_are_prepared_before_they_are_downloaded(
    open_page: Open, runtime: Runtime, world: World
) -> None:
    many = 5_001
    before = world.manifest({"images": [{"objectUrl": f"gs://b/{n} .jpg"} for n in range(many)]})
    app = open_page("manifest", manifest=before)
    assert "Download the 5,001 entries to fix" not in labels(app)
    app.button(key="files_held_prepare").click().run()
    assert "Download the 5,001 entries to fix" in labels(app)
    order = HoldOrder(options=world.manifests.open(before, OPTIONS).options.to_json())
    with runtime.repairs.held_file(before, order).open(encoding="utf-8-sig", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == many + 1


def labels(app: AppTest) -> list[str]:
    """Return what the buttons that download say."""
    return [element.proto.label for element in app.get("download_button")]


def test_a_file_of_an_allowed_folder_is_taken(
    open_page: Open, runtime: Runtime, world: World
) -> None:
    folder = runtime.settings.manifest_folders[0]
    (folder / "nightly.csv").write_text("ObjectURL,Type\ngs://b/1.jpg,image\n")
    app = open_page("manifest")
    app.radio(key="source").set_value("This server").run()
    app.selectbox(key="server_file").select_index(0).run()
    assert world.manifests.recent()[0].name == "nightly.csv"


def test_what_is_no_address_of_an_object_is_said(open_page: Open, world: World) -> None:
    app = open_page("manifest")
    app.radio(key="source").set_value("A bucket").run()
    app.text_input(key="object_url").set_value("not an address")
    app.button[0].click().run()
    assert "This is not the address of an object" in words(app)
    assert not world.manifests.recent()


def test_the_ready_entries_are_taken_away_in_another_format(open_page: Open, world: World) -> None:
    given = world.manifest({"images": [{"objectUrl": "gs://b/1.jpg"}, {"objectUrl": "gs://b/2 2"}]})
    app = open_page("manifest", manifest=given, manifest_view="What Encord receives")
    app.selectbox(key="formats_form").set_value("JSON Lines, an entry a line").run()
    app.button(key="formats_write").click().run()
    (made,) = world.folder.glob("manifests/*/*/written.jsonl")
    assert made.read_text() == '{"type":"image","objectUrl":"gs://b/1.jpg"}\n'
    assert "Download the file" in labels(app)


def test_what_a_format_cannot_say_is_told(open_page: Open, world: World) -> None:
    given = world.manifest({"audio": [{"objectUrl": "gs://b/1.wav"}]})
    app = open_page("manifest", manifest=given, manifest_view="What Encord receives")
    app.selectbox(key="formats_form").set_value("CSV of Encord's own form").run()
    app.button(key="formats_write").click().run()
    assert "it has no column for audio" in words(app)
