"""A manifest of what changed in a bucket says what Encord will make of it."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from services.bootstrap import Runtime
from services.buckets.catalog import View
from services.buckets.errors import BucketWorkError
from services.buckets.inventory import take_report
from services.buckets.orders import Place, carry_out, write_order
from services.buckets.recipe import Recipe
from services.buckets.recipes import Asked
from services.buckets.spool import INVENTORY, Scope, Spool
from services.jobs import Progress
from tests.apptest.conftest import HERE, ROOT, Open, words

RECIPE = Recipe(name="Walks")
SKIPS = "Encord skips a URL that its folder already has"


class Yard:
    """A bucket whose listings and manifests are made here and now."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        self.runtime, self.folder = runtime, folder
        reach = runtime.accounts.reach("nobody", sandbox=HERE.domain)
        self.view = View(bucket="yard", reach=reach)

    def list(self, objects: dict[str, str], *, days: int = 1) -> str:
        """List objects, name to generation, an empty one is not known; some days ago.

        A listing is offered by its age, which may not change while a test goes on.
        """
        catalog, scope = self.runtime.catalog, Scope(bucket="yard")
        report = self.folder / "report.csv"
        rows = [f"{name},1,{generation}" for name, generation in objects.items()]
        report.write_text("\n".join(["name,size,generation", *rows]))
        spool = Spool(catalog._next(self.view, scope, INVENTORY))
        take_report(spool, scope, report)
        began = time.time() - timedelta(days=days, hours=1).total_seconds()
        os.utime(spool.folder / "spans.json", (began, began))
        spool.finish(INVENTORY)
        return catalog.listings(self.view)[0].id

    def make(self, listing: str, *, changes: bool = False) -> None:
        recipes = self.runtime.recipes
        asked = Asked(view=self.view, listing=listing, recipe=RECIPE, save=True, changes=changes)
        job = recipes._job(asked)
        job.parent.mkdir(parents=True, exist_ok=True)

        def work(order: str, progress: Progress) -> bytes:
            return carry_out(order, Place(self.runtime.manifests, self.view.reach, progress))

        self.runtime.catalog.jobs.do(
            job, write_order(recipes._order(asked)), work, expected=BucketWorkError
        )


@pytest.fixture
def yard(runtime: Runtime, tmp_path: Path) -> Yard:
    made = Yard(runtime, tmp_path)
    runtime.recipes.save(made.view, RECIPE, "somebody")
    made.make(made.list({"a.jpg": "1", "b.jpg": "1"}, days=2))
    return made


def changes_since(yard: Yard, objects: dict[str, str], open_page: Open) -> AppTest:
    yard.make(yard.list(objects), changes=True)
    app = open_page("bucket", bucket="yard", bucket_view="Build a manifest")
    app.selectbox(key="build_saved").set_value("Walks").run()
    assert not app.exception
    return app


def test_replaced_objects_come_with_what_encord_does_to_them(yard: Yard, open_page: Open) -> None:
    app = changes_since(yard, {"a.jpg": "1", "b.jpg": "2", "c.jpg": "1"}, open_page)
    said = words(app)
    assert "**1 new**, **1 changed**, **0 gone**" in said
    assert "1 replaced object in this manifest" in said
    assert SKIPS in said
    assert "Submit to a new folder, or delete the old items in Encord first" in said


def test_new_objects_alone_need_no_warning(yard: Yard, open_page: Open) -> None:
    said = words(changes_since(yard, {"a.jpg": "1", "b.jpg": "1", "c.jpg": "1"}, open_page))
    assert "**1 new**, **0 changed**, **0 gone**" in said
    assert SKIPS not in said
    assert "not compared" not in said


def test_what_a_report_does_not_tell_is_said_not_to_be_known(yard: Yard, open_page: Open) -> None:
    said = words(changes_since(yard, {"a.jpg": "", "b.jpg": "", "c.jpg": ""}, open_page))
    assert "**1 new**, **0 changed**, **0 gone**" in said
    assert "2 objects not compared" in said
    assert SKIPS not in said


def test_a_link_to_a_saved_recipe_fills_the_form(yard: Yard, open_page: Open) -> None:
    yard.list({"a.jpg": "1"})
    app = open_page("bucket", bucket="yard", bucket_view="Build a manifest", build_saved="Walks")
    assert app.selectbox(key="build_saved").value == "Walks"
    assert app.text_input(key="recipe_name").value == "Walks"
    app.text_input(key="recipe_name").set_value("Runs").run()
    assert app.text_input(key="recipe_name").value == "Runs"


def test_a_recipe_under_way_is_kept_while_another_page_is_looked_at(
    yard: Yard, open_page: Open
) -> None:
    shown = {"bucket": "yard", "bucket_view": "Build a manifest", "build_saved": "Walks"}
    app = open_page("bucket", **shown)
    app.text_input(key="recipe_name").set_value("Runs")
    app.session_state[f"recipe_types_{Recipe().digest}"] = {
        "edited_rows": {0: {"Becomes": "left out"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
    app.switch_page(str(ROOT / "pages" / "runs.py")).run()
    app.switch_page(str(ROOT / "pages" / "bucket.py"))
    app.query_params.update(shown)
    app.run()
    assert app.text_input(key="recipe_name").value == "Runs"
    assert list(app.dataframe[0].value["Becomes"]) == ["left out"]


def test_who_waits_for_replaced_objects_is_not_led_past_the_warning(
    yard: Yard, open_page: Open
) -> None:
    listing = yard.list({"a.jpg": "1", "b.jpg": "2", "c.jpg": "1"})
    app = open_page("bucket", bucket="yard", bucket_view="Build a manifest")
    app.selectbox(key="build_saved").set_value("Walks").run()
    yard.make(listing, changes=True)
    app.button(key="build_changes").click().run()
    assert SKIPS in words(app)
    app.button(key="build_changes_watch_open").click().run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Manifest"]


def test_the_chosen_listing_is_in_the_address_and_in_every_tab(yard: Yard, open_page: Open) -> None:
    older = yard.runtime.catalog.listings(yard.view)[0].id
    yard.list({"a.jpg": "1", "b.jpg": "2", "c.jpg": "1"})
    app = open_page("bucket", bucket="yard", bucket_view="Browse")
    assert "No pattern: all **3 objects**" in words(app)
    (choice,) = [each for each in app.selectbox if each.label == "Listing"]
    choice.set_value(older).run()
    assert "No pattern: all **2 objects**" in words(app)
    assert app.query_params["listing"] == older
    app.button(key="browse_build").click().run()
    (choice,) = [each for each in app.selectbox if each.label == "Listing"]
    assert choice.value == older
    linked = open_page("bucket", bucket="yard", bucket_view="Browse", listing=older)
    assert "No pattern: all **2 objects**" in words(linked)
    linked.button(key="browse_start").click().run()
    assert "listing" not in linked.query_params


def test_what_is_made_says_how_many_objects_an_entry_has(yard: Yard, open_page: Open) -> None:
    app = changes_since(yard, {"a.jpg": "1", "b.jpg": "1", "c.jpg": "1"}, open_page)
    (made,) = [frame.value for frame in app.dataframe if "First URL" in frame.value]
    assert list(made["First URL"]) == ["gs://yard/c.jpg"]
    assert list(made["Objects"]) == [1]
    assert "URLs" not in made
