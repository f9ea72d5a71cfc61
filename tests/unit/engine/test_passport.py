"""What is known about one object: every run, every upload, found by URL, UUID or title."""

import json

import orjson
import pytest

from services.domain.outcomes import Outcome
from services.engine.passport import Passport, Passports, _chosen, sought_of
from tests.unit.engine.stories import told_once
from tests.unit.engine.world import World

MISSING = "404: no such object"
URL = "gs://bucket/1.jpg"


@pytest.fixture
def passports(world: World) -> Passports:
    return Passports(world.ledger, world.manifests, world.gateway, world.proofs.item_of_row)


@told_once
def failed_and_retried(world: World) -> str:
    world.encord.broken[URL] = MISSING
    entries = [{"objectUrl": f"gs://bucket/{n}.jpg", "title": f"Image {n}"} for n in range(6)]
    run = world.submit(world.manifest({"images": entries}), dataset="Street")
    world.settle()
    world.encord.broken.clear()
    world.onboarding.retry(run, nonce="r", actor="tester")
    world.settle()
    return run


def outcomes(found: Passport) -> list[Outcome]:
    return [mention.outcome for mention in found.mentions]


def test_every_run_of_an_object_is_there_newest_first(world: World, passports: Passports) -> None:
    failed_and_retried(world)
    found = passports.find(URL)
    assert outcomes(found) == [Outcome.REGISTERED, Outcome.FAILED]
    assert [mention.retry for mention in found.mentions] == [True, False]
    assert found.mentions[1].message == MISSING
    assert found.mentions[0].asked == {"objectUrl": URL, "title": "Image 1"}
    assert found.urls == (URL,)
    assert len(found.attempts) == 2
    assert {line.job for line in found.attempts} == {m.job_id for m in found.mentions}
    assert "accepted" in [event.what for event in found.events]


@pytest.mark.parametrize(
    "spelled",
    [
        URL,
        f"  {URL} ",
        "https://storage.googleapis.com/bucket/1.jpg",
        "https://bucket.storage.googleapis.com/1.jpg?X-Goog-Signature=canary",
        "https://storage.cloud.google.com/bucket/1.jpg",
        "Image 1",
    ],
)
def test_an_object_is_found_however_it_is_named(
    world: World, passports: Passports, spelled: str
) -> None:
    failed_and_retried(world)
    assert passports.find(spelled).urls == (URL,)


def test_an_item_is_found_by_its_uuid_and_told_with_its_datasets(
    world: World, passports: Passports
) -> None:
    run = failed_and_retried(world)
    item = world.ledger.outcomes(run).rows[0].item_uuid or ""
    found = passports.find(item.upper())
    assert found.urls == ("gs://bucket/0.jpg",)
    now = passports.item_now("connection", item)
    assert now.item.url == "gs://bucket/0.jpg"
    assert [used.title for used in now.datasets] == ["Street"]


def test_a_data_row_leads_to_its_object(world: World, passports: Passports) -> None:
    run = failed_and_retried(world)
    dataset = world.view(run).dataset_uuid or ""
    row = world.encord.list_rows(dataset)[0]
    world.onboarding.verify(run, actor="tester")
    world.settle()
    found = passports.find(row.uuid)
    assert (found.row, found.urls, found.items) == (
        row.uuid,
        (row.file_link,),
        (row.item_uuid,),
    )
    assert passports.find("00000000-0000-4000-8000-000000000000").row is None


GROUP = {
    "title": "Walk",
    **{f"objectUrl_{n}": f"gs://bucket/walk/{name}.jpg" for n, name in enumerate("aäb")},
}
GROUP_ROWS = b"ObjectURL,Type,Title,Group\n" + b"".join(
    f"gs://bucket/walk/{name}.jpg,image group,,Walk\n".encode() for name in "aäb"
)
DOCUMENTS = {
    "json": orjson.dumps({"image_groups": [GROUP]}),
    "json, escaped": json.dumps({"image_groups": [GROUP]}).encode(),
    "csv": GROUP_ROWS,
}


@pytest.mark.parametrize("form", DOCUMENTS)
@pytest.mark.parametrize("name", "aäb")
def test_every_frame_of_a_group_leads_to_it(
    world: World, passports: Passports, form: str, name: str
) -> None:
    world.submit(world.document(DOCUMENTS[form], form.partition(",")[0]))
    world.settle()
    found = passports.find(f"https://storage.googleapis.com/bucket/walk/{name}.jpg")
    assert [mention.title for mention in found.mentions] == ["Walk"]
    assert found.urls == (f"gs://bucket/walk/{name}.jpg",)
    assert passports.find(f"gs://bucket/walk/{name}.jp").mentions == ()


def test_a_title_of_many_objects_says_so(world: World, passports: Passports) -> None:
    entries = [{"objectUrl": f"gs://bucket/{n}.jpg", "title": "Same"} for n in range(30)]
    world.submit(world.manifest({"images": entries}), chunk=50)
    world.settle()
    found = passports.find("Same")
    assert (len(found.urls), found.more) == (20, True)


def test_what_nobody_asked_for_is_not_known(world: World, passports: Passports) -> None:
    failed_and_retried(world)
    assert passports.find("gs://bucket/never.jpg").mentions == ()
    assert passports.find("gs://bucket/never.jpg").items == ()


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("https://bucket.s3.amazonaws.com/a.jpg?X-Amz-Signature=canary", "a.jpg"),
        ("gs://bucket/a.jpg", "a.jpg"),
    ],
)
def test_no_signature_stands_in_an_address(text: str, sought: str) -> None:
    assert sought_of(text).endswith(sought)


@pytest.mark.parametrize(
    "sought", ["gs://bucket/1.jpg", "00000000-0000-0000-0000-000000000000", "Image 1"]
)
def test_an_index_answers_whatever_is_sought(world: World, sought: str) -> None:
    question = _chosen(sought).compile(world.ledger.engine, compile_kwargs={"literal_binds": True})
    with world.ledger.reading() as cx:
        plan = cx.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}").all()
    told = [str(step[3]) for step in plan]
    assert any("SEARCH outcome USING INDEX" in step for step in told), told
    assert not any(step.startswith("SCAN") for step in told), told
