# ruff: noqa: F401, PERF401, T201
# Import dependencies
from encord import Dataset, EncordUserClient, Project
from encord.objects.project import ProjectDataset
from encord.orm.dataset import DatasetAccessSettings

# Initiate client
user_client = EncordUserClient.create_with_ssh_private_key(
    ssh_private_key_path="<private_key_path>"
)

# Files the file links to all files in the Dataset
dataset_level_file_links = []
dataset: Dataset = user_client.get_dataset("<dataset_hash>")
for data in dataset.list_data_rows():
    dataset_level_file_links.append(data.file_link)
print(dataset_level_file_links)
