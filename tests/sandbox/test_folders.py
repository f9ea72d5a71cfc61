"""Folders, through the SDK."""

import uuid

import pytest
from encord import EncordUserClient
from encord.exceptions import AuthorisationError, InvalidArgumentsError
from encord.orm.storage import FoldersSortBy
from encord.storage import StorageFolder


def names(folders: object) -> list[str]:
    return [folder.name for folder in folders]  # type: ignore[attr-defined]


def test_a_folder_keeps_what_it_was_made_with(client: EncordUserClient) -> None:
    made = client.create_storage_folder("Harbor", "Cameras", {"team": "north"})
    found = client.get_storage_folder(made.uuid)
    assert (found.name, found.description) == ("Harbor", "Cameras")
    assert found.client_metadata == {"team": "north"}
    assert found.parent is None


def test_a_folder_that_is_not_there_is_forbidden(client: EncordUserClient) -> None:
    with pytest.raises(AuthorisationError):
        client.get_storage_folder(uuid.uuid4())


def test_listing_is_top_level_and_searching_is_not(client: EncordUserClient) -> None:
    top = client.create_storage_folder("Harbor")
    below = top.create_subfolder("Harbor north")
    below.create_subfolder("Pier")
    client.create_storage_folder("Market")
    assert names(client.list_storage_folders()) == ["Harbor", "Market"]
    assert names(client.list_storage_folders(desc=True)) == ["Market", "Harbor"]
    assert names(client.find_storage_folders(search="harbor")) == ["Harbor", "Harbor north"]
    assert names(top.list_subfolders()) == ["Harbor north"]
    assert names(top.find_subfolders()) == ["Harbor north", "Pier"]
    assert below.parent is not None
    assert below.parent.uuid == top.uuid
    assert [step.name for step in below.path_to_root] == ["Harbor"]


@pytest.mark.parametrize("order", list(FoldersSortBy))
def test_pages_show_every_folder_once(client: EncordUserClient, order: FoldersSortBy) -> None:
    for number in range(25):
        client.create_storage_folder(f"Folder {number // 2:02d}")
    found = list(client.list_storage_folders(page_size=4, order=order))
    assert len({folder.uuid for folder in found}) == 25
    assert names(found) == sorted(names(found))


@pytest.mark.parametrize("size", [0, 1001])
def test_a_page_size_outside_the_limits_is_refused(folder: StorageFolder, size: int) -> None:
    with pytest.raises(InvalidArgumentsError, match="pageSize"):
        list(folder.list_items(page_size=size))


def test_updating_changes_only_what_is_sent(
    folder: StorageFolder, client: EncordUserClient
) -> None:
    folder.update(description="New")
    folder.update(client_metadata={"a": [1, None]})
    found = client.get_storage_folder(folder.uuid)
    assert (found.name, found.description) == ("Harbor", "New")
    assert found.client_metadata == {"a": [1, None]}


def test_moving_and_deleting(client: EncordUserClient, folder: StorageFolder) -> None:
    other = client.create_storage_folder("Market")
    folder.move_to_folder(other.uuid)
    assert names(client.list_storage_folders()) == ["Market"]
    with pytest.raises(InvalidArgumentsError, match="into itself"):
        other.move_to_folder(folder.uuid)
    with pytest.raises(InvalidArgumentsError, match="not empty"):
        other.delete()
    folder.move_to_folder(None)
    other.delete()
    assert names(client.list_storage_folders()) == ["Harbor"]
