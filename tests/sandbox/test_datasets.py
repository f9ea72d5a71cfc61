"""Datasets and their rows, through the SDK."""

import datetime as dt
import uuid

import pytest
from encord import EncordUserClient
from encord.constants.enums import DataType
from encord.dataset import Dataset
from encord.exceptions import InvalidArgumentsError, ResourceExistsError, ResourceNotFoundError
from encord.orm.dataset import (
    DataLinkDuplicatesBehavior,
    DatasetAccessSettings,
    ImagesDataFetchOptions,
    StorageLocation,
)
from encord.storage import StorageFolder

from tests.sandbox.conftest import Running

GS = "gs://encord-demo-bucket/"


@pytest.fixture
def dataset(client: EncordUserClient) -> Dataset:
    made = client.create_dataset(
        "Houses", StorageLocation.GCP, "On GCP", create_backing_folder=False
    )
    return client.get_dataset(made.dataset_hash)


@pytest.fixture
def items(sandbox: Running, folder: StorageFolder, integration: str) -> list[uuid.UUID]:
    folder.add_private_data_to_folder_start(
        integration,
        {
            "images": [
                {"objectUrl": f"{GS}images/street/000{n}.jpg", "clientMetadata": {"n": n}}
                for n in (1, 2, 3)
            ],
            "videos": [{"objectUrl": GS + "videos/0001.mp4"}],
            "image_groups": [{"title": "Group", "objectUrl_0": GS + "images/field/0001.png"}],
        },
    )
    sandbox.advance()
    return [item.uuid for item in folder.list_items()]


def test_datasets_are_listed_with_filters(client: EncordUserClient) -> None:
    made = client.create_dataset("Houses", StorageLocation.GCP, "Old ones")
    client.create_dataset("Boats", StorageLocation.GCP, create_backing_folder=False)
    assert made.backing_folder_uuid is not None
    assert client.get_storage_folder(made.backing_folder_uuid).name == "Houses"

    def titles(**filters: object) -> list[str]:
        return [found["dataset"].title for found in client.get_datasets(**filters)]  # type: ignore[arg-type]

    assert titles() == ["Houses", "Boats"]
    assert titles(title_eq="Boats") == ["Boats"]
    assert titles(title_like="%ous%") == ["Houses"]
    assert titles(desc_eq="Old ones") == ["Houses"]
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert titles(created_after=tomorrow) == []
    assert titles(created_before=tomorrow) == ["Houses", "Boats"]


def test_a_dataset_with_and_without_rows(
    client: EncordUserClient, dataset: Dataset, items: list[uuid.UUID]
) -> None:
    dataset.link_items(items)
    full = client.get_dataset(dataset.dataset_hash)
    assert (full.title, full.description, len(full.data_rows)) == ("Houses", "On GCP", 5)
    light = client.get_dataset(
        dataset.dataset_hash, DatasetAccessSettings(fetch_client_metadata=False, fetch_rows=False)
    )
    assert light.title == "Houses"
    with pytest.raises(ResourceNotFoundError):
        client.get_dataset(str(uuid.uuid4()))


def test_linking_skips_fails_or_doubles(dataset: Dataset, items: list[uuid.UUID]) -> None:
    assert len(dataset.link_items(items[:3])) == 3
    assert len(dataset.link_items(items)) == 2
    with pytest.raises(ResourceExistsError):
        dataset.link_items(items, DataLinkDuplicatesBehavior.FAIL)
    assert len(dataset.list_data_rows()) == 5
    assert len(dataset.link_items(items[:2], DataLinkDuplicatesBehavior.DUPLICATE)) == 2
    assert len(dataset.list_data_rows()) == 7
    with pytest.raises(ResourceNotFoundError):
        dataset.link_items([uuid.uuid4()])


def test_rows_say_where_their_files_are(dataset: Dataset, items: list[uuid.UUID]) -> None:
    dataset.link_items(items)
    rows = {row.title: row for row in dataset.list_data_rows()}
    image = rows["/images/street/0001.jpg"]
    assert image.file_link == GS + "images/street/0001.jpg"
    assert image.data_type is DataType.IMAGE
    assert image.storage_location is StorageLocation.GCP
    assert image.backing_item_uuid in items
    assert rows["/videos/0001.mp4"].duration == 2.0
    image.refetch_data(signed_url=True, client_metadata=True)
    assert "/media/encord-demo-bucket/" in str(image.signed_url)
    assert dict(image.client_metadata or {}) == {"n": 1}
    group = rows["Group"]
    assert group.file_link is None
    group.refetch_data(images_data_fetch_options=ImagesDataFetchOptions(fetch_signed_urls=True))
    assert [frame.file_link for frame in group.images_data or []] == [GS + "images/field/0001.png"]


def test_row_filters(dataset: Dataset, items: list[uuid.UUID]) -> None:
    rows = dataset.link_items(items)
    assert [row.title for row in dataset.list_data_rows(title_eq="Group")] == ["Group"]
    assert len(dataset.list_data_rows(title_like="%street%")) == 3
    assert len(dataset.list_data_rows(data_types=[DataType.VIDEO, DataType.IMG_GROUP])) == 2
    hashes = [rows[1].uid, rows[3].uid]
    assert [row.uid for row in dataset.list_data_rows(data_hashes=hashes)] == hashes
    assert dataset.list_data_rows(created_after="2999-01-01") == []
    with pytest.raises(InvalidArgumentsError, match="wrong type"):
        dataset.list_data_rows(title_eq=["Group"])  # type: ignore[arg-type]
    dataset.set_access_settings(DatasetAccessSettings(fetch_client_metadata=True))
    found = dataset.list_data_rows(title_like="%0002.jpg")
    assert dict(found[0].client_metadata or {}) == {"n": 2}


def test_deleting_data_keeps_the_item(
    client: EncordUserClient, dataset: Dataset, items: list[uuid.UUID]
) -> None:
    rows = dataset.link_items(items)
    dataset.delete_data([row.uid for row in rows[:2]])
    assert len(dataset.list_data_rows()) == 3
    assert len(client.get_storage_items(items)) == 5
    client.get_storage_item(items[4]).delete()
    assert len(dataset.list_data_rows()) == 2
