"""Several accounts of one sandbox: nothing of an organization leaks to another."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from encord import EncordUserClient
from encord.client import EncordClientDataset
from encord.dataset import Dataset
from encord.exceptions import (
    AuthenticationError,
    AuthorisationError,
    ResourceNotFoundError,
    SshKeyNotFound,
)
from encord.http.querier import Querier
from encord.objects import OntologyStructure
from encord.orm.dataset import DatasetUserRole
from encord.orm.storage import (
    CloudSyncedFolderParams,
    DataGroupGrid,
    DataUploadImageGroupFromItems,
    DataUploadItems,
    StorageUserRole,
)
from encord.storage import StorageFolder, StorageItem

from tests.sandbox.conftest import Running, running

VIEWER = "viewer@sandbox.example"
IMAGE: dict[str, object] = {
    "images": [{"objectUrl": "gs://encord-demo-bucket/bulk/000001.jpg"}],
}
REFUSED = (AuthorisationError, ResourceNotFoundError)


@dataclass(frozen=True)
class Things:
    """One of everything that belongs to the demo account, and the calls of another account."""

    client: EncordUserClient
    integration: str
    folder: StorageFolder
    item: StorageItem
    dataset: Dataset
    dataset_hash: str
    row: str
    job: UUID
    dataset_job: str
    group: UUID
    tag: UUID
    ontology: str
    project: str


@pytest.fixture
def owned(sandbox: Running, client: EncordUserClient, integration: str) -> Things:
    folder = client.create_storage_folder("Secret harbor")
    folder.create_subfolder("Secret pier")
    job = folder.add_private_data_to_folder_start(integration, IMAGE, ignore_errors=True)
    made = client.create_dataset("Secret streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    dataset = client.get_dataset(made.dataset_hash)
    dataset_job = dataset.add_private_data_to_dataset_start(integration, IMAGE, folder=folder)
    sandbox.advance()
    item = next(iter(folder.list_items()))
    (row,) = dataset.link_items([item.uuid])
    ontology = client.create_ontology("Secret", "", OntologyStructure()).ontology_hash
    return Things(
        client=client,
        integration=integration,
        folder=folder,
        item=item,
        dataset=dataset,
        dataset_hash=made.dataset_hash,
        row=row.uid,
        job=job,
        dataset_job=dataset_job,
        group=client.create_group("Secret shift").group_hash,
        tag=client.create_organisation_tag("secret").uuid,
        ontology=ontology,
        project=client.create_project("Secret", [made.dataset_hash], ontology_hash=ontology),
    )


def seen_by(owned: Things, other: EncordUserClient) -> Things:
    """Return the same things with another account's key on every call, however it got the names."""
    querier = Querier(other._config.config, "dataset", owned.dataset_hash)
    api = other._api_client
    forged = EncordClientDataset(querier=querier, config=other._config.config, api_client=api)
    orm = owned.client.get_dataset(owned.dataset_hash)._dataset_instance
    return Things(
        **{
            **vars(owned),
            "client": other,
            "folder": StorageFolder(api, owned.folder._orm_folder),
            "item": StorageItem(api, owned.item._orm_item),
            "dataset": Dataset(forged, orm, data_rows_fetched=True),
        }
    )


#: What must show nothing of another organization; each returns what it found.
LISTINGS: dict[str, Callable[[Things], object]] = {
    "folders": lambda t: list(t.client.list_storage_folders(org_access=True)),
    "all folders": lambda t: list(t.client.find_storage_folders(search="Secret", org_access=True)),
    "items by uuid": lambda t: t.client.get_storage_items([t.item.uuid], sign_url=True),
    "datasets": lambda t: t.client.get_datasets(include_org_access=True),
    "datasets by title": lambda t: t.client.get_datasets(title_eq="Secret streets"),
    "groups": lambda t: list(t.client.list_groups()),
    "tags": lambda t: t.client.list_organisation_tags(),
    "ontologies": lambda t: t.client.get_ontologies(include_org_access=True),
    "projects": lambda t: list(t.client.list_projects(include_org_access=True)),
    "metadata schema": lambda t: t.client.metadata_schema().keys(),
    "items anywhere": lambda t: list(t.client.find_storage_items(search="bulk", org_access=True)),
    "integrations": lambda t: [
        found
        for found in t.client.get_cloud_integrations(include_org_access=True)
        if found.id == t.integration
    ],
}
#: What must be refused to another organization, as if nothing of it existed.
CALLS: dict[str, Callable[[Things], object]] = {
    "folder": lambda t: t.client.get_storage_folder(t.folder.uuid),
    "its items": lambda t: list(t.folder.list_items(get_signed_urls=True)),
    "its subfolders": lambda t: list(t.folder.list_subfolders()),
    "its summary": lambda t: t.folder.get_summary(),
    "its groups": lambda t: list(t.folder.list_groups()),
    "its configuration": lambda t: t.folder.get_folder_config(),
    "sharing it": lambda t: t.folder.add_group(t.group, StorageUserRole.USER),
    "renaming it": lambda t: t.folder.update(name="Mine"),
    "deleting it": lambda t: t.folder.delete(),
    "moving it": lambda t: t.folder.move_to_folder(t.client.create_storage_folder("Mine").uuid),
    "moving into it": lambda t: t.client.create_storage_folder("Mine").move_to_folder(
        t.folder.uuid
    ),
    "a folder in it": lambda t: t.folder.create_subfolder("Mine"),
    "a job in it": lambda t: t.folder.add_private_data_to_folder_start(t.integration, IMAGE),
    "its job": lambda t: t.folder.add_private_data_to_folder_get_result(t.job, timeout_seconds=0),
    "cancelling its job": lambda t: t.folder.add_data_to_folder_job_cancel(t.job),
    "a job through the integration": lambda t: t.client.create_storage_folder(
        "Mine"
    ).add_private_data_to_folder_start(t.integration, IMAGE),
    "a synced folder through the integration": lambda t: t.client.create_storage_folder(
        "Mine",
        cloud_synced_folder_params=CloudSyncedFolderParams(
            integration_uuid=UUID(t.integration), remote_url="gs://encord-demo-bucket/images/"
        ),
    ),
    "item": lambda t: t.client.get_storage_item(t.item.uuid),
    "its signed URL": lambda t: t.item.get_signed_url(refetch=True),
    "its uses": lambda t: t.item.get_summary(),
    "renaming the item": lambda t: t.item.update(name="Mine"),
    "deleting the item": lambda t: t.item.delete(),
    "taking the item": lambda t: t.item.move_to_folder(t.client.create_storage_folder("Mine").uuid),
    "showing the item": lambda t: t.client.create_storage_folder("Mine").create_data_group(
        DataGroupGrid(layout_contents=[t.item.uuid])
    ),
    "linking the item": lambda t: t.client.get_dataset(
        t.client.create_dataset("Mine", 0, create_backing_folder=False).dataset_hash  # type: ignore[arg-type]
    ).link_items([t.item.uuid]),
    "dataset": lambda t: t.client.get_dataset(t.dataset_hash),
    "its rows": lambda t: t.dataset.list_data_rows(),
    "one row": lambda t: t.dataset._client._querier.basic_getter(
        _row_class(), uid=t.row, payload={"additional_data": {"signed_url": True}}
    ),
    "linking to it": lambda t: t.dataset.link_items([t.item.uuid]),
    "deleting its data": lambda t: t.dataset.delete_data([t.row]),
    "its users": lambda t: list(t.dataset.list_users()),
    "joining it": lambda t: t.dataset.add_users(["demo@elsewhere.example"], DatasetUserRole.ADMIN),
    "its jobs": lambda t: t.dataset.add_private_data_to_dataset_get_result(
        t.dataset_job, timeout_seconds=1
    ),
    "group": lambda t: t.client.get_group(t.group),
    "deleting the group": lambda t: t.client.delete_group(t.group),
    "ontology": lambda t: t.client.get_ontology(t.ontology),
    "project": lambda t: t.client.get_project(t.project),
    "a project of its dataset": lambda t: t.client.create_project(
        "Mine",
        [t.dataset_hash],
        ontology_hash=t.client.create_ontology("Mine", "", OntologyStructure()).ontology_hash,
    ),
    "a person": lambda t: t.client.remove_organisation_user(VIEWER),
}


def _row_class() -> type:
    from encord.orm.dataset import DataRow

    return DataRow


def stored(sandbox: Running) -> dict[str, object]:
    """Return what there is of everything that only its owner may change."""
    client = sandbox.client()
    return {
        "folders": sorted(folder.name for folder in client.find_storage_folders()),
        "items": [
            (item.name, item.parent_folder_uuid)
            for folder in client.find_storage_folders()
            for item in folder.list_items()
        ],
        "rows": [
            row.uid
            for found in client.get_datasets()
            for row in client.get_dataset(found["dataset"].dataset_hash).list_data_rows()
        ],
        "groups": [group.name for group in client.list_groups()],
        "users": [user.email for user in client.list_organisation_users()],
        "keys": sorted(client.metadata_schema().keys()),
    }


@pytest.mark.filterwarnings("ignore:find_storage_items:DeprecationWarning")
@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_shows_nothing_of_another_organization(
    sandbox: Running, owned: Things, name: str
) -> None:
    assert LISTINGS[name](owned)
    assert not LISTINGS[name](seen_by(owned, sandbox.client("elsewhere")))


def test_every_call_on_anothers_things_is_refused(sandbox: Running, owned: Things) -> None:
    before = stored(sandbox)
    foreign = seen_by(owned, sandbox.client("elsewhere"))
    for call in CALLS.values():
        with pytest.raises(REFUSED) as refusal:
            call(foreign)
        assert "secret" not in str(refusal.value).lower()
    assert stored(sandbox) == before


def test_deleting_anothers_tag_does_nothing(sandbox: Running, owned: Things) -> None:
    sandbox.client("elsewhere").delete_organisation_tag(tag_uuid=owned.tag)
    assert [tag.name for tag in owned.client.list_organisation_tags()] == ["secret"]


def test_a_group_of_anothers_items_is_not_made(sandbox: Running, owned: Things) -> None:
    mine = sandbox.client("elsewhere").create_storage_folder("Mine")
    group = DataUploadImageGroupFromItems(
        image_items=[owned.item.uuid], title="Taken", create_video=False
    )
    job = mine.add_private_data_to_folder_start(
        None,  # type: ignore[arg-type]
        DataUploadItems(image_groups_from_items=[group]),
        ignore_errors=True,
    )
    sandbox.advance()
    state = mine.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert (state.units_done_count, state.units_error_count) == (0, 1)


def test_each_organization_has_a_schema_of_its_own(sandbox: Running) -> None:
    other = sandbox.client("elsewhere").metadata_schema()
    other.add_scalar("elsewhere", data_type="number")
    other.save()
    assert sandbox.client("elsewhere").metadata_schema().keys() == ["elsewhere"]
    assert "elsewhere" not in sandbox.client().metadata_schema().keys()  # noqa: SIM118 - no dict


def test_a_member_sees_what_is_shared_and_may_only_look(sandbox: Running, owned: Things) -> None:
    viewer = seen_by(owned, sandbox.client("viewer"))
    with pytest.raises(AuthorisationError):
        list(viewer.folder.list_items())
    with pytest.raises(ResourceNotFoundError):
        viewer.client.get_storage_item(owned.item.uuid)
    assert list(viewer.client.find_storage_folders(org_access=True)) == []
    owned.client.get_group(owned.group).add_users([VIEWER])
    owned.folder.add_group(owned.group, StorageUserRole.USER)
    names = [folder.name for folder in viewer.client.find_storage_folders()]
    assert names == ["Secret harbor", "Secret pier"]
    assert viewer.client.get_storage_folder(owned.folder.uuid).name == "Secret harbor"
    assert viewer.item.get_signed_url(refetch=True)
    for change in (
        lambda: viewer.item.update(name="Mine"),
        lambda: viewer.folder.create_subfolder("Mine"),
        lambda: viewer.folder.delete_storage_items([owned.item.uuid]),
        viewer.folder.delete,
    ):
        with pytest.raises(AuthorisationError):
            change()
    owned.folder.add_group(owned.group, StorageUserRole.ADMIN)
    viewer.item.update(name="Ours")
    assert owned.client.get_storage_item(owned.item.uuid).name == "Ours"


def test_a_user_of_an_integration_may_not_register(sandbox: Running) -> None:
    client = sandbox.client("viewer")
    listed = client.get_cloud_integrations()
    assert [found.title for found in listed] == ["Demo bucket", "Demo bucket (strict)"]
    folder = client.create_storage_folder("My own")
    with pytest.raises(AuthorisationError, match="may not register"):
        folder.add_private_data_to_folder_start(listed[0].id, IMAGE, ignore_errors=True)
    assert sandbox.state()["jobs"] == 0


def test_a_dataset_viewer_may_not_add(sandbox: Running, owned: Things) -> None:
    viewer = seen_by(owned, sandbox.client("viewer"))
    with pytest.raises(ResourceNotFoundError):
        viewer.client.get_dataset(owned.dataset_hash)
    owned.dataset.add_users([VIEWER], DatasetUserRole.USER)
    assert len(viewer.client.get_dataset(owned.dataset_hash).data_rows) == 1
    (listed,) = viewer.client.get_datasets()
    assert listed["user_role"].name == "USER"
    for change in (
        lambda: viewer.dataset.link_items([owned.item.uuid]),
        lambda: viewer.dataset.delete_data([owned.row]),
    ):
        with pytest.raises(AuthorisationError):
            change()


def test_only_an_admin_changes_the_organization(sandbox: Running) -> None:
    client = sandbox.client("viewer")
    schema = client.metadata_schema()
    schema.add_scalar("mine", data_type="number")
    for change in (schema.save, lambda: client.create_group("Mine")):
        with pytest.raises(AuthorisationError):
            change()


def test_a_key_is_revoked_while_it_is_used(sandbox: Running, owned: Things) -> None:
    pages = iter(owned.client.find_storage_folders(page_size=1))
    next(pages)
    sandbox.control("accounts/revoke", {"name": "demo", "revoked": True})
    with pytest.raises(AuthenticationError):
        next(pages)
    with pytest.raises(SshKeyNotFound):
        owned.dataset.list_data_rows()
    assert sandbox.client("viewer").get_cloud_integrations()
    sandbox.control("accounts/revoke", {"name": "demo", "revoked": False})
    assert len(list(owned.client.find_storage_folders())) == 2


def test_who_has_left_the_organization_may_do_nothing(sandbox: Running, owned: Things) -> None:
    viewer = seen_by(owned, sandbox.client("viewer"))
    owned.client.remove_organisation_user(VIEWER)
    for call in (viewer.client.get_cloud_integrations, viewer.dataset.list_data_rows):
        with pytest.raises(AuthorisationError):
            call()


def test_more_accounts_can_be_made(sandbox: Running, owned: Things) -> None:
    person = {
        "name": "anna",
        "email": "anna@sandbox.example",
        "organization": "Sandbox",
        "role": "ADMIN",
    }
    path = Path(str(sandbox.control("accounts", person)["ssh_key_path"]))
    assert path.stat().st_mode & 0o077 == 0
    anna = sandbox.client("anna")
    assert list(anna.find_storage_folders()) == []
    assert len(list(anna.find_storage_folders(org_access=True))) == 2
    assert anna.get_storage_folder(owned.folder.uuid).name == "Secret harbor"
    assert sandbox.ask("accounts", {**person, "name": "../anna"}).status_code == 400
    sandbox.control("reset")
    with pytest.raises(AuthenticationError):
        anna.get_cloud_integrations()


def test_the_accounts_are_announced_without_a_key(sandbox: Running) -> None:
    text = (sandbox.directory / "endpoint.json").read_text()
    names = [account["name"] for account in json.loads(text)["accounts"]]
    assert names == ["demo", "viewer", "elsewhere"]
    assert "PRIVATE KEY" not in text


def test_a_key_of_one_region_is_unknown_in_another(sandbox: Running, tmp_path: Path) -> None:
    with running(tmp_path / "us", "--rate", "0") as region:
        assert region.url != sandbox.url
        lost = EncordUserClient.create_with_ssh_private_key(
            ssh_private_key_path=sandbox.ssh_key_path, domain=region.url
        )
        with pytest.raises(AuthenticationError, match="region"):
            lost.get_cloud_integrations()
        with pytest.raises(SshKeyNotFound):
            lost.get_dataset(str(uuid4()))
        region.client().create_storage_folder("American")
        assert list(sandbox.client().list_storage_folders()) == []
