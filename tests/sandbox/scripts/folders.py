# ruff: noqa: T201
from encord import EncordUserClient

user_client = EncordUserClient.create_with_ssh_private_key()

project_folder = user_client.create_storage_folder(
    "Harbor cameras", description="Everything from the pier", client_metadata={"site": "north"}
)
raw_folder = project_folder.create_subfolder("Raw")
old_folder = project_folder.create_subfolder("Old")

raw_folder.update(name="Raw footage", client_metadata={"site": "north", "season": "autumn"})
old_folder.move_to_folder(None)
old_folder.delete()

for folder in user_client.list_storage_folders(search="harbor"):
    print(f"top: {folder.name} {folder.client_metadata}")
for folder in user_client.find_storage_folders(search="raw"):
    parent = folder.parent
    print(f"found: {folder.name} in {parent and parent.name} {folder.client_metadata}")
print(f"files: {project_folder.get_summary().files}")
