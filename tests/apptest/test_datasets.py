"""What the pages of datasets and of proof say, and what their buttons do, once."""

import re

from streamlit.testing.v1 import AppTest

from components import dataset_folder
from components.dataset_create import ABOUT
from components.glossary import WORDS
from services.domain.runs import DatasetChoice
from services.domain.tasks import Question
from services.encord_api.errors import RateLimited
from services.engine.onboarding import link_nonce
from services.engine.rescue import GROUPS, TYPES
from services.ledger.specs import run_spec
from tests.apptest.conftest import ROOT, Open, scripts, words
from tests.contract.memory import Fault
from tests.unit.engine.stories import registered, told_once
from tests.unit.engine.world import World


@told_once
def split_run(world: World) -> str:
    """Make a run of ten images: seven to train with, two to test with, one without a word."""
    split = ["train"] * 7 + ["test"] * 2
    entries = [
        {"objectUrl": f"gs://bucket/{n}.jpg", "clientMetadata": {"split": word, "n": n}}
        for n, word in enumerate(split)
    ]
    run = world.submit(world.manifest({"images": [*entries, {"objectUrl": "gs://bucket/9.jpg"}]}))
    world.settle()
    return run


def test_a_dataset_is_created_once_and_its_namesake_is_named(open_page: Open, world: World) -> None:
    namesake = world.encord.create_dataset("Streets", "")
    app = open_page("datasets", datasets_view="All datasets")
    app.text_input(key="new_title").set_value("Streets").run()
    said = words(app)
    assert "1 dataset of this title already" in said
    assert namesake in said
    assert ABOUT in said
    app.button(key="new_yes").click().run()
    world.settle()
    assert [each.title for each in world.encord.list_datasets()] == ["Streets", "Streets"]
    (task,) = world.ledger.tasks()
    said = words(open_page("datasets", task=task.id, datasets_view="All datasets"))
    assert "Dataset ready" in said
    assert task.dataset_uuid is not None
    assert task.dataset_uuid in said


def test_a_dataset_that_was_just_created_is_listed_and_its_title_known(
    open_page: Open, world: World
) -> None:
    app = open_page("datasets", datasets_view="All datasets")
    app.text_input(key="new_title").set_value("Streets").run()
    assert "of this title already" not in words(app)
    assert "There is none yet." in words(app)
    app.button(key="new_yes").click().run()
    world.settle()
    app.run()
    (table,) = [each.value for each in app.dataframe if "Same title" in each.value]
    assert list(table["Title"]) == ["Streets"]
    app.text_input(key="new_title").set_value("Streets").run()
    assert "1 dataset of this title already" in words(app)


def test_a_run_is_split_with_its_counts_shown_first(open_page: Open, world: World) -> None:
    run = split_run(world)
    app = open_page("datasets", run=run, datasets_view="A run in parts")
    assert list(app.selectbox(key="split_key").options) == ["split"]
    said = words(app)
    assert "The parts are disjoint: no entry and no object is in two of them." in said
    assert "In no part: 1 entry." in said
    words_of_it = "--by=split '--title=Run {value}' --value=train --value=test"
    assert f"python -m services split {run} {words_of_it}" in scripts(app)
    app.button(key="split_link").click().run()
    app.button(key="split_link").click().run()
    world.settle()
    listed = world.encord.list_datasets()
    made = {each.title: len(world.encord.list_rows(each.uuid)) for each in listed}
    assert made == {"Run train": 7, "Run test": 2}
    assert "of these titles made" not in said
    assert "2 datasets of these titles made from this run already" in words(app.run())
    assert all(receipt.proven for receipt in world.ledger.receipts(about=run))


def test_an_object_in_two_parts_is_told(open_page: Open, world: World) -> None:
    twice = [
        {"objectUrl": f"gs://bucket/{n // 2}.jpg", "clientMetadata": {"split": "ab"[n % 2]}}
        for n in range(4)
    ]
    run = world.submit(world.manifest({"images": twice}))
    world.settle()
    said = words(open_page("datasets", run=run, datasets_view="A run in parts"))
    assert "2 objects in more than one part" in said


def test_a_namesake_of_the_new_dataset_is_told_before_it_is_made(
    open_page: Open, world: World
) -> None:
    namesake = world.encord.create_dataset("Streets", "")
    run = registered(world)
    app = open_page("datasets", run=run)
    assert "of this title already" not in words(app)
    app.text_input(key=f"dataset_title_{run}").set_value("Streets").run()
    assert "1 dataset of this title already" in words(app)
    assert namesake in words(app)
    app = open_page("datasets", datasets_view="From a folder")
    app.text_input(key="folder_dataset_title").set_value("Streets").run()
    assert "1 dataset of this title already" in words(app)


def test_a_run_is_linked_again_to_its_own_dataset_and_the_page_says_so_first(
    open_page: Open, world: World
) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    world.settle()
    app = open_page("datasets", run=run)
    app.radio(key=f"dataset_way_{world.view(run).dataset_uuid}").set_value("A new dataset").run()
    app.text_input(key=f"dataset_title_{run}").set_value("Streets").run()
    app.text_input(key=f"dataset_description_{run}").set_value("In other words").run()
    assert "This run has a dataset of this title" in words(app)
    app.button(key="link").click().run()
    world.settle()
    (only,) = world.encord.list_datasets("Streets")
    assert world.view(run).dataset_uuid == only.uuid
    assert len(world.ledger.receipts(run=run)) == 2


def test_a_wrong_dataset_is_replaced_by_a_click(open_page: Open, world: World) -> None:
    run = registered(world)
    wrong = "00000000-0000-0000-0000-000000000000"
    world.onboarding.link(run, DatasetChoice(uuid=wrong), nonce=link_nonce(3), actor="me")
    world.settle()
    app = open_page("datasets", run=run)
    said = words(app)
    assert "Link the run to another dataset." in said
    assert "not linked to a dataset yet" in said
    assert "This run's files are linked" not in said
    assert "See the verification" not in {each.label for each in app.button}
    assert "Not linked to a dataset yet" in words(open_page("verify", run=run))
    assert "Linking is not finished" in words(open_page("overview"))
    app.button(key="link").click().run()
    assert "Nothing was changed" in words(app)
    app.text_input(key=f"dataset_uuid_{run}").set_value(world.encord.create_dataset("Right", ""))
    app.run()
    app.button(key="link").click().run()
    assert "Nothing was changed" not in words(app)
    world.settle()
    assert "This run's files are linked to `Right`" in words(open_page("datasets", run=run))


def test_a_folders_unused_files_are_linked(open_page: Open, world: World) -> None:
    run = registered(world)
    folder = world.view(run).folder_uuid or ""
    app = open_page("datasets", datasets_view="From a folder")
    app.text_input(key="link_folder_uuid").set_value(folder).run()
    app.text_input(key="folder_dataset_title").set_value("Rest").run()
    app.toggle(key="link_folder_unused").set_value(True).run()
    app.text_input(key="link_folder_find").set_value("gs://bucket/?X-Goog-Signature=secret").run()
    given = f"--folder-uuid={folder} --find=gs://bucket/ --unused --dataset=Rest"
    assert f"python -m services link-folder {given} --connection sandbox" in scripts(app)
    app.text_input(key="link_folder_find").set_value("gs://bucket/?X-Goog-Signature=secret")
    app.button(key="folder_link").click().run()
    world.settle()
    (task,) = world.ledger.tasks()
    with world.ledger.reading() as cx:
        assert Question.from_json(run_spec(cx, task.id).question).source.search == "gs://bucket/"
    said = words(open_page("verify", task=task.id))
    assert "All 3 entries matched" in said
    app.switch_page(str(ROOT / "pages" / "datasets.py")).run()
    assert "Linking" not in [each.proto.title for each in app.success]


def test_the_same_words_make_one_new_dataset_also_after_a_verification(
    open_page: Open, world: World
) -> None:
    run = registered(world)
    app = open_page("datasets", datasets_view="From a folder")
    app.text_input(key="link_folder_uuid").set_value(world.view(run).folder_uuid or "").run()
    app.text_input(key="folder_dataset_title").set_value("Rest").run()
    app.button(key="folder_link").click().run()
    world.settle()
    assert world.ledger.receipts(limit=1)[0].proven
    app.switch_page(str(ROOT / "pages" / "runs.py")).run()
    app.switch_page(str(ROOT / "pages" / "datasets.py"))
    app.query_params["datasets_view"] = "From a folder"
    app.run()
    app.text_input(key="link_folder_uuid").set_value(world.view(run).folder_uuid or "").run()
    app.text_input(key="folder_dataset_title").set_value("Rest").run()
    app.button(key="folder_link").click().run()
    world.settle()
    assert len(world.encord.list_datasets("Rest")) == 1


def test_a_title_is_kept_while_other_datasets_are_looked_at(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("datasets", run=run)
    app.text_input(key=f"dataset_title_{run}").set_value("Streets")
    for view in ("All datasets", "A whole run"):
        app.session_state["datasets_view"] = view
        app.run()
    assert app.text_input(key=f"dataset_title_{run}").value == "Streets"


def test_a_folder_is_found_by_name_and_its_namesake_is_marked(
    open_page: Open, world: World
) -> None:
    made = [world.encord.create_folder(name, "") for name in ("Yard", "Yard", "Street")]
    app = open_page("datasets", datasets_view="All folders", folder_find="yard")
    table = app.dataframe[0].value
    assert sorted(table["UUID"]) == sorted(each.uuid for each in made[:2])
    assert list(table["Same name"]) == ["1 more", "1 more"]
    street = made[2].uuid
    app = open_page("datasets", datasets_view="All folders", folder_find=street)
    assert list(app.dataframe[0].value["Name"]) == ["Street"]
    app = open_page("datasets", datasets_view="From a folder", link_folder_uuid=street)
    assert app.text_input(key="link_folder_uuid").value == street


def test_a_manifest_is_verified_against_a_folder(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("verify")
    app.text_input(key=f"UUID of the folder_{run}").set_value("").run()
    assert app.button(key="verify_else_yes").disabled
    app.text_input(key=f"UUID of the folder_{run}").set_value(
        world.view(run).folder_uuid or ""
    ).run()
    given = f"--run={run} --folder-uuid={world.view(run).folder_uuid} --connection sandbox"
    assert f"python -m services verify-against {given}" in scripts(app)
    app.button(key="verify_else_yes").click().run()
    world.settle()
    (task,) = world.ledger.tasks()
    app = open_page("verify", task=task.id)
    assert "All 3 entries matched" in words(app)
    assert [text.help for text in app.text if text.value == task.name] == [WORDS["task"]]


#: As wide as it is, PostgreSQL would refuse to keep it.
NO_UUID = "https://app.encord.com/datasets/view/0b1c2d3e-0000-4000-8000-000000000000"


def test_a_dataset_to_link_to_that_is_no_uuid_is_told(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("datasets", run=run)
    app.radio(key="dataset_way_None").set_value("An existing dataset").run()
    field = f"dataset_uuid_{run}"
    app.text_input(key=field).set_value(NO_UUID).run()
    assert "This is not a UUID" in words(app)
    assert app.button(key="link").disabled
    right = world.encord.create_dataset("Right", "")
    app.text_input(key=field).set_value(right.replace("-", "").upper()).run()
    assert "This is not a UUID" not in words(app)
    app.button(key="link").click().run()
    world.settle()
    assert world.view(run).dataset_uuid == right


def test_a_place_to_verify_that_is_no_uuid_is_told(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("verify")
    app.text_input(key=f"UUID of the dataset_{run}").set_value(NO_UUID).run()
    assert "This is not a UUID" in words(app)
    assert app.button(key="verify_else_yes").disabled  # though the folder is a right one


def test_files_of_every_type_can_be_chosen_in_a_folder() -> None:
    assert set(dataset_folder.TYPES.values()) == {"", *TYPES, *GROUPS}


def test_a_folder_and_a_dataset_that_are_no_uuids_are_told(open_page: Open, world: World) -> None:
    app = open_page("datasets", datasets_view="From a folder")
    app.text_input(key="folder_dataset_title").set_value("Rest").run()
    app.text_input(key="link_folder_uuid").set_value(NO_UUID).run()
    assert "This is not a UUID" not in words(app)
    app.button(key="folder_link").click().run()
    assert "This is not a UUID" in words(app)
    app = open_page("datasets", datasets_view="From a folder")
    folder = world.encord.create_folder("Yard", "").uuid
    app.text_input(key="link_folder_uuid").set_value(folder).run()
    app.text_input(key="folder_dataset_uuid").set_value(NO_UUID).run()
    assert "This is not a UUID" in words(app)
    assert app.button(key="folder_link").disabled
    assert world.ledger.tasks() == []


def test_a_receipt_says_what_is_gone_and_unlinking_asks_for_the_name(
    open_page: Open, world: World
) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    other = world.submit(
        world.manifest({"images": [{"objectUrl": "gs://other/1.jpg"}]}), nonce="other"
    )
    world.settle()
    view = world.view(run)
    stranger = world.ledger.outcomes(other).rows[0].item_uuid or ""
    gone = world.encord.list_rows(view.dataset_uuid or "")[0].uuid
    world.encord.unlink_rows(view.dataset_uuid or "", [gone])
    world.encord.link_items(view.dataset_uuid or "", [stranger])
    world.onboarding.verify(run, actor="tester")
    world.settle()
    app = open_page("verify", run=run)
    said = words(app)
    assert "2 of 3 matched, 1 missing, 1 unexpected" in said
    assert "1 entry gone or changed" in said
    app.button(key="unlink").click().run()
    assert "**Plan:** 1 row of `Streets` go" in words(app)
    assert app.button(key="unlink_yes").disabled
    assert not [each for each in scripts(app) if " unlink" in each]
    app.session_state["unlink_name"] = "Streets"
    app.button(key="unlink").click().run()
    receipt = world.ledger.receipts(run=run, limit=1)[0].id
    given = f"{receipt} --verdict=unexpected --confirm=Streets --connection sandbox"
    assert f"python -m services unlink {given}" in scripts(app)


def test_linking_a_whole_run_is_as_before(open_page: Open, world: World) -> None:
    run = registered(world)
    world.onboarding.link(run, DatasetChoice(title="All"), nonce="n", actor="me")
    world.settle()
    assert "This run's files are linked to `All`" in words(open_page("datasets", run=run))


def test_a_passport_tells_what_became_of_an_object(open_page: Open, world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = "404: no such object"
    registered(world)
    said = words(open_page("passport", object="gs://bucket/1.jpg"))
    assert "404: no such object" in said
    assert "2 of manifest.json" in said
    assert "No storage item is known for it." in said
    assert "Nothing is known about it here" in words(open_page("passport", object="gs://b/none"))
    app = open_page("passport")
    app.text_input(key="passport_box").set_value(
        "https://bucket.storage.googleapis.com/0.jpg?X-Goog-Signature=canary"
    ).run()
    assert "canary" not in str(app.query_params)
    assert "gs://bucket/0.jpg" in words(app)


def test_a_passport_says_what_encord_says_now(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("passport", object="gs://bucket/1.jpg")
    assert "none" in datasets_of(app)
    world.onboarding.link(run, DatasetChoice(title="Streets"), nonce="n", actor="me")
    world.settle()
    assert "Streets" in datasets_of(open_page("passport", object="gs://bucket/1.jpg"))
    asked = world.encord.count("get_item")
    assert "Streets" in datasets_of(open_page("passport", object="gs://bucket/1.jpg"))
    assert world.encord.count("get_item") == asked  # told to another person a moment ago
    app.button(key="passport_again").click().run()
    assert world.encord.count("get_item") == asked + 1
    assert "Streets" in datasets_of(app)
    assert re.search(r"Read 20\d\d-.* UTC \(just now\)", words(app))


def test_a_passport_says_why_it_cannot_tell_what_is_now(open_page: Open, world: World) -> None:
    registered(world)
    world.encord.script("get_item", Fault(RateLimited("reading the item")))
    app = open_page("passport", object="gs://bucket/1.jpg")
    assert str(RateLimited("reading the item")) in datasets_of(app)
    app.run()
    assert world.asked("get_item") == 1
    app.button(key="passport_again").click().run()
    assert "none" in datasets_of(app)


def test_parts_that_cannot_be_read_can_be_tried_again(open_page: Open, world: World) -> None:
    run = split_run(world)
    stored = world.manifests.root / world.view(run).manifest
    stored.rename(stored.with_suffix(".away"))
    app = open_page("datasets", run=run, datasets_view="A run in parts")
    assert "The manifest could not be read" in words(app)
    stored.with_suffix(".away").rename(stored)
    (again,) = [each for each in app.button if each.label == "Try again"]
    again.click().run()
    assert "The parts are disjoint" in words(app)


def datasets_of(app: AppTest) -> list[str]:
    """Return the values of a passport's facts."""
    return [str(each.value) for each in app.text]
