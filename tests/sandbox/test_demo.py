"""The demo manifests promise exactly what the sandbox then does."""

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from encord.storage import StorageFolder

from services.sandbox.demo import demo_manifest_csv, demo_manifest_json
from tests.sandbox.conftest import Running

if TYPE_CHECKING:
    from collections.abc import Callable

SECTIONS = {"image": "images", "video": "videos", "audio": "audio", "text": "text", "pdf": "pdfs"}


def faults(row: dict[str, str]) -> list[str]:
    checks: dict[str, Callable[[dict[str, str]], bool]] = {
        "url-empty": lambda row: not row["ObjectURL"],
        "url-whitespace": lambda row: " " in row["ObjectURL"],
        "url-scheme": lambda row: row["ObjectURL"].startswith("ftp:"),
        "title-too-long": lambda row: len(row["Title"]) > 300,
        "entry-type": lambda row: row["Type"] not in SECTIONS,
    }
    return [name for name, found in checks.items() if found(row)]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(demo_manifest_csv().decode())))


def test_two_hundred_rows_with_five_kinds_of_mistake(rows: list[dict[str, str]]) -> None:
    assert len(rows) == 200
    found = [fault for row in rows for fault in faults(row)]
    assert sorted(found) == [
        "entry-type",
        "title-too-long",
        "url-empty",
        "url-scheme",
        "url-whitespace",
    ]
    addresses = [row["ObjectURL"] for row in rows]
    assert len(set(addresses)) == 200
    assert demo_manifest_csv() == demo_manifest_csv()


def test_three_good_rows_fail_from_two_causes_until_the_bucket_is_mended(
    rows: list[dict[str, str]], sandbox: Running, folder: StorageFolder, integration: str
) -> None:
    document: dict[str, Any] = {"skip_duplicate_urls": True}
    for row in rows:
        if not faults(row):
            entry = {"objectUrl": row["ObjectURL"], "title": row["Title"]}
            document.setdefault(SECTIONS[row["Type"]], []).append(entry)

    def run() -> Any:
        job = folder.add_private_data_to_folder_start(integration, document, ignore_errors=True)
        sandbox.advance()
        return folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)

    first = run()
    assert (first.units_done_count, first.units_error_count) == (192, 3)
    assert sorted({error.error.split(":")[0] for error in first.unit_errors}) == [
        "Access denied",
        "No such object",
    ]
    sandbox.control("mend")
    second = run()
    assert (second.units_done_count, second.units_error_count) == (195, 0)
    assert len(second.items_with_names) == 3
    assert len(list(folder.list_items())) == 195


def test_the_json_manifest_has_as_many_entries_as_asked_for(
    sandbox: Running, folder: StorageFolder, integration: str
) -> None:
    document = json.loads(demo_manifest_json(5000))
    addresses = [
        entry["objectUrl"]
        for section in document.values()
        if isinstance(section, list)
        for entry in section
    ]
    assert len(addresses) == len(set(addresses)) == 5000
    job = folder.add_private_data_to_folder_start(integration, document)
    sandbox.advance()
    result = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert (result.units_done_count, result.units_error_count) == (5000, 0)
    assert len(json.loads(demo_manifest_json(3))["images"]) == 3
