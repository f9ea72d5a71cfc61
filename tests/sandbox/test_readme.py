"""The tables of the sandbox's README are made from what is true; `UPDATE=1` writes them anew."""

import ast
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from encord import EncordUserClient
from encord.dataset import Dataset
from encord.exceptions import EncordException
from encord.metadata_schema import MetadataSchema
from encord.objects import OntologyStructure
from encord.orm.dataset import DatasetUserRole
from encord.orm.storage import CloudSyncedFolderParams, DataGroupGrid, StorageUserRole
from encord.storage import StorageFolder, StorageItem

import services.encord_api
import services.sandbox
from services.sandbox.switches import SWITCHES
from tests.sandbox.conftest import Running

README = Path(services.sandbox.__file__).with_name("README.md")
CLASSES = (EncordUserClient, StorageFolder, StorageItem, Dataset, MetadataSchema)
ANNA = "anna@sandbox.example"


@dataclass
class World:
    """One of everything, made through the SDK."""

    client: EncordUserClient
    integration: str
    folder: StorageFolder
    other: StorageFolder
    synced: StorageFolder
    items: list[StorageItem]
    dataset: Dataset
    group: UUID
    job: UUID
    sync: UUID
    dataset_job: str
    ontology: str
    project: str
    files: Path

    def file(self, name: str) -> Path:
        """Return a local file's path."""
        return self.files / name


@pytest.fixture
def world(sandbox: Running, client: EncordUserClient, integration: str, files: Path) -> World:
    folder, other = (client.create_storage_folder(name) for name in ("Harbor", "Market"))
    remote = CloudSyncedFolderParams(
        integration_uuid=UUID(integration), remote_url="gs://encord-demo-bucket/images/street/"
    )
    synced = client.create_storage_folder("Synced", cloud_synced_folder_params=remote)
    images = [{"objectUrl": f"gs://encord-demo-bucket/bulk/{n:06}.jpg"} for n in range(6)]
    job = folder.add_private_data_to_folder_start(integration, {"images": images}, True)
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    dataset = client.get_dataset(made.dataset_hash)
    dataset_job = dataset.add_private_data_to_dataset_start(
        integration, {"images": images[:1]}, folder=other
    )
    sandbox.advance()
    client.add_organisation_user(ANNA, role_mnemonic_name="MEMBER", member_type="internal")
    ontology = client.create_ontology("Traffic", "", OntologyStructure()).ontology_hash
    return World(
        client=client,
        integration=integration,
        folder=folder,
        other=other,
        synced=synced,
        items=list(folder.list_items()),
        dataset=dataset,
        group=client.create_group("Night shift").group_hash,
        job=job,
        sync=synced.sync_private_data_with_cloud_synced_folder_start(),
        dataset_job=dataset_job,
        ontology=ontology,
        project=client.create_project("P", [dataset.dataset_hash], ontology_hash=ontology),
        files=files,
    )


def _images(number: int) -> dict[str, object]:
    return {"images": [{"objectUrl": f"gs://encord-demo-bucket/bulk/{number:06}.jpg"}]}


def _edited(world: World) -> MetadataSchema:
    schema = world.client.metadata_schema()
    schema.add_scalar("table.text", data_type="varchar")
    if not schema.has_key("table.choice"):
        schema.add_enum("table.choice", values=["sun"])
        schema.add_embedding("table.vector", size=8)
    return schema


def _restored(world: World) -> None:
    schema = _edited(world)
    schema.delete_key("table.text")
    schema.restore_key("table.text")
    schema.save()


#: Method -> a call of it; every one goes to the sandbox, or works on what the sandbox answered.
CALLS: dict[str, Callable[[World], object]] = {
    "EncordUserClient.add_organisation_user": lambda w: w.client.add_organisation_user(
        "bo@sandbox.example", role_mnemonic_name="TASKER", member_type="external"
    ),
    "EncordUserClient.create_dataset": lambda w: w.client.create_dataset("D", 0),  # type: ignore[arg-type]
    "EncordUserClient.create_group": lambda w: w.client.create_group("G"),
    "EncordUserClient.create_ontology": lambda w: w.client.create_ontology("O"),
    "EncordUserClient.create_organisation_tag": lambda w: w.client.create_organisation_tag("t"),
    "EncordUserClient.create_project": lambda w: w.client.create_project(
        "Q", [w.dataset.dataset_hash], ontology_hash=w.ontology
    ),
    "EncordUserClient.create_storage_folder": lambda w: w.client.create_storage_folder("F"),
    "EncordUserClient.create_with_ssh_private_key": lambda w: w.client,
    "EncordUserClient.delete_group": lambda w: w.client.delete_group(
        w.client.create_group("Gone").group_hash
    ),
    "EncordUserClient.delete_organisation_tag": lambda w: w.client.delete_organisation_tag(
        w.client.create_organisation_tag("u")
    ),
    "EncordUserClient.find_storage_folders": lambda w: list(w.client.find_storage_folders()),
    "EncordUserClient.get_cloud_integrations": lambda w: w.client.get_cloud_integrations(),
    "EncordUserClient.get_dataset": lambda w: w.client.get_dataset(w.dataset.dataset_hash),
    "EncordUserClient.get_datasets": lambda w: w.client.get_datasets(),
    "EncordUserClient.get_group": lambda w: w.client.get_group(w.group),
    "EncordUserClient.get_ontologies": lambda w: w.client.get_ontologies(),
    "EncordUserClient.get_ontology": lambda w: w.client.get_ontology(w.ontology),
    "EncordUserClient.get_project": lambda w: w.client.get_project(w.project),
    "EncordUserClient.get_storage_folder": lambda w: w.client.get_storage_folder(w.folder.uuid),
    "EncordUserClient.get_storage_item": lambda w: w.client.get_storage_item(w.items[0].uuid),
    "EncordUserClient.get_storage_items": lambda w: w.client.get_storage_items([w.items[0].uuid]),
    "EncordUserClient.list_groups": lambda w: list(w.client.list_groups()),
    "EncordUserClient.list_organisation_tags": lambda w: w.client.list_organisation_tags(),
    "EncordUserClient.list_organisation_users": lambda w: w.client.list_organisation_users(),
    "EncordUserClient.list_projects": lambda w: list(w.client.list_projects()),
    "EncordUserClient.list_storage_folders": lambda w: list(w.client.list_storage_folders()),
    "EncordUserClient.metadata_schema": lambda w: w.client.metadata_schema(),
    "EncordUserClient.remove_organisation_user": lambda w: w.client.remove_organisation_user(
        "bo@sandbox.example"
    ),
    "StorageFolder.add_data_to_folder_job_cancel": lambda w: w.folder.add_data_to_folder_job_cancel(
        w.job
    ),
    "StorageFolder.add_group": lambda w: w.folder.add_group(w.group, StorageUserRole.USER),
    "StorageFolder.add_private_data_to_folder_get_result": lambda w: (
        w.folder.add_private_data_to_folder_get_result(w.job, timeout_seconds=0)
    ),
    "StorageFolder.add_private_data_to_folder_start": lambda w: (
        w.folder.add_private_data_to_folder_start(w.integration, _images(9))
    ),
    "StorageFolder.create_data_group": lambda w: w.folder.create_data_group(
        DataGroupGrid(layout_contents=[w.items[0].uuid])
    ),
    "StorageFolder.create_data_groups": lambda w: w.folder.create_data_groups(
        [DataGroupGrid(layout_contents=[w.items[0].uuid])]
    ),
    "StorageFolder.create_subfolder": lambda w: w.folder.create_subfolder("Below"),
    "StorageFolder.delete": lambda w: w.client.create_storage_folder("Empty").delete(),
    "StorageFolder.delete_storage_items": lambda w: w.folder.delete_storage_items(
        [w.items[1].uuid]
    ),
    "StorageFolder.enable_metadata_ingestion": lambda w: w.synced.enable_metadata_ingestion(),
    "StorageFolder.find_items": lambda w: list(w.folder.find_items(search="bulk")),
    "StorageFolder.find_subfolders": lambda w: list(w.folder.find_subfolders()),
    "StorageFolder.get_folder_config": lambda w: w.synced.get_folder_config(),
    "StorageFolder.get_summary": lambda w: w.folder.get_summary(),
    "StorageFolder.list_groups": lambda w: list(w.folder.list_groups()),
    "StorageFolder.list_items": lambda w: list(w.folder.list_items()),
    "StorageFolder.list_subfolders": lambda w: list(w.folder.list_subfolders()),
    "StorageFolder.move_items_to_folder": lambda w: w.folder.move_items_to_folder(
        w.other, [w.items[2].uuid]
    ),
    "StorageFolder.move_to_folder": lambda w: w.other.move_to_folder(w.folder),
    "StorageFolder.refetch_data": lambda w: w.folder.refetch_data(),
    "StorageFolder.remove_group": lambda w: w.folder.remove_group(w.group),
    "StorageFolder.sync_private_data_with_cloud_synced_folder_get_result": lambda w: (
        w.synced.sync_private_data_with_cloud_synced_folder_get_result(w.sync, timeout_seconds=0)
    ),
    "StorageFolder.sync_private_data_with_cloud_synced_folder_start": lambda w: (
        w.synced.sync_private_data_with_cloud_synced_folder_start()
    ),
    "StorageFolder.update": lambda w: w.folder.update(description="x"),
    "StorageFolder.upload_image": lambda w: w.folder.upload_image(w.file("image.jpg")),
    "StorageFolder.upload_video": lambda w: w.folder.upload_video(w.file("video.mp4")),
    "StorageFolder.upload_audio": lambda w: w.folder.upload_audio(w.file("audio.wav")),
    "StorageFolder.upload_text": lambda w: w.folder.upload_text(w.file("text.txt")),
    "StorageFolder.upload_pdf": lambda w: w.folder.upload_pdf(w.file("document.pdf")),
    "StorageFolder.upload_nifti": lambda w: w.folder.upload_nifti(w.file("brain.nii")),
    "StorageFolder.upload_time_series": lambda w: w.folder.upload_time_series(w.file("series.csv")),
    "StorageFolder.upload_scene_file": lambda w: w.folder.upload_scene_file(w.file("points.ply")),
    "StorageFolder.create_image_group": lambda w: w.folder.create_image_group(
        [w.file("image.jpg")], "A group"
    ),
    "StorageFolder.create_image_sequence": lambda w: w.folder.create_image_sequence(
        [w.file("image.jpg")], "A sequence"
    ),
    "StorageFolder.create_dicom_series": lambda w: w.folder.create_dicom_series(
        [w.file("slice-1.dcm")], "A series"
    ),
    "StorageItem.delete": lambda w: w.items[3].delete(),
    "StorageItem.get_child_items": lambda w: list(w.items[0].get_child_items()),
    "StorageItem.get_signed_url": lambda w: w.items[0].get_signed_url(),
    "StorageItem.get_summary": lambda w: w.items[0].get_summary(),
    "StorageItem.move_to_folder": lambda w: w.items[4].move_to_folder(w.other.uuid),
    "StorageItem.parent_folder": lambda w: w.items[0].parent_folder(),
    "StorageItem.refetch_data": lambda w: w.items[0].refetch_data(),
    "StorageItem.update": lambda w: w.items[0].update(name="x"),
    "Dataset.add_group": lambda w: w.dataset.add_group(w.group, DatasetUserRole.USER),
    "Dataset.add_private_data_to_dataset": lambda w: w.client.get_dataset(
        w.client.create_dataset("Backed", 0).dataset_hash  # type: ignore[arg-type]
    ).add_private_data_to_dataset(w.integration, _images(7)),
    "Dataset.create_dicom_series": lambda w: w.dataset.create_dicom_series(
        [w.file("slice-1.dcm")], title="A series", folder=w.other.uuid
    ),
    "Dataset.create_image_group": lambda w: w.dataset.create_image_group(
        [w.file("image.jpg")], title="A group", create_video=False, folder=w.other.uuid
    ),
    "Dataset.upload_image": lambda w: w.dataset.upload_image(
        w.file("image.jpg"), folder=w.other.uuid
    ),
    "Dataset.upload_video": lambda w: w.dataset.upload_video(
        w.file("video.mp4"), folder=w.other.uuid
    ),
    "Dataset.add_private_data_to_dataset_get_result": lambda w: (
        w.dataset.add_private_data_to_dataset_get_result(w.dataset_job, timeout_seconds=2)
    ),
    "Dataset.add_private_data_to_dataset_start": lambda w: (
        w.dataset.add_private_data_to_dataset_start(w.integration, _images(8), folder=w.other)
    ),
    "Dataset.add_users": lambda w: w.dataset.add_users([ANNA], DatasetUserRole.USER),
    "Dataset.delete_data": lambda w: w.dataset.delete_data(
        [row.uid for row in w.dataset.list_data_rows()]
    ),
    "Dataset.get_dataset": lambda w: w.dataset.get_dataset(),
    "Dataset.link_items": lambda w: w.dataset.link_items([w.items[0].uuid]),
    "Dataset.list_data_rows": lambda w: w.dataset.list_data_rows(),
    "Dataset.list_groups": lambda w: list(w.dataset.list_groups()),
    "Dataset.list_users": lambda w: list(w.dataset.list_users()),
    "Dataset.refetch_data": lambda w: w.dataset.refetch_data(),
    "Dataset.remove_group": lambda w: w.dataset.remove_group(w.group),
    "Dataset.remove_users": lambda w: w.dataset.remove_users([ANNA]),
    "MetadataSchema.add_embedding": lambda w: _edited(w).save(),
    "MetadataSchema.add_enum": lambda w: _edited(w).save(),
    "MetadataSchema.add_enum_options": lambda w: _edited(w).add_enum_options(
        "table.choice", values=["rain"]
    ),
    "MetadataSchema.add_geospatial": lambda w: _edited(w).add_geospatial("table.place"),
    "MetadataSchema.add_scalar": lambda w: _edited(w).save(),
    "MetadataSchema.delete_key": lambda w: _edited(w).delete_key("table.text"),
    "MetadataSchema.get_embedding_size": lambda w: _edited(w).get_embedding_size("table.vector"),
    "MetadataSchema.get_enum_options": lambda w: _edited(w).get_enum_options("table.choice"),
    "MetadataSchema.get_key_type": lambda w: _edited(w).get_key_type("table.text"),
    "MetadataSchema.has_key": lambda w: _edited(w).has_key("table.text"),
    "MetadataSchema.is_key_deleted": lambda w: _edited(w).is_key_deleted("table.text"),
    "MetadataSchema.keys": lambda w: _edited(w).keys(),
    "MetadataSchema.restore_key": _restored,
    "MetadataSchema.save": lambda w: _edited(w).save(),
    "MetadataSchema.set_scalar": lambda w: _edited(w).set_scalar(
        "table.number", data_type="number"
    ),
}


def _methods() -> list[str]:
    return [
        f"{each.__name__}.{name}"
        for each in CLASSES
        for name in sorted(dir(each))
        if not name.startswith("_") and callable(getattr(each, name))
    ]


def _coverage() -> str:
    lines = ["| class | answered | not served |", "|---|---|---|"]
    for each in CLASSES:
        names = [name for name in _methods() if name.startswith(f"{each.__name__}.")]
        columns = [
            " ".join(f"`{name.partition('.')[2]}`" for name in names if (name in CALLS) is served)
            for served in (True, False)
        ]
        lines.append(f"| `{each.__name__}` | {columns[0]} | {columns[1]} |")
    return "\n".join(lines)


def _switches() -> str:
    lines = ["| switch | assumed | what it says |", "|---|---|---|"]
    lines += [f"| `{s.name}` | {s.default:g} | {s.meaning} |" for s in SWITCHES.values()]
    return "\n".join(lines)


def test_every_method_of_the_table_is_answered(world: World, sandbox: Running) -> None:
    sandbox.control("rate", {"rate": 10_000})
    refused = {}
    for name, call in CALLS.items():
        try:
            call(world)
        except EncordException as error:
            refused[name] = str(error)[:200]
    assert refused == {}


def test_the_table_names_methods_that_exist() -> None:
    assert set(CALLS) <= set(_methods())


def _called(*directories: Path) -> set[str]:
    """Return the names of all methods that the Python files below directories call."""
    trees = [ast.parse(path.read_text()) for each in directories for path in each.rglob("*.py")]
    return {
        node.func.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def test_the_table_has_all_that_the_app_and_the_guide_call() -> None:
    names = _called(Path(services.encord_api.__file__).parent, Path(__file__).with_name("guide"))
    offered = {method.partition(".")[2] for method in _methods()}
    answered = {method.partition(".")[2] for method in CALLS}
    assert names & offered
    assert names & offered <= answered


@pytest.mark.parametrize(("name", "make"), [("coverage", _coverage), ("switches", _switches)])
def test_the_readme_says_so(name: str, make: Callable[[], str]) -> None:
    text = README.read_text()
    marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    told = marks.sub(lambda found: f"{found[1]}{make()}\n{found[2]}", text)
    if os.environ.get("UPDATE"):
        README.write_text(told)
    assert marks.search(text)
    assert README.read_text() == told
