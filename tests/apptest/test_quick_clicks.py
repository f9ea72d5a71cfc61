"""A click right behind the last word typed: the page is not drawn anew in between.

Streamlit gives a callback what the page before was drawn from. What counts is what the fields say.
"""

import pytest

from services.bootstrap import Runtime
from services.engine.connections import Connection
from tests.apptest.conftest import HERE, Open, words
from tests.apptest.test_datasets import split_run
from tests.apptest.test_pages import ANSWER, broken_run, private_key
from tests.unit.engine.stories import registered
from tests.unit.engine.world import OPTIONS, World


def test_a_run_goes_to_the_folder_that_was_typed_last(open_page: Open, world: World) -> None:
    manifest = world.images(3)
    app = open_page("submit", manifest=manifest)
    app.text_input(key=f"run_name_{manifest[:8]}").set_value("Night shift")
    app.text_input(key=f"folder_name_{manifest[:8]}").set_value("Yard")
    app.button(key="submit").click().run()
    (run,) = world.ledger.runs().rows
    assert (run.name, run.folder_name) == ("Night shift", "Yard")


@pytest.mark.parametrize("emptied", ["run_name", "folder_name"])
def test_nothing_is_submitted_once_a_name_is_gone(
    open_page: Open, world: World, emptied: str
) -> None:
    manifest = world.images(3)
    app = open_page("submit", manifest=manifest)
    app.text_input(key=f"{emptied}_{manifest[:8]}").set_value("")
    app.button(key="submit").click().run()
    assert world.ledger.runs().total == 0
    assert "Not ready to submit" in words(app)


def test_nothing_is_submitted_to_a_new_folder_once_an_existing_one_is_wanted(
    open_page: Open, world: World
) -> None:
    app = open_page("submit", manifest=world.images(3))
    app.radio(key="folder_way").set_value("An existing folder")
    app.button(key="submit").click().run()
    assert world.ledger.runs().total == 0
    assert "Not ready to submit" in words(app)


def test_nothing_is_submitted_again_once_the_tick_is_gone(open_page: Open, world: World) -> None:
    manifest = world.images(3)
    open_page("submit", manifest=manifest).button(key="submit").click().run()
    app = open_page("submit", manifest=manifest)
    app.checkbox(key="submit_again_1").check().run()
    app.checkbox(key="submit_again_1").uncheck()
    app.button(key="submit").click().run()
    assert world.ledger.runs().total == 1


def test_a_run_is_linked_to_the_dataset_that_was_typed_last(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("datasets", run=run)
    app.text_input(key=f"dataset_title_{run}").set_value("Streets")
    app.button(key="link").click().run()
    world.settle()
    assert [each.title for each in world.encord.list_datasets()] == ["Streets"]


def test_a_dataset_is_called_what_was_typed_last(open_page: Open, world: World) -> None:
    app = open_page("datasets", datasets_view="All datasets")
    app.text_input(key="new_title").set_value("Street").run()
    app.text_input(key="new_title").set_value("Streets")
    app.button(key="new_yes").click().run()
    world.settle()
    assert [each.title for each in world.encord.list_datasets()] == ["Streets"]


def test_parts_are_called_and_chosen_as_they_were_last(open_page: Open, world: World) -> None:
    run = split_run(world)
    app = open_page("datasets", run=run, datasets_view="A run in parts")
    app.text_input(key=f"split_title_{run}").set_value("Yard {value}")
    app.button_group(key="split_values_split").set_value(["test"])
    app.button(key="split_link").click().run()
    world.settle()
    assert [each.title for each in world.encord.list_datasets()] == ["Yard test"]


def test_a_folders_files_are_those_that_were_asked_for_last(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    world.settle()
    app = open_page("datasets", datasets_view="From a folder")
    app.text_input(key="link_folder_uuid").set_value(world.view(run).folder_uuid or "").run()
    app.text_input(key="folder_dataset_title").set_value("Rest").run()
    app.text_input(key="link_folder_find").set_value("2.jpg")
    app.text_input(key="folder_dataset_title").set_value("Second")
    app.button(key="folder_link").click().run()
    world.settle()
    made = {
        each.title: len(world.encord.list_rows(each.uuid)) for each in world.encord.list_datasets()
    }
    assert made == {"Streets": 3, "Second": 1}


def test_a_verification_asks_the_dataset_that_was_typed_last(open_page: Open, world: World) -> None:
    run = registered(world)
    empty = world.encord.create_dataset("Empty", "")
    app = open_page("verify", run=run)
    app.text_input(key=f"UUID of the dataset_{run}").set_value(empty)
    app.button(key="verify_else_yes").click().run()
    world.settle()
    (task,) = world.ledger.tasks()
    assert "0 of 3 matched, 3 missing" in words(open_page("verify", task=task.id))


def test_a_retry_sends_what_was_searched_for_last(open_page: Open, world: World) -> None:
    run = broken_run(world)
    app = open_page("run", run=run)
    app.text_input(key="run_find").set_value("jpg").run()
    app.text_input(key="run_find").set_value("3.jpg?X-Goog-Signature=canary")
    app.button(key="outcomes_table_matching").click().run()
    (retry,) = world.ledger.retries(run)
    assert retry.counts.entries == 1


def test_a_key_goes_where_was_chosen_last(
    open_page: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def add(domain: str, _secret: bytes, _passphrase: str | None, *, by: str) -> Connection:
        asked.append(domain)
        return HERE

    monkeypatch.setattr(runtime.connections, "add", add)
    monkeypatch.setattr(runtime.connections, "check", lambda _id: ANSWER)
    monkeypatch.setattr(runtime.connections, "last_check", lambda _id: ANSWER)
    app = open_page("connect")
    app.radio(key="place").set_value("Encord EU").run()
    app.radio(key="key_by").set_value("Paste the key").run()
    app.text_area[0].set_value(private_key())
    app.radio(key="place").set_value("Encord US")
    app.button(key="connect").click().run()
    assert asked == ["https://api.us.encord.com"]


def test_rows_are_not_taken_out_once_others_are_chosen(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    other = world.submit(
        world.manifest({"images": [{"objectUrl": "gs://other/1.jpg"}]}), nonce="other"
    )
    world.settle()
    dataset = world.view(run).dataset_uuid or ""
    world.encord.link_items(dataset, [world.ledger.outcomes(other).rows[0].item_uuid or ""])
    world.onboarding.verify(run, actor="tester")
    world.settle()
    app = open_page("verify", run=run)
    app.button(key="unlink").click().run()
    app.text_input(key="unlink_name").set_value("Streets")
    app.button(key="unlink").click().run()
    app.radio(key="unlink_which").set_value("Both")
    app.button(key="unlink_yes").click().run()
    world.settle()
    assert len(world.encord.list_rows(dataset)) == 4


def test_linking_is_left_alone_without_a_title(open_page: Open, world: World) -> None:
    run = registered(world)
    app = open_page("datasets", run=run)
    app.text_input(key=f"dataset_title_{run}").set_value(" ")
    app.button(key="link").click().run()
    world.settle()
    assert not world.encord.list_datasets()


def test_columns_become_what_was_chosen_last(open_page: Open, world: World) -> None:
    foreign = b"path,label\r\nimages/1.jpg,cat\r\nimages/2.jpg,dog\r\n"
    before = world.document(foreign, "csv")
    app = open_page("manifest", manifest=before)
    columns = f"mapping_{before[:8]}"
    app.selectbox(key=f"{columns}_0").set_value("metadata.path").run()
    app.text_input(key=f"{columns}_template").set_value("gs://day/{path}").run()
    app.text_input(key=f"{columns}_template").set_value("gs://night/{path}")
    app.button(key="mapping_apply").click().run()
    after = str(app.query_params["manifest"])
    assert after != before
    urls = [row.url for row in world.manifests.check(after, OPTIONS).entries().rows]
    assert urls == ["gs://night/images/1.jpg", "gs://night/images/2.jpg"]
