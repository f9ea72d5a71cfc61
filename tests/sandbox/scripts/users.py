# ruff: noqa: T201
from encord import EncordUserClient
from encord.orm.storage import StorageUserRole

user_client = EncordUserClient.create_with_ssh_private_key()
user_client.add_organisation_user(
    "nora@sandbox.example", role_mnemonic_name="MEMBER", member_type="internal"
)
group = user_client.create_group("Annotators", "Of the night shift")
group.add_users(["nora@sandbox.example"])
folder = user_client.create_storage_folder("Shared")
folder.add_group(group.group_hash, StorageUserRole.USER)

for user in user_client.list_organisation_users():
    print(f"user: {user.email} {user.role_mnemonic_name}")
for shared in folder.list_groups():
    print(f"shared with: {shared.name} as {shared.user_role.value}")
for member in user_client.get_group(group.group_hash).list_users():
    print(f"in it: {member.user_email}")
folder.remove_group(group.group_hash)
user_client.delete_group(group.group_hash)
user_client.remove_organisation_user("nora@sandbox.example")
print(f"left: {len(list(user_client.list_organisation_users()))}")
