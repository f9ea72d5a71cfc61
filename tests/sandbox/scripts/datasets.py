# ruff: noqa: T201
from encord import EncordUserClient
from encord.orm.dataset import StorageLocation

user_client = EncordUserClient.create_with_ssh_private_key()
integration = user_client.get_cloud_integrations()[0]

created = user_client.create_dataset("Streets", StorageLocation.GCP, "Of the first week")
dataset = user_client.get_dataset(created.dataset_hash)
dataset.add_private_data_to_dataset(
    integration.id,
    {"images": [{"objectUrl": "gs://encord-demo-bucket/images/street/0001.jpg"}]},
)
dataset.upload_image("image.jpg")
dataset.upload_video("video.mp4", title="A crossing")
dataset.create_image_group(["image.jpg", "other.jpg"], title="A pair", create_video=False)
dataset.create_dicom_series(["slice-1.dcm", "slice-2.dcm"], title="A scan")

for row in sorted(dataset.list_data_rows(), key=lambda row: row.title):
    print(f"{row.data_type.name}: {row.title} ({row.storage_location.name})")

chosen = user_client.create_dataset("Chosen", StorageLocation.GCP, create_backing_folder=False)
second = user_client.get_dataset(chosen.dataset_hash)
rows = second.link_items([row.backing_item_uuid for row in dataset.list_data_rows()])
second.delete_data([rows[0].uid])
print(f"linked: {len(second.list_data_rows())}")
for found in user_client.get_datasets(title_like="C%"):
    print(f"dataset: {found['dataset'].title}")
