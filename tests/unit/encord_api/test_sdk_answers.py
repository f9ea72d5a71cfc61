"""What is sent, byte by byte where it matters, and how good and odd answers are read."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.encord_api.errors import Unclear
from services.encord_api.interface import Integration, JobState, UnitError
from services.encord_api.sdk import PAGE, SdkGateway
from tests.unit.loopback import Reply, answer, envelope, http, serving

FOLDER = "0b3c9a52-6c2f-4d6c-8a53-1f0d0f0a4a01"
OTHER = "0b3c9a52-6c2f-4d6c-8a53-1f0d0f0a4a02"
Connect = Callable[[str], SdkGateway]

NULLS = (
    *("integrationHash", "signedUrl", "fileSize", "mimeType", "duration", "fps", "height"),
    *("width", "dicomInstanceUid", "dicomStudyUid", "dicomSeriesUid", "frameCount"),
    *("audioSampleRate", "audioBitDepth", "audioCodec", "audioNumChannels"),
)


def item(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "uuid": str(UUID(int=number)),
        "parent": FOLDER,
        "itemType": "image",
        "name": f"{number}.png",
        "clientMetadata": "{}",
        "owner": "demo@example.org",
        "createdAt": "2026-11-23T02:00:00Z",
        "lastEditedAt": "2026-11-23T02:00:00Z",
        "backedDataUnitsCount": 1,
        "storageLocation": "gcp",
        "url": f"gs://yard/{number}.png",
        **dict.fromkeys(NULLS),
        **changes,
    }


def page(items: list[dict[str, Any]], token: str | None = None) -> bytes:
    return answer({"results": items, "nextPageToken": token})


def job(**changes: Any) -> dict[str, Any]:
    counts = {f"units{state}Count": 0 for state in ("Pending", "Done", "Error", "Cancelled")}
    return (
        {"status": "DONE", "itemsWithNames": [], "errors": [], "unitErrors": []} | counts | changes
    )


def test_start_sends_the_document_under_its_name_with_the_attempt_token(
    gateway_at: Connect, document: Path
) -> None:
    with serving(answer(OTHER)) as server:
        gateway = gateway_at(server.url)
        assert gateway.start_upload(FOLDER, OTHER, document, trace="t0k3n") == OTHER
    (request,) = server.requests
    assert request.target == f"/v2/public/storage/folders/{FOLDER}/data-upload-jobs"
    assert request.headers["x-cloud-trace-context"] == "t0k3n/1;o=1"
    assert request.json() == {
        "externalFiles": {
            "images": [{"objectUrl": "gs://yard/1.png"}],
            "skip_duplicate_urls": True,
        },
        "integrationHash": OTHER,
        "ignoreErrors": True,
        "fileName": "yard~t0k3n.json",
    }


def test_a_job_is_looked_at_once_without_waiting(gateway_at: Connect) -> None:
    state = job(
        status="PENDING",
        unitsPendingCount=4,
        unitsDoneCount=2,
        unitsErrorCount=1,
        itemsWithNames=[{"itemUuid": OTHER, "name": "1.png"}],
        unitErrors=[
            {
                "objectUrls": ["gs://yard/2.png"],
                "error": "not found",
                "subtaskUuid": FOLDER,
                "actionDescription": "Registering",
            }
        ],
        errors=["one unit failed"],
    )
    with serving(answer(state)) as server:
        status = gateway_at(server.url).job_status(FOLDER, OTHER)
    (request,) = server.requests
    assert request.target.endswith(f"/data-upload-jobs/{OTHER}?timeoutSeconds=0")
    assert status.state is JobState.PENDING
    assert (status.units_pending, status.units_done, status.units_error) == (4, 2, 1)
    assert status.item_uuids == (OTHER,)
    assert status.unit_errors == (
        UnitError(urls=("gs://yard/2.png",), message="not found", subtask_uuid=FOLDER),
    )
    assert status.errors == ("one unit failed",)


@pytest.mark.parametrize(
    "odd",
    [
        job(status="PAUSED"),
        job(status="done"),
        job(unitsDoneCount="many"),
        {"status": "DONE"},
        job(itemsWithNames=[{"itemUuid": "x", "name": "1"}]),
    ],
)
def test_a_job_that_answers_oddly_is_unclear(odd: dict[str, Any], gateway_at: Connect) -> None:
    with serving(answer(odd)) as server, pytest.raises(Unclear):
        gateway_at(server.url).job_status(FOLDER, OTHER)


def test_items_come_in_pages_one_request_each(gateway_at: Connect) -> None:
    first = page([item(n) for n in range(PAGE)], "next")
    last = page([item(PAGE, itemType="imageGroup", url=None, isPlaceholder=True)])
    with serving(first, last) as server:
        pages = gateway_at(server.url).list_items(FOLDER, newest_first=True)
        assert len(next(pages)) == PAGE
        assert len(server.requests) == 1
        (group,) = next(pages)
        assert list(pages) == []
    assert (group.type, group.url, group.is_placeholder) == ("imageGroup", None, True)
    assert group.created_at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    for query in ("order=createdAt", "desc=True", "pageSize=1000", "includeClientMetadata=False"):
        assert query in server.requests[0].target
    assert "pageToken=next" in server.requests[1].target


@pytest.mark.parametrize(
    "text", ["2026-11-23 02:00:00", "2026-11-23T04:00:00+02:00", "Mon, 23 Nov 2026 02:00:00 GMT"]
)
def test_a_time_is_read_however_it_is_written(gateway_at: Connect, text: str) -> None:
    with serving(page([item(1, createdAt=text)])) as server:
        ((found,),) = gateway_at(server.url).list_items(FOLDER)
    assert found.created_at == datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_a_page_that_fails_is_told_after_those_before_it(gateway_at: Connect) -> None:
    first = page([item(n) for n in range(PAGE)], "next")
    with serving(first, answer({"message": "oops"}, 500)) as server:
        pages = gateway_at(server.url).list_items(FOLDER)
        assert len(next(pages)) == PAGE
        with pytest.raises(Unclear):
            next(pages)
    assert len(server.requests) == 2


def test_an_item_of_a_type_nobody_knows_yet_hides_no_other(gateway_at: Connect) -> None:
    new = item(1, itemType="hologram", storageLocation="moon")
    with serving(page([new, item(2)])) as server:
        (found,) = gateway_at(server.url).list_items(FOLDER)
    assert [(each.type, each.name) for each in found] == [("hologram", "1.png"), ("image", "2.png")]


def test_items_that_come_again_are_no_answer(gateway_at: Connect) -> None:
    with serving(page([item(1), item(2)], "")) as server, pytest.raises(Unclear):
        next(gateway_at(server.url).list_items(FOLDER))
    assert len(server.requests) == 2


def test_frames_are_asked_for_through_their_item(gateway_at: Connect) -> None:
    group = item(7, itemType="dicomSeries", url=None)
    frames = page([item(8, url="gs://yard/a.dcm"), item(9, url="gs://yard/b.dcm")])
    with serving(answer(group), frames) as server:
        urls = gateway_at(server.url).frame_urls(str(UUID(int=7)))
    assert urls == ("gs://yard/a.dcm", "gs://yard/b.dcm")
    assert [request.method for request in server.requests] == ["GET", "GET"]


def test_every_page_of_frames_is_read(gateway_at: Connect) -> None:
    group = item(7, itemType="dicomSeries", url=None)
    first = page([item(8, url="gs://yard/a.dcm")], "next")
    last = page([item(9, url="gs://yard/b.dcm")])
    with serving(answer(group), first, last) as server:
        urls = gateway_at(server.url).frame_urls(str(UUID(int=7)))
    assert urls == ("gs://yard/a.dcm", "gs://yard/b.dcm")
    assert [("pageToken=next" in request.target) for request in server.requests] == [0, 0, 1]


def test_frames_that_come_again_are_no_answer(gateway_at: Connect) -> None:
    group = item(7, itemType="imageGroup", url=None)
    again = page([item(8), item(9)], "next")
    with serving(answer(group), again, again) as server, pytest.raises(Unclear):
        gateway_at(server.url).frame_urls(str(UUID(int=7)))
    assert len(server.requests) == 3


def test_what_has_no_frames_is_not_asked_for_them(gateway_at: Connect) -> None:
    with serving(answer(item(7))) as server:
        assert gateway_at(server.url).frame_urls(str(UUID(int=7))) == ()
    assert len(server.requests) == 1


def test_integrations_are_sorted_by_title(gateway_at: Connect) -> None:
    listed = [
        {"integrationUuid": OTHER, "title": "b"},
        {"integrationUuid": FOLDER, "title": "a"},
    ]
    with serving(answer({"result": listed})) as server:
        found = gateway_at(server.url).list_integrations()
    assert found == [Integration(id=FOLDER, title="a"), Integration(id=OTHER, title="b")]


@pytest.mark.parametrize("reply", [answer(None), http(204), answer({})])
def test_no_schema_is_an_empty_one(reply: Reply, gateway_at: Connect) -> None:
    with serving(reply) as server:
        assert gateway_at(server.url).metadata_schema().answer == {}


def test_a_dataset_is_made_without_a_mirrored_folder(gateway_at: Connect) -> None:
    with serving(answer({"datasetUuid": OTHER})) as server:
        assert gateway_at(server.url).create_dataset("yard", "made by us") == OTHER
    (request,) = server.requests
    assert request.json() == {
        "title": "yard",
        "description": "made by us",
        "createBackingFolder": False,
        "legacyCall": False,
    }


def test_a_dataset_is_read_without_its_rows(gateway_at: Connect) -> None:
    found = {
        "title": "yard",
        "description": None,
        "dataset_type": "CORD_STORAGE",
        "dataset_hash": OTHER,
    }
    with serving(envelope(found)) as server:
        dataset = gateway_at(server.url).get_dataset(OTHER)
    assert (dataset.uuid, dataset.title, dataset.description) == (OTHER, "yard", "")
    (request,) = server.requests
    settings = request.json()["values"]["payload"]["dataset_access_settings"]
    assert settings["fetch_rows"] is False
    assert request.headers["resourceid"] == OTHER


def test_links_skip_what_is_there(gateway_at: Connect) -> None:
    with serving(envelope([])) as server:
        gateway_at(server.url).link_items(OTHER, [FOLDER])
    (request,) = server.requests
    assert request.json()["values"]["payload"] == {
        "item_uuids": [FOLDER],
        "duplicates_behavior": "SKIP",
    }


def test_rows_may_lack_a_link_and_an_item(gateway_at: Connect) -> None:
    row = {
        "data_hash": OTHER,
        "data_title": "1.png",
        "data_type": "IMAGE",
        "created_at": "2026-11-23 02:00:00",
        "last_edited_at": "2026-11-23 02:00:00",
        "file_link": None,
        "storage_location": 2,
    }
    row |= dict.fromkeys(
        ["width", "height", "file_size", "file_type", "frames_per_second", "duration"]
    )
    linked = row | {"backing_item_uuid": FOLDER, "file_link": "gs://yard/1.png"}
    with serving(envelope([row, linked])) as server:
        bare, full = gateway_at(server.url).list_rows(OTHER)
    assert (bare.file_link, bare.item_uuid, bare.type) == (None, None, "IMAGE")
    assert (full.file_link, full.item_uuid) == ("gs://yard/1.png", FOLDER)
