"""Datasets' own uploads, projects, ontologies and labels, through the SDK."""

from typing import Any

import pytest
from encord import EncordUserClient
from encord.dataset import Dataset
from encord.objects import OntologyStructure, Shape
from encord.project import Project
from encord.storage import StorageFolder
from encord.utilities.coco.datastructure import FrameIndex

from tests.sandbox.conftest import Running


def image(number: int) -> dict[str, str]:
    return {"objectUrl": f"gs://encord-demo-bucket/bulk/{number:06}.jpg"}


@pytest.fixture
def dataset(
    sandbox: Running, client: EncordUserClient, folder: StorageFolder, integration: str
) -> Dataset:
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    found = client.get_dataset(made.dataset_hash)
    job = found.add_private_data_to_dataset_start(
        integration, {"images": [image(1), image(2)]}, ignore_errors=True, folder=folder
    )
    sandbox.advance()
    state = found.add_private_data_to_dataset_get_result(job, timeout_seconds=5)
    assert (state.status.name, state.units_done_count) == ("DONE", 2)
    return found


@pytest.fixture
def project(client: EncordUserClient, dataset: Dataset) -> Project:
    structure = OntologyStructure()
    structure.add_object("Car", Shape.BOUNDING_BOX)
    ontology = client.create_ontology("Traffic", "What moves", structure)
    uuid = client.create_project(
        "Streets", [dataset.dataset_hash], ontology_hash=ontology.ontology_hash
    )
    return client.get_project(uuid)


def test_an_upload_to_a_dataset_links_what_it_registers(
    dataset: Dataset, folder: StorageFolder
) -> None:
    assert sorted(row.title for row in dataset.list_data_rows()) == sorted(
        item.name for item in folder.list_items()
    )


def test_a_project_has_its_ontology_and_datasets(
    client: EncordUserClient, project: Project, dataset: Dataset
) -> None:
    assert [found.title for found in client.list_projects()] == ["Streets"]
    assert [each.title for each in project.ontology_structure.objects] == ["Car"]
    assert [each.title for each in project.list_datasets()] == ["Streets"]
    project.remove_datasets([dataset.dataset_hash])
    assert list(project.list_datasets()) == []
    project.add_datasets([dataset.dataset_hash])
    assert len(list(project.list_datasets())) == 1


def test_an_ontology_is_kept_as_saved(client: EncordUserClient, project: Project) -> None:
    ontology = client.get_ontology(project.ontology_hash)
    ontology.structure.add_object("Person", Shape.POLYGON)
    ontology.save()
    found = client.get_ontology(project.ontology_hash)
    assert [each.name for each in found.structure.objects] == ["Car", "Person"]
    assert [each["ontology"].title for each in client.get_ontologies()] == ["Traffic"]


def test_coco_labels_are_imported_and_read_back(project: Project) -> None:
    rows = project.list_label_rows_v2()
    assert len(rows) == 2
    car = project.ontology_structure.objects[0]
    box = {"bbox": [1.0, 1.0, 4.0, 4.0], "area": 16.0, "iscrowd": 0, "segmentation": []}
    labels: dict[str, Any] = {
        "info": {},
        "categories": [{"id": 1, "name": "Car"}],
        "images": [{"id": 7, "width": 16, "height": 16, "file_name": "a.jpg"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 1, **box}],
    }
    project.import_coco_labels(
        labels,
        category_id_to_feature_hash={1: car.feature_node_hash},
        image_id_to_frame_index={7: FrameIndex(rows[0].data_hash, 0)},
    )
    found = {row.data_hash: row for row in project.list_label_rows_v2()}
    row = found[rows[0].data_hash]
    row.initialise_labels()
    (instance,) = row.get_object_instances()
    assert instance.object_name == "Car"
    assert not found[rows[1].data_hash].label_hash
