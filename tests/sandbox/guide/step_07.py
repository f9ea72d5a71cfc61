# ruff: noqa: T201
# Import dependencies
from encord import EncordUserClient
from encord.orm.dataset import StorageLocation

# Authenticate with Encord using the path to your private key.
user_client = EncordUserClient.create_with_ssh_private_key(
    ssh_private_key_path="<private_key_path>"
)

# Create a dataset that expects data hosted on GCP
dataset = user_client.create_dataset("Houses", StorageLocation.GCP, create_backing_folder=False)
print(dataset)
