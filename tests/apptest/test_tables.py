"""Rows are opened from a list below their table too: no key reaches a button in a table."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from services.bootstrap import Runtime
from tests.apptest.conftest import Open, words
from tests.apptest.test_bucket_changes import Yard
from tests.apptest.test_datasets import split_run
from tests.unit.engine.world import World

FOLDER_CHOICE = "folders_choice"


def labels(app: AppTest, key: str) -> list[str]:
    return list(app.selectbox(key=key).options)


def open_labelled(app: AppTest, key: str, label: str) -> AppTest:
    """Choose by the words a person sees, which is all the browser sends."""
    listed = app.selectbox(key=key)
    listed.select_index(listed.options.index(label)).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(("page", "key"), [("overview", "recent_runs"), ("runs", "runs")])
def test_each_of_two_runs_of_one_name_opens(
    open_page: Open, world: World, page: str, key: str
) -> None:
    made = [world.submit(world.images(n), nonce=str(n)) for n in (2, 3)]
    world.settle()
    offered = labels(open_page(page), f"{key}_choice")
    assert len(set(offered)) == 2
    opened = [
        open_labelled(open_page(page), f"{key}_choice", each).query_params["run"]
        for each in offered
    ]
    assert sorted(opened) == sorted(made)


def test_each_of_two_folders_of_one_name_opens(open_page: Open, world: World) -> None:
    made = [world.encord.create_folder(name, "").uuid for name in ("Yard", "Yard", "Street")]
    offered = labels(open_page("datasets", datasets_view="All folders"), FOLDER_CHOICE)
    assert len(set(offered)) == 3
    assert "Street" in offered
    opened = []
    for each in offered:
        app = open_page("datasets", datasets_view="All folders")
        open_labelled(app, FOLDER_CHOICE, each)
        assert app.query_params["link_folder_uuid"] in made
        opened.append(str(app.text_input(key="link_folder_uuid").value))
    assert sorted(opened) == sorted(made)


def test_the_row_of_an_object_opens_its_passport(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    world.settle()
    app = open_page("verify", run=run)
    assert sorted(labels(app, "verified_rows_choice")) == [f"gs://bucket/{n}.jpg" for n in range(3)]
    open_labelled(app, "verified_rows_choice", "gs://bucket/1.jpg")
    assert [title.value for title in app.title] == ["Passport"]
    assert app.query_params["object"] == "gs://bucket/1.jpg"


def test_an_object_of_a_signed_url_opens_without_its_signature(
    open_page: Open, world: World
) -> None:
    signed = "https://files.example.com/bucket/1.jpg?X-Amz-Signature=canary"
    run = world.submit(world.manifest({"images": [{"objectUrl": signed}]}), dataset="Streets")
    world.settle()
    app = open_labelled(open_page("verify", run=run), "verified_rows_choice", signed)
    assert app.query_params["object"] == "https://files.example.com/bucket/1.jpg"


def test_an_earlier_receipt_opens(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    world.settle()
    world.onboarding.verify(run, actor="tester")
    world.settle()
    app = open_page("verify", run=run)
    offered = labels(app, "receipts_choice")
    assert len(set(offered)) == 2
    open_labelled(app, "receipts_choice", offered[1])
    earliest = world.ledger.receipts(about=run)[-1]
    assert app.query_params["receipt"] == earliest.id


def test_a_dataset_of_a_part_opens_its_verification(open_page: Open, world: World) -> None:
    run = split_run(world)
    app = open_page("datasets", run=run, datasets_view="A run in parts")
    app.button(key="split_link").click().run()
    world.settle()
    app = open_page("datasets", run=run, datasets_view="A run in parts")
    open_labelled(app, "parts_choice", "Run test")
    assert [title.value for title in app.title] == ["Verify"]
    assert "All 2 entries matched" in words(app)


def test_a_bucket_is_walked_through_and_its_objects_are_in_the_address(
    open_page: Open, runtime: Runtime, tmp_path: Path
) -> None:
    Yard(runtime, tmp_path).list({"top.txt": "1", "night/1.jpg": "1", "night/2.jpg": "1"})
    app = open_page("bucket", bucket="yard", bucket_view="Browse")
    assert labels(app, "browse_table_choice") == ["night/", "top.txt"]
    open_labelled(app, "browse_table_choice", "night/")
    # The list is for the next row at once.
    assert app.selectbox(key="browse_table_choice").value is None
    open_labelled(app, "browse_table_choice", "night/2.jpg")
    assert app.query_params["look_at"] == "night/2.jpg"
    assert "gs://yard/night/2.jpg" in words(app)
    shared = open_page("bucket", bucket="yard", bucket_view="Browse", **looked_at(app))
    assert "gs://yard/night/2.jpg" in words(shared)
    shared.button(key="browse_up").click().run()
    assert "look_at" not in shared.query_params
    assert "gs://yard/night/2.jpg" not in words(shared)


def looked_at(app: AppTest) -> dict[str, str]:
    folder = str(app.text_input(key="folder").value)
    return {"folder": folder, "look_at": app.query_params["look_at"]}
