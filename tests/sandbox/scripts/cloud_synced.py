# ruff: noqa: T201
from uuid import UUID

from encord import EncordUserClient
from encord.orm.storage import CloudSyncedFolderParams

user_client = EncordUserClient.create_with_ssh_private_key()
integration = user_client.get_cloud_integrations()[0]
folder = user_client.create_storage_folder(
    "Fields",
    cloud_synced_folder_params=CloudSyncedFolderParams(
        integration_uuid=UUID(integration.id),
        remote_url="gs://encord-demo-bucket/images/field/",
    ),
)
folder.enable_metadata_ingestion()
job = folder.sync_private_data_with_cloud_synced_folder_start()
result = folder.sync_private_data_with_cloud_synced_folder_get_result(job)
print(f"{result.status.value}: {result.upload_jobs_units_done} of it")
print(f"listed: {len(list(folder.list_items()))}, synced: {folder.is_cloud_synced}")
