"""Listing, building and comparing over a socket: the sandbox, and an emulator nobody here wrote."""

import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]

from services.buckets import browsing
from services.buckets.accounts import Accounts
from services.buckets.catalog import Catalog, Listing, View
from services.buckets.comparisons import Comparisons, Subject
from services.buckets.errors import NothingToListError
from services.buckets.listing import find_spans, list_objects
from services.buckets.patience import TRIES
from services.buckets.preview import preview
from services.buckets.reach import Reach
from services.buckets.recipe import Recipe
from services.buckets.recipes import Asked, Recipes
from services.buckets.spool import Scope, Spool
from services.jobs import TAKEN, JobState
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.sandbox.demo import demo_manifest_csv
from tests.contract.emulator_process import BUCKET, emulator_process
from tests.contract.sandbox_process import SandboxProcess
from tests.unit.canaries import found_in, make_canaries

pytestmark = pytest.mark.usefixtures("forked")

OBJECT = "gcs GET /storage/v1/b/{bucket}/o/{name:path}"
SIDECAR = json.dumps({"site": "harbor"}).encode()
OBJECTS = {
    "walks/one/frame-2.jpg": (b"two", "image/jpeg"),
    "walks/one/frame-10.jpg": (b"ten", "image/jpeg"),
    "walks/one/frame-2.json": (SIDECAR, "application/json"),
    "walks/one/frame-10.jpg.json": (b"[1]", "application/json"),
    "walks/two/ü frame-1.jpg": (b"one", "image/jpeg"),
    "empty.jpg": (b"", "image/jpeg"),
    "page.jpg": (b"<html>", "text/html"),
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with emulator_process(OBJECTS) as url:
        yield url


@pytest.fixture
def manifests(tmp_path: Path) -> ManifestStore:
    return ManifestStore(tmp_path / "manifests", max_bytes=10**8)


@pytest.fixture
def catalog(tmp_path: Path, manifests: ManifestStore) -> Catalog:
    return Catalog(tmp_path / "buckets", manifests)


@pytest.fixture
def demo(sandbox: SandboxProcess) -> View:
    return View(bucket=sandbox.bucket, reach=Reach(account="nobody", endpoint=sandbox.url))


@pytest.fixture
def yard(emulator: str) -> View:
    return View(bucket=BUCKET, reach=Reach(account="nobody", endpoint=emulator))


def ended(state: JobState) -> bool:
    return state.phase in {"done", "failed"}


def wait(read: object) -> JobState:
    """Wait for a child process; nothing but its end is asked for."""
    assert callable(read)
    deadline = time.monotonic() + 60
    while not ended(state := read()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    return JobState(phase=state.phase, progress=state.progress, message=state.message)


def listed(catalog: Catalog, view: View, *prefixes: str) -> Listing:
    catalog.start(view, prefixes)
    state = wait(lambda: catalog.state(view, prefixes))
    assert state.phase == "done", state.message
    return catalog.listings(view)[0]


def names(spool: Spool) -> list[str]:
    return sorted(spool.objects().collect()["name"])


def test_prefixes_are_listed_in_parallel_and_completely(catalog: Catalog, demo: View) -> None:
    found = listed(catalog, demo, "images/", "groups/", "images/street/")
    spool = catalog.spool(demo, found.id)
    assert found.totals.objects == len(set(names(spool))) == 272
    assert found.totals.requests == 4
    assert len(spool.spans() or []) == 4
    page = browsing.level(spool, "")
    assert [(line.name, line.objects, line.is_folder) for line in page.rows] == [
        ("groups/", 12, True),
        ("images/", 260, True),
    ]
    deeper = browsing.level(spool, "groups/seq-01/", limit=2)
    assert deeper.total == 6
    assert deeper.rows[0].name == "groups/seq-01/frame-0001.jpg"
    assert deeper.rows[0].content_type == "image/jpeg"
    assert browsing.taken(spool, Recipe(include=("**/seq-*/*-000[12].jpg",))).objects == 4
    assert browsing.taken(spool, Recipe()).objects == 272


def test_a_large_flat_folder_is_cut_and_listed_whole(demo: View) -> None:
    scope = Scope(bucket=demo.bucket, prefixes=("bulk/00",))
    spans = find_spans(demo.reach.open(), scope)
    assert len(spans) > 8
    assert (spans[0].start, spans[-1].end) == ("", "")


def test_a_listing_that_was_stopped_goes_on_without_asking_twice(
    demo: View, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "listing")
    scope = Scope(bucket=demo.bucket, prefixes=("bulk/00",))

    def stop(objects: int) -> None:
        if objects > 5_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list_objects(spool, scope, demo.reach.open, stop)
    kept = [spool.checkpoint(number) for number in range(len(spool.spans() or []))]
    before = sum(each.objects for each in kept)
    assert spool.totals() is None
    totals = list_objects(spool, scope, demo.reach.open, lambda _: None)
    assert totals.objects == len(set(names(spool))) == 10_000
    again = totals.requests - sum(each.requests for each in kept)
    assert again * 1_000 >= 10_000 - before


def test_listing_again_is_another_listing(catalog: Catalog, demo: View) -> None:
    first = listed(catalog, demo, "groups/")
    second = listed(catalog, demo, "groups/")
    assert first.id != second.id
    assert [each.id for each in catalog.listings(demo)] == [second.id, first.id]


def test_a_mark_beside_a_job_is_no_listing(catalog: Catalog, demo: View, tmp_path: Path) -> None:
    first = listed(catalog, demo, "groups/")
    leave_marks(tmp_path)
    second = listed(catalog, demo, "groups/")
    assert [each.id for each in catalog.listings(demo)] == [second.id, first.id]


def leave_marks(folder: Path) -> None:
    """Leave what a process leaves that is killed while it starts a job anew."""
    for job in list(folder.rglob("0*.job")):
        job.with_name(f"{job.name}{TAKEN}").touch()


def test_a_report_that_breaks_leaves_the_listing_whole(catalog: Catalog, yard: View) -> None:
    good = "".join(f"n/{number:06}.jpg,1\n" for number in range(400_000))
    catalog.take_report(yard, io.BytesIO(f"name,size\n{good}z.jpg,many\n".encode()))
    state = wait(lambda: catalog.state(yard, ()))
    assert (state.phase, "cannot be read" in state.message) == ("failed", True)
    found = listed(catalog, yard)
    assert names(catalog.spool(yard, found.id)) == sorted(OBJECTS)
    catalog.take_report(yard, io.BytesIO(b"name,size\na.jpg,1\n"))
    assert wait(lambda: catalog.state(yard, ())).phase == "done"
    assert [each.totals.source for each in catalog.listings(yard)] == ["inventory", "listing"]


def test_two_reports_at_once_are_both_listed_and_none_stays_behind(
    catalog: Catalog, yard: View
) -> None:
    many = "".join(f"n/{number:06}.jpg,1\n" for number in range(400_000))
    catalog.take_report(yard, io.BytesIO(f"name,size\n{many}".encode()))
    catalog.take_report(yard, io.BytesIO(b"name,size\na.jpg,1\n"))

    def both() -> JobState:
        return JobState(phase="done" if len(catalog.listings(yard)) == 2 else "running")

    wait(both)
    assert {each.totals.objects for each in catalog.listings(yard)} == {1, 400_000}
    assert list((catalog.folder(yard) / "reports").iterdir()) == []


def test_reports_that_failed_are_swept_and_those_that_were_taken_are_few(
    catalog: Catalog, yard: View
) -> None:
    for content in (
        b"name,size\na,many\n",
        b"name,size\na,2\n",
        b"name\na\n",
        *[b"name,size\na,3\n"] * 3,
    ):
        catalog.take_report(yard, io.BytesIO(content))
        wait(lambda: catalog.state(yard, ()))
    kept = [each.totals.bytes for each in catalog.listings(yard)]
    assert kept == [3, 3, 3]
    folders = list((catalog.folder(yard) / "listings").glob("*-report/*"))
    assert len(folders) == 2 * len(kept)  # each with its job
    assert list((catalog.folder(yard) / "reports").iterdir()) == []


def test_a_refusal_is_told_in_words(catalog: Catalog, demo: View) -> None:
    locked = View(bucket="encord-locked-bucket", reach=demo.reach)
    catalog.start(locked, ())
    state = wait(lambda: catalog.state(locked, ()))
    assert state.phase == "failed"
    assert "is not open to everybody for this: listing objects" in state.message
    assert "going on is possible" in state.message


def test_a_listing_belongs_to_who_asked(catalog: Catalog, demo: View) -> None:
    found = listed(catalog, demo, "groups/")
    other = View(bucket=demo.bucket, reach=Reach(account="somebody", endpoint=demo.reach.endpoint))
    assert catalog.listings(other) == []
    with pytest.raises(NothingToListError):
        catalog.spool(other, found.id)


def test_a_key_reaches_the_child_and_no_disk(
    catalog: Catalog, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    canary = make_canaries()["google"]
    accounts = Accounts()
    account = accounts.add(canary.text)
    reach = accounts.reach(account.id)
    assert canary.text not in repr(reach)
    at_sandbox = Reach(account=reach.account, endpoint=sandbox.url, key=reach.key)
    listed(catalog, View(bucket=sandbox.bucket, reach=at_sandbox), "groups/")
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not [text for text in written if found_in(text, canary)]


def test_the_emulator_is_listed_and_built_from(
    catalog: Catalog, yard: View, manifests: ManifestStore
) -> None:
    found = listed(catalog, yard)
    assert names(catalog.spool(yard, found.id)) == sorted(OBJECTS)
    recipes = Recipes(catalog)
    recipe = Recipe(
        name="Walks",
        include=("walks/",),
        grouping="none",
        pattern="{walk}/{frame}.jpg",
        metadata=("walk",),
        sidecars=True,
    )
    recipes.save(yard, recipe, "me")
    asked = Asked(view=yard, listing=found.id, recipe=recipe, save=True)
    for _ in range(2):
        recipes.start(asked)
    assert wait(lambda: recipes.state(asked)).phase == "done"
    built = recipes.result(asked)
    assert built.manifest is not None
    document = json.loads((manifests.root / built.manifest / "source").read_bytes())
    assert document["images"] == [
        {
            "objectUrl": "gs://yard/walks/one/frame-2.jpg",
            "clientMetadata": {"walk": "one", "site": "harbor"},
        },
        {"objectUrl": "gs://yard/walks/one/frame-10.jpg", "clientMetadata": {"walk": "one"}},
        {"objectUrl": "gs://yard/walks/two/ü frame-1.jpg", "clientMetadata": {"walk": "two"}},
    ]
    assert built.problems == ["walks/one/frame-10.jpg.json: it is not a JSON object"]
    assert [each.manifest for each in recipes.made(yard, "Walks")] == [built.manifest]
    (saved,) = recipes.all(yard)
    assert (saved.recipe, saved.owner) == (recipe, "me")


def put(view: View, name: str, content: bytes) -> None:
    """Write an object as Google's client does."""
    client = storage.Client(
        project="demo",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": view.reach.endpoint},
    )
    client.bucket(view.bucket).blob(name).upload_from_string(content)


def test_a_manifest_is_made_again_after_sidecars_could_not_be_read(
    catalog: Catalog, sandbox: SandboxProcess, demo: View
) -> None:
    for name, content in {"a.jpg": b"x", "a.json": SIDECAR}.items():
        put(demo, f"beside/{name}", content)
    recipe = Recipe(name="Beside", include=("beside/*.jpg",), sidecars=True)
    asked = Asked(view=demo, listing=listed(catalog, demo, "beside/").id, recipe=recipe, save=True)
    recipes = Recipes(catalog)
    sandbox.control("faults", operation=OBJECT, kind="status", status=503, times=TRIES)
    recipes.start(asked)
    state = wait(lambda: recipes.state(asked))
    assert (state.phase, "no whole answer" in state.message) == ("failed", True)
    assert "going on" not in state.message
    assert recipes.made(demo, "Beside") == []
    recipes.start(asked)
    assert wait(lambda: recipes.state(asked)).phase == "done"
    built = recipes.result(asked)
    assert [json.loads(each.metadata) for each in built.shown] == [{"site": "harbor"}]
    assert built.problems == []


def test_a_saved_recipe_makes_the_difference(
    catalog: Catalog, demo: View, manifests: ManifestStore
) -> None:
    recipes, recipe = (
        Recipes(catalog),
        Recipe(name="Walks", include=("groups/",), grouping="folder"),
    )
    first = Asked(view=demo, listing=listed(catalog, demo, "groups/").id, recipe=recipe, save=True)
    recipes.start(first)
    assert wait(lambda: recipes.state(first)).phase == "done"
    later = listed(catalog, demo, "groups/").id
    asked = Asked(view=demo, listing=later, recipe=recipe, save=True, changes=True)
    recipes.start(asked)
    assert wait(lambda: recipes.state(asked)).phase == "done"
    built = recipes.result(asked)
    assert built.difference is not None
    assert (built.difference.new, built.difference.changed, built.difference.gone) == (0, 0, 0)
    assert built.manifest is None
    assert [each.listing for each in recipes.made(demo, "Walks")] == [first.listing, later]


def test_a_build_that_failed_is_not_remembered(catalog: Catalog, demo: View) -> None:
    recipes, listing = Recipes(catalog), listed(catalog, demo, "groups/").id
    one = Recipe(name="Walks", include=("groups/seq-01/",), grouping="folder")
    asked = Asked(view=demo, listing=listing, recipe=one, save=True)
    recipes.start(asked)
    assert wait(lambda: recipes.state(asked)).phase == "done"
    more = replace(one, include=("groups/",))
    broken = Asked(view=demo, listing=listing, recipe=replace(more, table="none"), save=True)
    recipes.start(broken)
    assert wait(lambda: recipes.state(broken)).phase == "failed"
    later = listed(catalog, demo, "groups/").id
    changes = Asked(view=demo, listing=later, recipe=more, save=True, changes=True)
    assert not recipes.has_earlier(replace(changes, listing=listing))
    recipes.start(changes)
    assert wait(lambda: recipes.state(changes)).phase == "done"
    difference = recipes.result(changes).difference
    assert difference is not None
    assert difference.new > 0


def subject(manifests: ManifestStore, reach: Reach, name: str, data: bytes) -> Subject:
    fingerprint = manifests.add(name, io.BytesIO(data))
    return Subject(checked=manifests.check(fingerprint, CheckOptions()), reach=reach)


def test_the_demo_manifest_is_compared_with_its_bucket(
    catalog: Catalog, demo: View, manifests: ManifestStore
) -> None:
    comparisons = Comparisons(catalog)
    asked = subject(manifests, demo.reach, "demo.csv", demo_manifest_csv())
    comparisons.start_price(asked)
    assert wait(lambda: comparisons.price_state(asked)).phase == "done"
    price = comparisons.price(asked)
    assert (price.urls, price.requests) == (195, 5)
    assert comparisons.result(asked) is None
    comparisons.start(asked)
    assert wait(lambda: comparisons.state(asked)).phase == "done"
    compared = comparisons.result(asked)
    assert compared is not None
    assert compared.counts == {"object-missing": 2}
    assert compared.unknown == {}
    assert compared.requests < 10
    page = comparisons.findings(asked)
    assert [(finding.line, finding.entry) for finding in page.rows] == [(22, 20), (142, 140)]
    assert page.rows[0].message == "There is no such object."


def test_an_estimate_is_made_anew_when_it_is_asked_for_again(
    catalog: Catalog, demo: View, manifests: ManifestStore
) -> None:
    rows = "".join(f"gs://{demo.bucket}/anew/{n}.jpg,image\n" for n in range(2))
    asked = subject(manifests, demo.reach, "anew.csv", f"ObjectURL,Type\n{rows}".encode())
    comparisons = Comparisons(catalog)
    seen = []
    for count in range(2):
        put(demo, f"anew/{count}.jpg", b"x")
        comparisons.start_price(asked)
        assert wait(lambda: comparisons.price_state(asked)).phase == "done"
        seen.append(comparisons.price(asked).objects)
    assert seen == [1, 2]


def test_a_mark_beside_a_job_is_no_comparison(
    catalog: Catalog, demo: View, manifests: ManifestStore, tmp_path: Path
) -> None:
    row = f"ObjectURL,Type\ngs://{demo.bucket}/nowhere.jpg,image\n"
    asked = subject(manifests, demo.reach, "again.csv", row.encode())
    comparisons = Comparisons(catalog)
    for _ in range(2):
        comparisons.start(asked)
        assert wait(lambda: comparisons.state(asked)).phase == "done"
        leave_marks(tmp_path)
    compared = comparisons.result(asked)
    assert compared is not None
    assert compared.counts == {"object-missing": 1}


def test_every_object_code_is_found_and_only_where_it_is(
    catalog: Catalog, yard: View, manifests: ManifestStore
) -> None:
    rows = [
        ("gs://yard/walks/one/frame-2.jpg", "image"),
        ("gs://yard/WALKS/one/frame-2.jpg", "image"),
        ("gs://yard/empty.jpg", "image"),
        ("gs://yard/page.jpg", "image"),
        ("gs://elsewhere/a.jpg", "image"),
        ("s3://yard/a.jpg", "image"),
        ("https://storage.googleapis.com/yard/walks/two/%C3%BC%20frame-1.jpg", "image"),
    ]
    text = "ObjectURL,Type\n" + "".join(f"{url},{kind}\n" for url, kind in rows)
    asked = subject(manifests, yard.reach, "rows.csv", text.encode())
    comparisons = Comparisons(catalog)
    comparisons.start(asked)
    assert wait(lambda: comparisons.state(asked)).phase == "done"
    found = [(each.entry, each.code) for each in comparisons.findings(asked).rows]
    assert found == [
        (1, "object-missing"),
        (2, "object-empty"),
        (3, "object-type"),
        (4, "object-missing"),
    ]
    messages = [each.message for each in comparisons.findings(asked).rows]
    assert messages[0] == "There is no such object; there is walks/one/frame-2.jpg."
    assert "the bucket elsewhere does not exist" in messages[3]
    compared = comparisons.result(asked)
    assert compared is not None
    assert compared.unknown == {"not in Google Cloud Storage": 1}
    assert compared.entries_with_errors == 3


def test_what_may_not_be_read_is_forbidden(
    catalog: Catalog, demo: View, manifests: ManifestStore
) -> None:
    text = b"ObjectURL,Type\ngs://encord-locked-bucket/a.jpg,image\n"
    asked = subject(manifests, demo.reach, "locked.csv", text)
    comparisons = Comparisons(catalog)
    comparisons.start(asked)
    assert wait(lambda: comparisons.state(asked)).phase == "done"
    assert [each.code for each in comparisons.findings(asked).rows] == ["object-forbidden"]


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("empty.jpg", None, "is empty"),
        ("page.jpg", None, "not a picture"),
        ("walks/one/frame-2.json", "text", ""),
    ],
)
def test_only_what_a_browser_draws_is_shown(
    name: str, kind: str | None, says: str, yard: View
) -> None:
    found = preview(yard.reach.open(), yard.bucket, name)
    assert found.kind == kind
    assert says in found.why_not
    assert found.content == (SIDECAR if kind else b"")
