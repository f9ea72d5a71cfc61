"""Users, groups, tags, shares and data groups, through the SDK."""

import pytest
from encord import EncordUserClient
from encord.exceptions import AuthorisationError, ResourceExistsError, ResourceNotFoundError
from encord.orm.dataset import DatasetUserRole
from encord.orm.storage import DataGroupCarousel, DataGroupGrid, StorageUserRole
from encord.storage import StorageFolder

from tests.sandbox.conftest import Running

ANNA = "anna@sandbox.example"


def add(client: EncordUserClient, email: str) -> None:
    client.add_organisation_user(email, role_mnemonic_name="MEMBER", member_type="internal")


def test_users_come_and_go(client: EncordUserClient) -> None:
    add(client, ANNA)
    with pytest.raises(ResourceExistsError):
        add(client, ANNA)
    roles = {user.email: user.role_mnemonic_name for user in client.list_organisation_users()}
    assert roles == {
        "demo@sandbox.example": "ADMIN",
        "viewer@sandbox.example": "MEMBER",
        ANNA: "MEMBER",
    }
    client.remove_organisation_user(ANNA)
    with pytest.raises(ResourceNotFoundError):
        client.remove_organisation_user(ANNA)


def test_a_group_and_its_users(client: EncordUserClient) -> None:
    group = client.create_group("Night shift", "Labels at night")
    group.update_group(name="Late shift")
    add(client, ANNA)
    assert [user.user_email for user in group.add_users([ANNA])] == [ANNA]
    with pytest.raises(AuthorisationError):
        group.add_users(["stranger@example.com"])
    group.remove_users([ANNA, "stranger@example.com"])
    assert list(group.list_users()) == []
    assert client.get_group(group.group_hash).name == "Late shift"
    client.delete_group(group.group_hash)
    assert list(client.list_groups()) == []


def test_folders_and_datasets_are_shared_with_groups(
    client: EncordUserClient, folder: StorageFolder
) -> None:
    group = client.create_group("Night shift")
    folder.add_group(group.group_hash, StorageUserRole.USER)
    assert [(g.name, g.user_role) for g in folder.list_groups()] == [
        ("Night shift", StorageUserRole.USER)
    ]
    folder.remove_group(group.group_hash)
    assert list(folder.list_groups()) == []
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    dataset = client.get_dataset(made.dataset_hash)
    dataset.add_group(group.group_hash, DatasetUserRole.USER)
    assert [g.user_role for g in dataset.list_groups()] == [DatasetUserRole.USER]


def test_datasets_are_shared_with_users(client: EncordUserClient) -> None:
    add(client, ANNA)
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    dataset = client.get_dataset(made.dataset_hash)
    (shared,) = dataset.add_users([ANNA], DatasetUserRole.USER)
    assert (shared.user_email, shared.user_role) == (ANNA, DatasetUserRole.USER)
    assert {user.user_email for user in dataset.list_users()} == {ANNA, "demo@sandbox.example"}
    dataset.remove_users([ANNA])
    assert len(list(dataset.list_users())) == 1


def test_tags_have_names_of_their_own(client: EncordUserClient) -> None:
    client.create_organisation_tag("urgent")
    with pytest.raises(ResourceExistsError):
        client.create_organisation_tag("urgent")
    assert [tag.name for tag in client.list_organisation_tags()] == ["urgent"]


def test_data_groups_show_items_together(
    sandbox: Running, folder: StorageFolder, integration: str
) -> None:
    images = [{"objectUrl": f"gs://encord-demo-bucket/bulk/{n:06}.jpg"} for n in range(2)]
    folder.add_private_data_to_folder_start(integration, {"images": images}, ignore_errors=True)
    sandbox.advance()
    uuids = [item.uuid for item in folder.list_items()]
    made = folder.create_data_groups(
        [
            DataGroupGrid(layout_contents=uuids, name="Both"),
            DataGroupCarousel(layout_contents=uuids[:1]),
        ]
    )
    found = {item.uuid: item for item in folder.list_items()}
    assert [found[uuid].item_type.name for uuid in made] == ["GROUP", "GROUP"]
    assert found[made[0]].name == "Both"
