"""Upload jobs: what becomes of each unit, and how a job proceeds, through the SDK."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from encord import EncordUserClient
from encord.exceptions import (
    AuthorisationError,
    InvalidArgumentsError,
    ResourceNotFoundError,
)
from encord.orm.dataset import LongPollingStatus
from encord.orm.storage import (
    CustomerProvidedImageMetadata,
    DataUploadDicomSeries,
    DataUploadDicomSeriesDicomFile,
    DataUploadImage,
    DataUploadImageGroup,
    DataUploadImageGroupFromItems,
    DataUploadImageGroupImage,
    DataUploadItems,
    DataUploadVideo,
    StorageItemType,
)
from encord.storage import StorageFolder

from tests.sandbox.conftest import Running

GS = "gs://encord-demo-bucket/"
STREET = GS + "images/street/"


@pytest.fixture
def register(sandbox: Running, folder: StorageFolder, integration: str) -> Callable[..., Any]:
    """Run a whole job by hand and return its result."""

    def run(files: object, *, ignore_errors: bool = True, through: str = integration) -> Any:
        job = folder.add_private_data_to_folder_start(through, files, ignore_errors)  # type: ignore[arg-type]
        sandbox.advance()
        return folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)

    return run


def images(*names: str, **extra: object) -> dict[str, object]:
    return {"images": [{"objectUrl": GS + name} for name in names], **extra}


DENIED = "Access denied: the integration does not have storage.objects.get access to"
OUTCOMES = {
    "nowhere.jpg": "No such object: encord-demo-bucket/nowhere.jpg",
    "restricted/0001.jpg": "Access denied",
    "traps/empty.jpg": "The file is empty",
    "traps/really-text.jpg": "Expected an image, got a file of type text/plain",
    "white space.jpg": "contains whitespace",
}


@pytest.mark.parametrize(("name", "error"), OUTCOMES.items())
def test_a_unit_fails_for_the_reason_its_object_gives(
    register: Callable[..., Any], name: str, error: str
) -> None:
    result = register(images(name, "images/street/0001.jpg"))
    assert result.status is LongPollingStatus.DONE
    assert (result.units_done_count, result.units_error_count) == (1, 1)
    assert result.unit_errors[0].object_urls == [GS + name]
    assert error in result.unit_errors[0].error
    assert [item.name for item in result.items_with_names] == ["/images/street/0001.jpg"]


def test_other_entries_that_fail(register: Callable[..., Any]) -> None:
    videos = [
        {"objectUrl": GS + "traps/really-an-image.mp4"},
        {"objectUrl": "ftp://example.com/a.mp4"},
        {"objectUrl": "gs://somebody-elses-bucket/a.mp4"},
        {"title": "no address"},
        {"objectUrl": GS + "videos/0001.mp4", "title": "x" * 301},
        {"objectUrl": "https://[storage/a.mp4"},
        {"objectUrl": GS + "videos/0002.mp4", "videoMetadata": {"fps": 25, "width": "wide"}},
    ]
    result = register({"videos": videos})
    assert [error.error for error in result.unit_errors] == [
        "Expected a video, got a file of type image/png",
        "Not an object URL of this integration: ftp://example.com/a.mp4",
        f"{DENIED} somebody-elses-bucket/a.mp4",
        "objectUrl is missing",
        "title is longer than 300 characters",
        "objectUrl is not an address",
        "width is of the wrong type",
    ]
    assert result.status is LongPollingStatus.DONE


def test_without_ignore_errors_a_failure_makes_the_job_fail(register: Callable[..., Any]) -> None:
    result = register(images("images/street/0001.jpg", "nowhere.jpg"), ignore_errors=False)
    assert result.status is LongPollingStatus.ERROR
    assert result.errors
    fine = register(images("images/street/0002.jpg"), ignore_errors=False)
    assert fine.status is LongPollingStatus.DONE
    assert fine.errors == []


def test_every_kind_of_file_becomes_its_kind_of_item(
    register: Callable[..., Any], folder: StorageFolder
) -> None:
    result = register(
        {
            "images": [{"objectUrl": GS + "images/field/0001.png"}],
            "videos": [
                {"objectUrl": GS + f"videos/000{number}.{kind}"}
                for number, kind in ((1, "mp4"), (3, "webm"))
            ],
            "audio": [{"objectUrl": GS + "audio/0001.wav"}],
            "text": [{"objectUrl": GS + "text/0001.txt"}],
            "pdfs": [
                {
                    "objectUrl": "https://storage.googleapis.com/encord-demo-bucket/documents/0001.pdf"
                }
            ],
            "image_groups": [
                group("pictures"),
                {**group("sequence"), "createVideo": True},
            ],
            "dicom_series": [
                {
                    "title": "scan",
                    **{f"objectUrl_{n}": f"{GS}scans/series-01/{n + 1:04d}.dcm" for n in range(12)},
                }
            ],
        }
    )
    assert result.unit_errors == []
    items = {item.name: item for item in folder.list_items()}
    kinds = {name: item.item_type for name, item in items.items()}
    assert kinds == {
        "/images/field/0001.png": StorageItemType.IMAGE,
        "/videos/0001.mp4": StorageItemType.VIDEO,
        "/videos/0003.webm": StorageItemType.VIDEO,
        "/audio/0001.wav": StorageItemType.AUDIO,
        "/text/0001.txt": StorageItemType.PLAIN_TEXT,
        "/encord-demo-bucket/documents/0001.pdf": StorageItemType.PDF,
        "pictures": StorageItemType.IMAGE_GROUP,
        "sequence": StorageItemType.IMAGE_SEQUENCE,
        "scan": StorageItemType.DICOM_SERIES,
    }
    clip = items["/videos/0003.webm"]
    assert (clip.width, clip.height, clip.duration) == (160, 120, 3.0)
    assert (items["/videos/0001.mp4"].fps, items["/videos/0001.mp4"].duration) == (10.0, 2.0)
    assert items["/audio/0001.wav"].audio_sample_rate == 8000
    assert items["/audio/0001.wav"].duration == 0.5
    frames = list(items["pictures"].get_child_items())
    assert [frame.url for frame in frames] == [group("")[f"objectUrl_{n}"] for n in range(6)]
    assert {frame.item_type for frame in frames} == {StorageItemType.IMAGE}
    slices = list(items["scan"].get_child_items())
    assert {piece.item_type for piece in slices} == {StorageItemType.DICOM_FILE}
    assert len({piece.dicom_instance_uid for piece in slices}) == 12


def group(title: str) -> dict[str, Any]:
    frames = {f"objectUrl_{n}": f"{GS}groups/seq-01/frame-{n + 1:04d}.jpg" for n in range(6)}
    return {"title": title, **frames}


def test_a_group_fails_whole(register: Callable[..., Any], folder: StorageFolder) -> None:
    broken = {"title": "broken", "objectUrl_0": STREET + "0001.jpg", "objectUrl_1": GS + "no.jpg"}
    gap = {"title": "gap", "objectUrl_0": STREET + "0001.jpg", "objectUrl_2": STREET + "0002.jpg"}
    nameless = {"objectUrl_0": STREET + "0001.jpg"}
    result = register({"image_groups": [broken, gap, nameless]})
    assert result.units_error_count == 3
    assert result.unit_errors[0].object_urls == [STREET + "0001.jpg", GS + "no.jpg"]
    assert list(folder.list_items()) == []


def test_the_typed_form_is_read_too(register: Callable[..., Any], folder: StorageFolder) -> None:
    first = register(
        DataUploadItems(
            images=[DataUploadImage(object_url=STREET + "0001.jpg", client_metadata={"a": 1})],
            videos=[DataUploadVideo(object_url=GS + "videos/0001.mp4", title="clip")],
            image_groups=[
                DataUploadImageGroup(
                    images=[DataUploadImageGroupImage(url=STREET + "0002.jpg")], title="group"
                )
            ],
            dicom_series=[
                DataUploadDicomSeries(
                    dicom_files=[
                        DataUploadDicomSeriesDicomFile(
                            url=GS + "scans/series-01/0001.dcm", title=""
                        )
                    ],
                    title="scan",
                )
            ],
            skip_duplicate_urls=True,
        )
    )
    assert first.unit_errors == []
    assert first.units_done_count == 4
    image = next(iter(folder.list_items(item_types=[StorageItemType.IMAGE])))
    again = register(
        DataUploadItems(
            image_groups_from_items=[
                DataUploadImageGroupFromItems(
                    image_items=[image.uuid], title="again", create_video=False
                )
            ]
        )
    )
    assert again.unit_errors == []
    made = next(iter(folder.list_items(search="again")))
    assert [frame.url for frame in made.get_child_items()] == [STREET + "0001.jpg"]


def test_duplicates_are_skipped_only_when_asked(
    register: Callable[..., Any], folder: StorageFolder
) -> None:
    asked = images("images/street/0001.jpg", skip_duplicate_urls=True)
    assert len(register(asked).items_with_names) == 1
    again = register(asked)
    assert (again.units_done_count, again.items_with_names) == (1, [])
    misspelled = images("images/street/0001.jpg", skipDuplicateUrls=True)
    assert len(register(misspelled).items_with_names) == 1
    assert len(list(folder.list_items())) == 2
    one_group = {"image_groups": [group("pictures")], "skip_duplicate_urls": True}
    register(one_group)
    assert register(one_group).items_with_names == []
    assert len(register({**one_group, "image_groups": [group("other")]}).items_with_names) == 1


def test_upsert_needs_skip(register: Callable[..., Any], folder: StorageFolder) -> None:
    def entry(site: str, **flags: bool) -> dict[str, object]:
        return {
            "images": [{"objectUrl": STREET + "0001.jpg", "clientMetadata": {"site": site}}],
            **flags,
        }

    register(entry("harbor"))
    register(entry("market", skip_duplicate_urls=True))
    assert [item.client_metadata for item in folder.list_items()] == [{"site": "harbor"}]
    register(entry("depot", skip_duplicate_urls=True, upsert_metadata=True))
    assert [item.client_metadata for item in folder.list_items()] == [{"site": "depot"}]
    register(entry("campus", upsert_metadata=True))
    assert len(list(folder.list_items())) == 2


def test_the_strict_integration_needs_media_metadata(
    register: Callable[..., Any], client: EncordUserClient, folder: StorageFolder
) -> None:
    strict = client.get_cloud_integrations(filter_integration_titles=["Demo bucket (strict)"])[0].id
    given = CustomerProvidedImageMetadata(mime_type="image/jpeg", file_size=999, width=16, height=9)
    result = register(
        DataUploadItems(
            images=[
                DataUploadImage(object_url=STREET + "0001.jpg"),
                DataUploadImage(object_url=STREET + "0002.jpg", image_metadata=given),
            ]
        ),
        through=strict,
    )
    assert (result.units_done_count, result.units_error_count) == (1, 1)
    assert "imageMetadata" in result.unit_errors[0].error
    item = next(iter(folder.list_items()))
    assert (item.width, item.file_size, item.mime_type) == (16, 999, "image/jpeg")


def test_shapes_that_are_refused(folder: StorageFolder, integration: str) -> None:
    start = folder.add_private_data_to_folder_start
    documents: tuple[dict[str, Any], ...] = (
        {"pictures": []},
        {"images": {}},
        {"images": ["gs://a/b"]},
        {"images": [], "skip_duplicate_urls": "yes"},
    )
    for document in documents:
        with pytest.raises(InvalidArgumentsError):
            start(integration, document)
    with pytest.raises(AuthorisationError):
        start(str(UUID(int=1)), images("a.jpg"))
    with pytest.raises(InvalidArgumentsError):
        start(None, images("a.jpg"))  # type: ignore[arg-type]
    with pytest.raises(ResourceNotFoundError):
        folder.add_private_data_to_folder_get_result(UUID(int=1), timeout_seconds=0)


def test_the_file_name_comes_back(
    folder: StorageFolder, integration: str, tmp_path: Any, sandbox: Running
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text('{"images": []}')
    job = folder.add_private_data_to_folder_start(integration, path)
    result = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert result.file_name is not None
    assert result.file_name.endswith("manifest.json")
    assert result.status is LongPollingStatus.DONE


def test_a_job_advances_by_hand(sandbox: Running, folder: StorageFolder, integration: str) -> None:
    names = [f"images/street/{number:04d}.jpg" for number in range(1, 11)]
    job = folder.add_private_data_to_folder_start(integration, images(*names))
    look = folder.add_private_data_to_folder_get_result
    assert look(job, timeout_seconds=0).units_pending_count == 10
    sandbox.advance(3)
    state = look(job, timeout_seconds=0)
    assert (state.status, state.units_done_count) == (LongPollingStatus.PENDING, 3)
    assert len(list(folder.list_items())) == 3
    sandbox.advance()
    assert look(job, timeout_seconds=0).status is LongPollingStatus.DONE


def test_a_job_advances_with_time(
    sandbox: Running, folder: StorageFolder, integration: str
) -> None:
    sandbox.control("rate", {"rate": 20})
    names = [f"images/street/{number:04d}.jpg" for number in range(1, 11)]
    started = time.monotonic()
    job = folder.add_private_data_to_folder_start(integration, images(*names))
    result = folder.add_private_data_to_folder_get_result(job, timeout_seconds=30)
    assert result.status is LongPollingStatus.DONE
    assert 0.4 < time.monotonic() - started < 5


def test_cancelling_ends_what_is_pending(
    sandbox: Running, folder: StorageFolder, integration: str
) -> None:
    names = [f"images/street/{number:04d}.jpg" for number in range(1, 11)]
    job = folder.add_private_data_to_folder_start(integration, images(*names))
    sandbox.advance(4)
    assert folder.add_data_to_folder_job_cancel(job).units_cancelled_count == 6
    assert folder.add_data_to_folder_job_cancel(job).units_cancelled_count == 0
    sandbox.advance()
    state = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert state.status is LongPollingStatus.CANCELLED
    assert (state.units_done_count, state.units_cancelled_count, state.units_pending_count) == (
        4,
        6,
        0,
    )
    assert len(state.items_with_names) == 4
    assert len(list(folder.list_items())) == 4


def test_held_polls_answer_at_the_end_and_block_nobody(
    sandbox: Running, folder: StorageFolder, integration: str, client: EncordUserClient
) -> None:
    job = folder.add_private_data_to_folder_start(integration, images("images/street/0001.jpg"))
    results: list[LongPollingStatus] = []

    def poll() -> None:
        state = folder.add_private_data_to_folder_get_result(job, timeout_seconds=60)
        results.append(state.status)

    threads = [threading.Thread(target=poll) for _ in range(20)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    for _ in range(5):
        assert list(client.list_groups()) == []
    assert time.monotonic() - started < 3
    assert results == []
    sandbox.advance()
    for thread in threads:
        thread.join(timeout=9)
    assert results == [LongPollingStatus.DONE] * 20


def test_mending_the_bucket_mends_the_next_job(
    sandbox: Running, register: Callable[..., Any]
) -> None:
    files = images("restricted/0001.jpg", "images/street/0181.jpg", skip_duplicate_urls=True)
    assert register(files).units_error_count == 2
    assert sandbox.control("mend")["mended"] == 2
    assert register(files).units_error_count == 0
    sandbox.control("forbidden", {"bucket": "encord-demo-bucket", "prefixes": ["images/"]})
    assert register(images("images/street/0001.jpg")).units_error_count == 1
