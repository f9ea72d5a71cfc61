"""Cloud-synced folders, through the SDK."""

from uuid import UUID

import pytest
from encord import EncordUserClient
from encord.exceptions import AuthorisationError, InvalidArgumentsError
from encord.orm.storage import CloudSyncedFolderParams, SidecarMatcherSuffix
from encord.storage import StorageFolder
from google.cloud import storage  # type: ignore[import-untyped]

from tests.sandbox.conftest import Running

DONE = "DONE"


@pytest.fixture
def synced(client: EncordUserClient, integration: str) -> StorageFolder:
    return client.create_storage_folder(
        "Synced",
        cloud_synced_folder_params=CloudSyncedFolderParams(
            integration_uuid=UUID(integration),
            remote_url="gs://encord-demo-bucket/arrivals/",
        ),
    )


def put(bucket: storage.Bucket, name: str, source: str) -> None:
    content = bucket.blob(source)
    bucket.blob(name).upload_from_string(content.download_as_bytes(), "image/jpeg")


def sync(sandbox: Running, folder: StorageFolder) -> object:
    job = folder.sync_private_data_with_cloud_synced_folder_start()
    sandbox.advance()
    return folder.sync_private_data_with_cloud_synced_folder_get_result(job, timeout_seconds=5)


def test_a_sync_registers_what_lies_in_the_bucket(
    sandbox: Running, synced: StorageFolder, bucket: storage.Bucket
) -> None:
    assert synced.is_cloud_synced
    assert synced.remote_url == "gs://encord-demo-bucket/arrivals/"
    put(bucket, "arrivals/a.jpg", "bulk/000001.jpg")
    bucket.blob("arrivals/notes.bin").upload_from_string(b"x", "application/octet-stream")
    done = sync(sandbox, synced)
    assert (done.status.name, done.upload_jobs_units_done) == (DONE, 1)  # type: ignore[attr-defined]
    assert [item.url for item in synced.list_items()] == ["gs://encord-demo-bucket/arrivals/a.jpg"]
    put(bucket, "arrivals/b.jpg", "bulk/000002.jpg")
    sync(sandbox, synced)
    assert len(list(synced.list_items())) == 2


def test_an_object_that_went_leaves_a_tombstone_until_it_is_back(
    sandbox: Running, synced: StorageFolder, bucket: storage.Bucket
) -> None:
    put(bucket, "arrivals/a.jpg", "bulk/000001.jpg")
    sync(sandbox, synced)
    synced.create_data_group(
        [item.uuid for item in synced.list_items()]
    )  # it has no object that could go
    bucket.blob("arrivals/a.jpg").delete()
    sync(sandbox, synced)
    assert _buried(synced) == {"/arrivals/a.jpg": True, "Data group": False}
    assert synced.get_summary().tombstones == 1
    put(bucket, "arrivals/a.jpg", "bulk/000001.jpg")
    sync(sandbox, synced)
    assert not any(_buried(synced).values())


def _buried(folder: StorageFolder) -> dict[str, bool]:
    return {item.name: item._orm_item.is_tombstone for item in folder.list_items()}


@pytest.mark.parametrize(
    ("sidecar", "paused", "metadata"),
    [
        ('{"site": "north"}', False, [{"site": "north"}]),
        ('{"site": "north"}', True, [{}]),
        ('{"site": ', False, []),
    ],
)
def test_sidecars_are_claimed_and_attached_unless_paused(
    sandbox: Running,
    synced: StorageFolder,
    bucket: storage.Bucket,
    *,
    sidecar: str,
    paused: bool,
    metadata: list[dict[str, str]],
) -> None:
    synced.enable_metadata_ingestion(SidecarMatcherSuffix(suffix=".about.txt"), paused=paused)
    config = synced.get_folder_config().metadata_ingestion
    assert config is not None
    assert (config.matcher.suffix, config.paused) == (".about.txt", paused)
    put(bucket, "arrivals/a.jpg", "bulk/000001.jpg")
    bucket.blob("arrivals/a.jpg.about.txt").upload_from_string(sidecar, "text/plain")
    sync(sandbox, synced)
    assert [item.client_metadata for item in synced.list_items()] == metadata


def test_a_plain_folder_cannot_be_synced(folder: StorageFolder) -> None:
    with pytest.raises(InvalidArgumentsError):
        folder.sync_private_data_with_cloud_synced_folder_start()


@pytest.mark.parametrize(
    ("integration_uuid", "remote", "error"),
    [
        (None, "gs://elsewhere/", InvalidArgumentsError),
        ("00000000-0000-4000-8000-00000000dead", "gs://encord-demo-bucket/", AuthorisationError),
    ],
)
def test_a_folder_cannot_be_synced_with_what_is_not_there(
    client: EncordUserClient,
    integration: str,
    integration_uuid: str | None,
    remote: str,
    error: type[Exception],
) -> None:
    params = CloudSyncedFolderParams(
        integration_uuid=UUID(integration_uuid or integration),
        remote_url=remote,
    )
    with pytest.raises(error):
        client.create_storage_folder("Synced", cloud_synced_folder_params=params)
