# ruff: noqa: T201
# Import dependencies
from uuid import UUID

from encord import EncordUserClient
from encord.orm.dataset import LongPollingStatus

upload_job_id = UUID("<upload_job_id>")

# Authenticate with Encord using the path to your private key.
user_client = EncordUserClient.create_with_ssh_private_key(
    ssh_private_key_path="<private_key_path>"
)

# Check upload status
storage_folder = next(iter(user_client.find_storage_folders(search="<folder_name>")))
res = storage_folder.add_private_data_to_folder_get_result(upload_job_id, timeout_seconds=5)
print(f"Execution result: {res}")

if res.status == LongPollingStatus.PENDING:
    print("Upload is still in progress, try again later!")
elif res.status == LongPollingStatus.DONE:
    print("Upload completed")
    if res.unit_errors:
        print("The following URLs failed to upload:")
        for e in res.unit_errors:
            print(e.object_urls)
else:
    print(f"Upload failed: {res.errors}")
