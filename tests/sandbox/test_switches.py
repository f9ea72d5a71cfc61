"""Every open question about Encord, answered both ways."""

from contextlib import nullcontext
from uuid import UUID

import pytest
from encord import EncordUserClient
from encord.exceptions import (
    AuthenticationError,
    InvalidArgumentsError,
    RateLimitExceededError,
    ResourceNotFoundError,
)
from encord.storage import StorageFolder

from tests.sandbox.conftest import Running


def turn(sandbox: Running, name: str, to: float) -> None:
    sandbox.control("switches", {name: to})


def image(number: int) -> dict[str, str]:
    return {"objectUrl": f"gs://encord-demo-bucket/bulk/{number:06}.jpg"}


def start(folder: StorageFolder, integration: str, **sections: object) -> UUID:
    document = {**sections, "skip_duplicate_urls": True}
    return folder.add_private_data_to_folder_start(integration, document, ignore_errors=True)


def test_all_are_listed_with_their_meaning(sandbox: Running) -> None:
    listed = sandbox.control("switches", method="GET")
    assert all(each["state"] == each["assumed"] for each in listed.values())  # type: ignore[index]
    assert all(each["meaning"] for each in listed.values())  # type: ignore[index]
    assert sandbox.ask("switches", {"nothing": 1}).status_code == 400


@pytest.mark.parametrize(("atomic", "items"), [(1, 1), (0, 2)])
def test_two_running_jobs_and_one_url(
    sandbox: Running, folder: StorageFolder, integration: str, atomic: int, items: int
) -> None:
    turn(sandbox, "duplicates.atomic", atomic)
    for _ in range(2):
        start(folder, integration, images=[image(1)])
    sandbox.advance()
    assert len(list(folder.list_items())) == items


@pytest.mark.parametrize(("covered", "items"), [(1, 1), (0, 2)])
def test_a_group_that_is_there_already(
    sandbox: Running, folder: StorageFolder, integration: str, covered: int, items: int
) -> None:
    turn(sandbox, "duplicates.groups", covered)
    group = {"title": "g", **{f"objectUrl_{n}": image(n)["objectUrl"] for n in range(2)}}
    for _ in range(2):
        start(folder, integration, image_groups=[group])
        sandbox.advance()
    assert len(list(folder.list_items())) == items


@pytest.mark.parametrize(("hold", "asks_again"), [(10, False), (0, True)])
def test_a_poll_is_held_or_answered_at_once(
    sandbox: Running, folder: StorageFolder, integration: str, *, hold: int, asks_again: bool
) -> None:
    turn(sandbox, "poll.hold_seconds", hold)
    job = start(folder, integration, images=[image(1)])
    operation = "v2 GET storage/folders/{folder}/data-upload-jobs/{job}"
    sandbox.control("faults", {"operation": operation, "kind": "delay", "times": 1})
    sandbox.control("faults", {"operation": operation, "kind": "status", "status": 404})
    with pytest.raises(ResourceNotFoundError) if asks_again else nullcontext():
        folder.add_private_data_to_folder_get_result(job, timeout_seconds=2)


@pytest.mark.parametrize(("kept", "name"), [(1, "m.json"), (0, None)])
def test_the_name_of_the_file(
    sandbox: Running,
    folder: StorageFolder,
    integration: str,
    tmp_path: object,
    kept: int,
    name: str | None,
) -> None:
    turn(sandbox, "jobs.file_name", kept)
    file = tmp_path / "m.json"  # type: ignore[operator]
    file.write_text('{"images": []}')
    job = folder.add_private_data_to_folder_start(integration, file, True)
    state = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert state.file_name == name


@pytest.mark.parametrize(("lag", "listed"), [(0, 1), (3600, 0)])
def test_an_item_is_listed_at_once_or_later(
    sandbox: Running, folder: StorageFolder, integration: str, lag: int, listed: int
) -> None:
    turn(sandbox, "listing.lag_seconds", lag)
    start(folder, integration, images=[image(1)])
    sandbox.advance()
    assert len(list(folder.list_items())) == listed


@pytest.mark.parametrize("stable", [True, False])
def test_new_items_move_the_pages_or_do_not(
    sandbox: Running, folder: StorageFolder, integration: str, *, stable: bool
) -> None:
    turn(sandbox, "listing.stable", stable)
    start(folder, integration, images=[image(n) for n in range(10, 14)])
    sandbox.advance()
    found = iter(folder.list_items(page_size=2))
    seen = [next(found).url for _ in range(2)]
    start(folder, integration, images=[image(1), image(2)])
    sandbox.advance()
    seen += [item.url for item in found]
    assert (len(seen) == len(set(seen))) is stable


@pytest.mark.parametrize(("size", "listed"), [(0, 3), (2, 2)])
def test_frames_come_at_once_or_in_pages(
    sandbox: Running, folder: StorageFolder, integration: str, size: int, listed: int
) -> None:
    turn(sandbox, "frames.page_size", size)
    group = {"title": "g", **{f"objectUrl_{n}": image(n)["objectUrl"] for n in range(3)}}
    start(folder, integration, image_groups=[group])
    sandbox.advance()
    (item,) = folder.list_items()
    assert len(list(item.get_child_items())) == listed  # the SDK reads the first page alone


def test_calls_beyond_the_limit_are_refused(sandbox: Running, client: EncordUserClient) -> None:
    turn(sandbox, "limit.calls_per_second", 3)
    with pytest.raises(RateLimitExceededError):
        _ = [client.get_cloud_integrations() for _ in range(200)]
    turn(sandbox, "limit.calls_per_second", 0)
    client.get_cloud_integrations()


def test_calls_of_both_transports_count_towards_the_limit(
    sandbox: Running, client: EncordUserClient
) -> None:
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    dataset = client.get_dataset(made.dataset_hash)
    turn(sandbox, "limit.calls_per_second", 3)
    with pytest.raises(RateLimitExceededError) as refused:
        _ = [dataset.list_data_rows() for _ in range(200)]
    assert refused.value.retry_after == 1
    turn(sandbox, "limit.calls_per_second", 0)
    assert dataset.list_data_rows() == []


def test_an_old_signature(sandbox: Running, client: EncordUserClient) -> None:
    client.get_cloud_integrations()
    turn(sandbox, "signatures.max_age_seconds", 0)  # its time is cut to the second before
    with pytest.raises(AuthenticationError):
        client.get_cloud_integrations()


def test_a_folder_that_is_not_empty(sandbox: Running, client: EncordUserClient) -> None:
    top = client.create_storage_folder("Harbor")
    top.create_subfolder("Pier")
    with pytest.raises(InvalidArgumentsError):
        top.delete()
    turn(sandbox, "folders.delete_filled", 1)
    top.delete()
    assert list(client.find_storage_folders()) == []


@pytest.mark.parametrize(("answered", "rows"), [(0, 0), (1, 1)])
def test_linking_what_is_linked(
    sandbox: Running,
    client: EncordUserClient,
    folder: StorageFolder,
    integration: str,
    answered: int,
    rows: int,
) -> None:
    turn(sandbox, "links.answer_skipped", answered)
    start(folder, integration, images=[image(1)])
    sandbox.advance()
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    dataset = client.get_dataset(made.dataset_hash)
    uuids = [item.uuid for item in folder.list_items()]
    dataset.link_items(uuids)
    assert len(dataset.link_items(uuids)) == rows
