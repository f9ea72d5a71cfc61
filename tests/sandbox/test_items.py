"""Items: listings, filters, pages, bulk reads and updates, through the SDK."""

import uuid

import pytest
import requests
from encord import EncordUserClient
from encord.exceptions import ResourceNotFoundError
from encord.http.bundle import Bundle
from encord.orm.dataset import StorageLocation
from encord.orm.storage import FoldersSortBy, StorageItemType
from encord.storage import StorageFolder

from tests.sandbox.conftest import Running

GS = "gs://encord-demo-bucket/"


@pytest.fixture
def filled(sandbox: Running, folder: StorageFolder, integration: str) -> StorageFolder:
    """A folder with 30 images of 15 names, two clips and a group of three frames."""
    folder.add_private_data_to_folder_start(
        integration,
        {
            "images": [
                {
                    "objectUrl": f"{GS}images/street/{number:04d}.jpg",
                    "title": f"Street {number // 2:02d}",
                    "clientMetadata": {"number": number},
                }
                for number in range(2, 32)
            ],
            "videos": [{"objectUrl": f"{GS}videos/000{n}.mp4"} for n in (1, 2)],
            "image_groups": [
                {
                    "title": "Group",
                    **{f"objectUrl_{n}": f"{GS}images/field/000{n + 1}.png" for n in range(3)},
                }
            ],
        },
    )
    sandbox.advance()
    return folder


def test_pages_show_every_item_once_in_order(filled: StorageFolder) -> None:
    for order in FoldersSortBy:
        for desc in (False, True):
            found = list(filled.list_items(page_size=4, order=order, desc=desc))
            assert len({item.uuid for item in found}) == 33
            keys = [item.name if order is FoldersSortBy.NAME else item.created_at for item in found]
            assert keys == sorted(keys, reverse=desc)


def test_filters(client: EncordUserClient, filled: StorageFolder) -> None:
    assert len(list(filled.list_items(search="street 1"))) == 12
    videos = list(filled.list_items(item_types=[StorageItemType.VIDEO]))
    assert [item.url for item in videos] == [GS + "videos/0001.mp4", GS + "videos/0002.mp4"]
    both = [StorageItemType.VIDEO, StorageItemType.IMAGE_GROUP]
    assert len(list(filled.list_items(item_types=both))) == 3
    dataset = client.create_dataset("D", StorageLocation.GCP, create_backing_folder=False)
    client.get_dataset(dataset.dataset_hash).link_items([item.uuid for item in videos])
    assert len(list(filled.list_items(is_in_dataset=True))) == 2
    assert len(list(filled.list_items(is_in_dataset=False))) == 31
    outer = client.create_storage_folder("Outer")
    filled.move_to_folder(outer.uuid)
    assert list(outer.list_items()) == []
    assert len(list(outer.find_items(search="street", page_size=7))) == 30


def test_an_item_says_what_it_is(filled: StorageFolder, integration: str) -> None:
    item = next(iter(filled.list_items(search="street 01")))
    assert item.url == GS + "images/street/0002.jpg"
    assert item.client_metadata == {"number": 2}
    assert (item.width, item.height, item.mime_type) == (160, 120, "image/jpeg")
    assert str(item._orm_item.integration_hash) == integration
    assert item._orm_item.storage_location.value == "gcp"


def test_signed_urls_lead_to_the_bytes(filled: StorageFolder) -> None:
    item = next(iter(filled.list_items(get_signed_urls=True, item_types=[StorageItemType.IMAGE])))
    address = item.get_signed_url()
    assert address is not None
    answer = requests.get(address, timeout=10)
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert len(answer.content) == item.file_size
    assert requests.get(address[:-1] + "x", timeout=10).status_code == 403
    old = address.replace("expires=", "expires=1")
    assert requests.get(old, timeout=10).status_code == 403


def test_bulk_reads_keep_the_order_asked_for(
    client: EncordUserClient, filled: StorageFolder
) -> None:
    uuids = [item.uuid for item in filled.list_items()][::-1]
    found = client.get_storage_items([uuids[0], uuid.uuid4(), *uuids[1:]])
    assert [item.uuid for item in found] == uuids
    assert client.get_storage_item(uuids[3]).uuid == uuids[3]
    with pytest.raises(ResourceNotFoundError):
        client.get_storage_item(uuid.uuid4())


def test_updates_replace_metadata_whole(client: EncordUserClient, filled: StorageFolder) -> None:
    item = next(iter(filled.list_items()))
    item.update(name="Renamed", client_metadata={"a": 1})
    item.update(client_metadata={"b": None})
    found = client.get_storage_item(item.uuid)
    assert (found.name, found.client_metadata) == ("Renamed", {"b": None})
    with Bundle() as bundle:
        for each in filled.list_items():
            each.update(client_metadata={"all": True}, bundle=bundle)
    assert all(each.client_metadata == {"all": True} for each in filled.list_items())


def test_delete_and_move(client: EncordUserClient, filled: StorageFolder) -> None:
    other = client.create_storage_folder("Other")
    items = list(filled.list_items())
    group = next(item for item in items if item.item_type is StorageItemType.IMAGE_GROUP)
    filled.move_items_to_folder(other.uuid, [group.uuid, items[-1].uuid])
    assert len(list(filled.list_items())) == 31
    assert len(list(other.list_items())) == 2
    assert len(list(client.get_storage_item(group.uuid).get_child_items())) == 3
    filled.delete_storage_items([item.uuid for item in items[:5] if item.uuid != group.uuid])
    assert len(list(filled.list_items())) in (26, 27)
    client.get_storage_item(group.uuid).delete()
    assert len(list(other.list_items())) == 1


def test_summaries_count(client: EncordUserClient, filled: StorageFolder) -> None:
    filled.create_subfolder("Below")
    summary = filled.get_summary()
    assert (summary.files, summary.images, summary.videos, summary.image_groups) == (33, 30, 2, 1)
    assert (summary.folders, summary.upload_jobs) == (1, 1)
    assert summary.total_size > 33 * 500
    dataset = client.create_dataset("D", StorageLocation.GCP, create_backing_folder=False)
    item = next(iter(filled.list_items()))
    rows = client.get_dataset(dataset.dataset_hash).link_items([item.uuid])
    found = item.get_summary()
    assert found.used_in_datasets == 1
    assert [str(data) for data in found.accessible_datasets[0].data_hashes] == [rows[0].uid]
