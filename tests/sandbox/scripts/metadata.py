# ruff: noqa: T201
from encord import EncordUserClient
from encord.http.bundle import Bundle

user_client = EncordUserClient.create_with_ssh_private_key()
schema = user_client.metadata_schema()
schema.add_scalar("camera", data_type="varchar")
schema.add_scalar("night", data_type="boolean")
schema.add_enum("sharpness", values=["good", "poor"])
schema.save()

integration = user_client.get_cloud_integrations()[0]
folder = user_client.create_storage_folder("Images")
urls = [f"gs://encord-demo-bucket/bulk/{number:06}.jpg" for number in range(25)]
job = folder.add_private_data_to_folder_start(
    integration.id,
    {"images": [{"objectUrl": url} for url in urls], "skip_duplicate_urls": True},
    ignore_errors=True,
)
result = folder.add_private_data_to_folder_get_result(job)
print(f"registered: {result.units_done_count}")

with Bundle(bundle_size=10) as bundle:
    for number, item in enumerate(folder.list_items()):
        metadata = {
            **(item.client_metadata or {}),
            "camera": f"c{number % 3}",
            "night": number > 20,
        }
        item.update(client_metadata=metadata, bundle=bundle)

night = [item.name for item in folder.list_items() if (item.client_metadata or {})["night"]]
print(f"at night: {len(night)}")
declared = schema.keys()
print(f"keys: {', '.join(key for key in declared if key in ('camera', 'night', 'sharpness'))}")
