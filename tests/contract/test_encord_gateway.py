"""What every gateway promises, whoever stands behind it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from services.domain.metadata import MetadataKey, OrganisationSchema, ValueType
from services.encord_api.errors import (
    EncordError,
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    classify,
)
from services.encord_api.interface import EncordGateway, Item, JobState, JobStatus
from tests.contract.sandbox_process import SandboxProcess
from tests.contract.worlds import MISSING, SandboxWorld, World, at, image, images, write

#: Encord hides what is not yours behind either.
ABSENT = (NotFound, NotAuthorised)


@pytest.fixture
def folder(world: World) -> str:
    return world.gateway.create_folder("yard", "made by a test").uuid


def start(world: World, folder: str, document: Path) -> str:
    trace = uuid4().hex
    return world.gateway.start_upload(folder, world.integration, document, trace=trace)


def run(world: World, folder: str, document: Path) -> JobStatus:
    job = start(world, folder, document)
    world.advance()
    return world.gateway.job_status(folder, job)


def items(world: World, folder: str) -> list[Item]:
    return [item for page in world.gateway.list_items(folder) for item in page]


def counts(status: JobStatus) -> tuple[int, int, int, int]:
    return (
        status.units_pending,
        status.units_done,
        status.units_error,
        status.units_cancelled,
    )


# Who asks


def test_a_known_key_is_answered(world: World) -> None:
    world.gateway.ping()
    assert world.integration in {entry.id for entry in world.gateway.list_integrations()}


@pytest.mark.parametrize(
    "ask",
    [
        lambda g: g.ping(),
        lambda g: g.list_integrations(),
        lambda g: g.metadata_schema(),
        lambda g: g.create_folder("yard", ""),
        lambda g: list(g.find_folders("yard")),
        lambda g: list(g.list_items(str(uuid4()))),
        lambda g: g.get_dataset(str(uuid4())),
        lambda g: g.link_items(str(uuid4()), [str(uuid4())]),
    ],
)
def test_an_unknown_key_is_named(world: World, ask: Callable[[EncordGateway], object]) -> None:
    with pytest.raises(NotAuthenticated):
        ask(world.stranger())


# The metadata schema

#: What an organization may have after some years, as Encord answers it.
GROWN: Final[dict[str, Any]] = {
    "site": {"ty": "enum", "values": ["harbor", "depot"]},
    "km": {"ty": "variant", "hint": "number"},
    "legacy": {"ty": "variant", "hint": "string"},
    "story": {"ty": "variant", "hint": "long_string"},
    "old km": {"ty": "number", "format": "F64"},
    "plate": {"ty": "varchar", "max_length": 12},
    "clip": {"ty": "embedding", "size": 512, "api": None},
    "place": {"ty": "geospatial"},
    "owner": {"ty": "user"},
    "gone": {"ty": "tombstone", "deleted_ty": {"ty": "enum", "values": ["a"]}},
    "gone for ever": {"ty": "tombstone", "deleted_ty": None},
    "new": {"ty": "hologram", "planes": 3},
    "odd hint": {"ty": "variant", "hint": "tensor"},
}


def test_the_schema_tells_types_options_and_sizes(world: World) -> None:
    world.declare(GROWN)
    found = world.gateway.metadata_schema()
    assert found.declared == {
        "site": MetadataKey(ValueType.ENUM, ("harbor", "depot")),
        "km": MetadataKey(ValueType.NUMBER),
        "legacy": MetadataKey(ValueType.VARCHAR),
        "story": MetadataKey(ValueType.TEXT),
        "old km": MetadataKey(ValueType.NUMBER),
        "plate": MetadataKey(ValueType.VARCHAR, (), 12),
        "clip": MetadataKey(ValueType.EMBEDDING, (), 512),
        "place": MetadataKey(ValueType.GEOSPATIAL),
        "owner": MetadataKey(ValueType.USER),
        "new": MetadataKey(ValueType.UNREADABLE),
        "odd hint": MetadataKey(ValueType.UNREADABLE),
    }
    assert found.deleted == {"gone": MetadataKey(ValueType.ENUM, ("a",)), "gone for ever": None}
    assert found.unreadable == ("new", "odd hint")
    assert found.answer == GROWN


def test_a_schema_is_saved_whole_with_what_nobody_can_read(world: World) -> None:
    world.declare(GROWN)
    changed = {**GROWN, "speed": {"ty": "variant", "hint": "number"}}
    world.gateway.save_metadata_schema(changed)
    assert world.gateway.metadata_schema().answer == changed
    del changed["new"]
    world.gateway.save_metadata_schema(changed)
    assert world.gateway.metadata_schema().answer == changed


def test_an_organisation_may_have_no_schema(world: World) -> None:
    world.declare({})
    assert world.gateway.metadata_schema() == OrganisationSchema.of({})


# Folders


def test_a_folder_is_what_it_was_made(world: World) -> None:
    name = f"yard {uuid4()}"
    made = world.gateway.create_folder(name, "made by a test")
    assert (made.name, made.description) == (name, "made by a test")
    assert made.created_at.tzinfo is not None
    assert world.gateway.get_folder(made.uuid) == made
    assert [found.uuid for found in world.gateway.find_folders(name)] == [made.uuid]


def test_names_are_not_unique(world: World) -> None:
    name = f"yard {uuid4()}"
    twins = {world.gateway.create_folder(name, "").uuid for _ in range(2)}
    assert {found.uuid for found in world.gateway.find_folders(name)} == twins


def test_what_is_not_there_is_said_to_be_absent(world: World, folder: str) -> None:
    absent = str(uuid4())
    for ask in (
        lambda: world.gateway.get_folder(absent),
        lambda: list(world.gateway.list_items(absent)),
        lambda: world.gateway.job_status(folder, absent),
        lambda: world.gateway.cancel_job(folder, absent),
        lambda: world.gateway.frame_urls(absent),
        lambda: world.gateway.get_dataset(absent),
        lambda: world.gateway.list_rows(absent),
    ):
        with pytest.raises(ABSENT) as caught:
            ask()
        assert classify(caught.value) == "rejected"


def test_an_identifier_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequest):
        world.gateway.get_folder("yard")


# Upload jobs


def test_a_job_moves_from_pending_to_done(world: World, folder: str, tmp_path: Path) -> None:
    urls = [image(1), image(2), MISSING, image(3)]
    job = start(world, folder, images(tmp_path, *urls))
    before = world.gateway.job_status(folder, job)
    assert (before.state, counts(before)) == (JobState.PENDING, (4, 0, 0, 0))

    world.advance(2)
    half = world.gateway.job_status(folder, job)
    assert (half.state, counts(half)) == (JobState.PENDING, (2, 2, 0, 0))

    world.advance()
    after = world.gateway.job_status(folder, job)
    # Done is not success: one unit failed.
    assert (after.state, counts(after)) == (JobState.DONE, (0, 3, 1, 0))
    (error,) = after.unit_errors
    assert error.urls == (MISSING,)
    assert error.message
    assert error.subtask_uuid
    found = items(world, folder)
    assert {item.url for item in found} == {image(1), image(2), image(3)}
    assert {item.uuid for item in found} == set(after.item_uuids)
    assert {item.type for item in found} == {"image"}
    assert not any(item.is_placeholder or item.is_tombstone for item in found)


def test_a_url_is_registered_once_in_a_folder(world: World, folder: str, tmp_path: Path) -> None:
    first = run(world, folder, images(tmp_path, image(1), image(2)))
    again = run(world, folder, images(tmp_path, image(2), image(3), image(3)))
    assert again.state is JobState.DONE
    assert counts(again)[0::2] == (0, 0)
    # Only what is new is listed by a job.
    assert len(first.item_uuids) == 2
    assert len(again.item_uuids) == 1
    assert sorted(str(item.url) for item in items(world, folder)) == [image(1), image(2), image(3)]


def test_without_the_flag_a_url_is_registered_twice(
    world: World, folder: str, tmp_path: Path
) -> None:
    run(world, folder, images(tmp_path, image(1)))
    run(world, folder, images(tmp_path, image(1), skip=False))
    assert [item.url for item in items(world, folder)] == [image(1), image(1)]


def test_another_folder_is_another_place(world: World, folder: str, tmp_path: Path) -> None:
    run(world, folder, images(tmp_path, image(1)))
    other = world.gateway.create_folder("yard", "").uuid
    assert len(run(world, other, images(tmp_path, image(1))).item_uuids) == 1


def test_cancelling_keeps_what_is_done(world: World, folder: str, tmp_path: Path) -> None:
    job = start(world, folder, images(tmp_path, image(1), image(2), image(3)))
    world.advance(1)
    assert world.gateway.cancel_job(folder, job) == 2
    world.advance()
    status = world.gateway.job_status(folder, job)
    assert (status.state, counts(status)) == (JobState.CANCELLED, (0, 1, 0, 2))
    assert len(items(world, folder)) == 1


def test_cancelling_twice_cancels_nothing_more(world: World, folder: str, tmp_path: Path) -> None:
    job = start(world, folder, images(tmp_path, image(1)))
    assert world.gateway.cancel_job(folder, job) == 1
    assert world.gateway.cancel_job(folder, job) == 0


def test_a_job_that_is_refused_leaves_nothing(world: World, folder: str, tmp_path: Path) -> None:
    document = images(tmp_path, image(1))
    for target, source in ((str(uuid4()), world.integration), (folder, str(uuid4()))):
        with pytest.raises(EncordError) as caught:
            world.gateway.start_upload(target, source, document, trace=uuid4().hex)
        assert classify(caught.value) == "rejected"
    world.advance()
    assert items(world, folder) == []


def test_a_document_that_cannot_be_read_is_refused(
    world: World, folder: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest):
        start(world, folder, tmp_path / "missing.json")


# Items


def test_items_are_listed_in_the_order_they_were_made(
    world: World, folder: str, tmp_path: Path
) -> None:
    for number in range(3):
        run(world, folder, images(tmp_path, image(number)))
    newest = [i.url for page in world.gateway.list_items(folder, newest_first=True) for i in page]
    assert [item.url for item in items(world, folder)] == [image(0), image(1), image(2)]
    assert newest == [image(2), image(1), image(0)]


def test_many_items_come_in_pages(world: World, folder: str, tmp_path: Path) -> None:
    assert list(world.gateway.list_items(folder)) == []
    run(world, folder, images(tmp_path, *map(image, range(1001))))
    pages = list(world.gateway.list_items(folder))
    assert [len(page) for page in pages] == [1000, 1]
    assert len({item.uuid for page in pages for item in page}) == 1001


FRAMES = [at(f"groups/seq-01/frame-{number:04d}.jpg") for number in range(1, 4)]
SLICES = [at(f"scans/series-01/{number:04d}.dcm") for number in range(1, 4)]


def numbered(urls: list[str], **fields: object) -> dict[str, object]:
    return {"title": "several", **fields} | {f"objectUrl_{n}": url for n, url in enumerate(urls)}


@pytest.mark.parametrize(
    ("section", "entry", "kind", "row"),
    [
        ("images", {"objectUrl": image(1)}, "image", "IMAGE"),
        ("videos", {"objectUrl": at("videos/0001.mp4")}, "video", "VIDEO"),
        ("audio", {"objectUrl": at("audio/0001.wav")}, "audio", "AUDIO"),
        ("text", {"objectUrl": at("text/0001.txt")}, "plainText", "PLAIN_TEXT"),
        ("pdfs", {"objectUrl": at("documents/0001.pdf")}, "pdf", "PDF"),
        ("image_groups", numbered(FRAMES), "imageGroup", "IMG_GROUP"),
        ("image_groups", numbered(FRAMES, createVideo=True), "imageSequence", "IMG_GROUP"),
        ("dicom_series", numbered(SLICES), "dicomSeries", "DICOM"),
    ],
)
def test_every_section_becomes_its_kind_of_item_and_row(
    section: str,
    entry: dict[str, object],
    kind: str,
    row: str,
    world: World,
    folder: str,
    tmp_path: Path,
) -> None:
    status = run(world, folder, write(tmp_path, {section: [entry]}))
    assert counts(status) == (0, 1, 0, 0), status.unit_errors
    (item,) = items(world, folder)
    assert item.type == kind
    urls = tuple(str(value) for key, value in entry.items() if key.startswith("objectUrl"))
    single = len(urls) == 1
    assert item.url == (urls[0] if single else None)
    assert world.gateway.frame_urls(item.uuid) == (() if single else urls)
    dataset = world.gateway.create_dataset("yard", "")
    world.gateway.link_items(dataset, [item.uuid])
    (linked,) = world.gateway.list_rows(dataset)
    assert (linked.type, linked.item_uuid) == (row, item.uuid)


@pytest.mark.parametrize(("section", "urls"), [("image_groups", FRAMES), ("dicom_series", SLICES)])
def test_frames_of_several_pages_are_all_told(
    section: str, urls: list[str], sandbox: SandboxProcess, tmp_path: Path
) -> None:
    world = SandboxWorld(sandbox)
    folder = world.gateway.create_folder("yard", "").uuid
    run(world, folder, write(tmp_path, {section: [numbered(urls)]}))
    (item,) = items(world, folder)
    sandbox.control("switches", **{"frames.page_size": 2})
    try:
        assert world.gateway.frame_urls(item.uuid) == tuple(urls)
    finally:
        sandbox.control("switches", **{"frames.page_size": 0})


# Datasets


def test_a_dataset_is_what_it_was_made(world: World) -> None:
    title = f"yard {uuid4()}"
    uuid = world.gateway.create_dataset(title, "made by a test")
    assert world.gateway.create_dataset(title + " too", "")
    (listed,) = world.gateway.list_datasets(title)
    assert (listed.uuid, listed.title, listed.description) == (uuid, title, "made by a test")
    found = world.gateway.get_dataset(uuid)
    assert (found.uuid, found.title, found.description) == (uuid, title, "made by a test")
    assert uuid in {dataset.uuid for dataset in world.gateway.list_datasets()}
    assert world.gateway.list_rows(uuid) == []


def test_items_are_linked_once(world: World, folder: str, tmp_path: Path) -> None:
    run(world, folder, images(tmp_path, image(1), image(2), image(3)))
    linked = [item.uuid for item in items(world, folder)]
    dataset = world.gateway.create_dataset("yard", "")
    world.gateway.link_items(dataset, linked[:2])
    world.gateway.link_items(dataset, linked)
    rows = world.gateway.list_rows(dataset)
    assert sorted(str(row.item_uuid) for row in rows) == sorted(linked)
    assert {row.file_link for row in rows} == {image(1), image(2), image(3)}
    assert len({row.uuid for row in rows}) == 3


def test_linking_what_is_not_there_is_refused(world: World, folder: str, tmp_path: Path) -> None:
    run(world, folder, images(tmp_path, image(1)))
    (item,) = items(world, folder)
    dataset = world.gateway.create_dataset("yard", "")
    for target, uuids in ((dataset, [str(uuid4())]), (str(uuid4()), [item.uuid])):
        with pytest.raises(EncordError) as caught:
            world.gateway.link_items(target, uuids)
        assert classify(caught.value) == "rejected"
    assert world.gateway.list_rows(dataset) == []


# Taking away


def test_an_item_is_deleted_and_then_its_folder(world: World, folder: str, tmp_path: Path) -> None:
    run(world, folder, images(tmp_path, image(1)))
    (item,) = items(world, folder)
    assert world.gateway.signed_url(item.uuid).startswith("http")
    world.gateway.delete_items(folder, [item.uuid])
    assert items(world, folder) == []
    world.gateway.delete_folder(folder)
    with pytest.raises(ABSENT):
        world.gateway.get_folder(folder)
    with pytest.raises(ABSENT):
        world.gateway.signed_url(item.uuid)


def test_metadata_is_listed_only_when_it_is_asked_for(
    world: World, folder: str, tmp_path: Path
) -> None:
    entry = {"objectUrl": image(1), "clientMetadata": {"site": "harbor", "depth": 2.5}}
    run(world, folder, write(tmp_path, {"images": [entry]}))
    (bare,) = items(world, folder)
    (full,) = (i for page in world.gateway.list_items(folder, metadata=True) for i in page)
    assert (bare.metadata, full.metadata) == (None, entry["clientMetadata"])
    assert world.gateway.get_item(bare.uuid).metadata == entry["clientMetadata"]
    dataset = world.gateway.create_dataset("yard", "")
    world.gateway.link_items(dataset, [bare.uuid])
    (row,) = world.gateway.list_rows(dataset)
    (rich,) = world.gateway.list_rows(dataset, metadata=True)
    assert (row.metadata, rich.metadata) == (None, entry["clientMetadata"])


def test_items_know_their_datasets_and_leave_them_again(
    world: World, folder: str, tmp_path: Path
) -> None:
    run(world, folder, images(tmp_path, image(1), image(2)))
    first, second = (item.uuid for item in items(world, folder))
    dataset = world.gateway.create_dataset("yard", "")
    world.gateway.link_items(dataset, [first])
    assert [used.uuid for used in world.gateway.datasets_of(first)] == [dataset]
    assert world.gateway.datasets_of(second) == []
    for linked, expected in ((True, first), (False, second)):
        pages = world.gateway.list_items(folder, in_dataset=linked)
        assert [item.uuid for page in pages for item in page] == [expected]
    (row,) = world.gateway.list_rows(dataset)
    world.gateway.unlink_rows(dataset, [row.uuid])
    world.gateway.unlink_rows(dataset, [row.uuid])
    assert world.gateway.list_rows(dataset) == []
    assert len(items(world, folder)) == 2
