"""From a run to datasets and proof, as a person goes through it: split, verify, unlink, share."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from services.demo_studio.faults import Fault
from services.demo_studio.sandbox_demo import SandboxDemo
from services.engine.proof.command import main as verify_receipt
from services.ledger.views import ReceiptView
from tests.browser.axe import violations
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Server, Start, serving

GONE = "gs://encord-demo-bucket/images/street/9999.jpg"
HEADER = "ObjectURL,Type,Title,metadata.split\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, forking: Start) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("proof"), start=forking) as running:
        yield running


@pytest.fixture
def person(window: BrowserContext, server: Server) -> Iterator[Dashboard]:
    with visiting(window, server.url, Dashboard) as opened:
        yield opened


def manifest(folder: Path, title: str) -> Path:
    """Write a manifest of nine images in two parts; one object is not in the bucket."""
    urls = [f"gs://encord-demo-bucket/bulk/{n:06d}.jpg" for n in range(8)] + [GONE]
    words = ["train"] * 6 + ["test"] * 3
    rows = [f"{url},image,{title} {n},{words[n]}\r\n" for n, url in enumerate(urls)]
    file = folder / "parts.csv"
    file.write_text(HEADER + "".join(rows), newline="")
    return file


def submitted(person: Dashboard, folder: Path, title: str) -> str:
    person.open("/manifest")
    person.page.locator("input[type=file]").set_input_files(manifest(folder, title))
    person.sees("9 entries ready")
    person.click("Continue to submit")
    person.click("Submit 9 entries")
    person.sees("What failed, and why")
    return person.query("run")


def test_a_run_in_parts_is_proven_and_what_is_missing_is_told(
    person: Dashboard, server: Server, tmp_path: Path
) -> None:
    run = submitted(person, tmp_path, "Frame")
    split_in_two(person, run)
    verify_the_whole(person, server, run)
    take_a_receipt_away(person, server, tmp_path)
    look_at_the_missing_object(person)


def split_in_two(person: Dashboard, run: str) -> None:
    person.open(f"/datasets?run={run}&datasets_view=A+run+in+parts")
    person.sees("The parts are disjoint: no entry and no object is in two of them.")
    assert not violations(person.page)
    person.page.get_by_role("button", name="Link 8 entries to 2 new datasets").dblclick()
    person.sees("Datasets made of parts of this run")
    expect(person.cell(1, 1, table="parts")).to_contain_text("t")
    for row in range(2):
        expect(person.cell(0, row, table="parts")).to_have_text("Complete")
    expect(person.cell(3, 0, table="parts")).to_contain_text("Open")
    table = person.page.locator(".st-key-parts canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    person.page.mouse.click(box["x"] + box["width"] - 45, box["y"] + 35 + 19)
    person.heading("Verify")
    assert person.query("task")


def verify_the_whole(person: Dashboard, server: Server, run: str) -> None:
    tasks = server.ledger().tasks(about=run)
    assert sorted(str(task.dataset_title).rsplit(" ", 1)[1] for task in tasks) == ["test", "train"]
    assert all(receipt.proven for receipt in server.ledger().receipts(about=run))
    dataset = next(task.dataset_uuid for task in tasks if str(task.dataset_title).endswith("train"))
    person.open(f"/verify?run={run}")
    person.sees("Not linked to a dataset yet")
    person.page.get_by_text("Verify something else").click()
    person.fill("UUID of the dataset", str(dataset))
    person.click("Verify this")
    person.sees("6 of 9 matched, 3 missing")
    person.sees("2 registered but not linked")
    person.sees("1 failed")
    assert not violations(person.page)


def newest(server: Server) -> ReceiptView:
    return server.ledger().receipts(limit=1)[0]


def take_a_receipt_away(person: Dashboard, server: Server, folder: Path) -> None:
    receipt = newest(server)
    name, body = person.download(lambda: person.click("Download the receipt (JSON)"))
    (folder / name).write_bytes(body)
    person.click("More files")
    assert not violations(person.page)
    name, lines = person.download(lambda: person.click("Download 9 rows (JSON Lines)"))
    (folder / name).write_bytes(lines)
    assert hashlib.sha256(lines).hexdigest() == json.loads(body)["rows_sha256"]
    nowhere = folder / "nowhere"
    told = [str(folder / f"receipt-{receipt.id}.json")]
    assert verify_receipt(told, nowhere, "sqlite:///none") == 0
    (folder / name).write_bytes(lines.replace(b'"missing"', b'"matched"', 1))
    assert verify_receipt(told, nowhere, "sqlite:///none") == 1
    _, table = person.download(lambda: person.click("Download 9 rows (CSV)"))
    assert len(list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))) == 10
    _, page = person.download(lambda: person.click("Download to print (HTML)"))
    assert GONE in page.decode()


def look_at_the_missing_object(person: Dashboard) -> None:
    person.open("/passport")
    person.fill("Object", GONE)
    person.sees("No storage item is known for it.")
    person.sees("parts.csv")
    assert not violations(person.page)
    person.fill("Object", "https://storage.googleapis.com/encord-demo-bucket/bulk/000001.jpg")
    person.sees("image/jpeg")
    expect(person.page.get_by_test_id("stMain").locator("img").first).to_be_visible()
    person.sees("As the manifest has it")
    assert not violations(person.page)
    assert person.query("object") == "gs://encord-demo-bucket/bulk/000001.jpg"


def test_whether_a_title_is_taken_is_told_as_soon_as_encord_says(
    person: Dashboard, server: Server
) -> None:
    controls = SandboxDemo(server.data / "sandbox" / "endpoint.json")
    slow = Fault(operation="v2 GET datasets/list", kind="delay", seconds=6.0, times=1)
    person.open("/datasets?datasets_view=All+datasets")
    person.page.get_by_text("Create a dataset").click()
    controls.call("POST", "faults", slow.body())
    title = person.page.get_by_label("Title", exact=True).first
    title.fill("A title that nobody has")
    title.blur()
    person.sees("Asking Encord whether a dataset of this title exists")
    expect(person.page.get_by_text("Asking Encord whether")).to_have_count(0)
    expect(person.page.get_by_text("Encord did not say")).to_have_count(0)


def test_a_dataset_is_created_once_and_what_does_not_belong_is_taken_out(
    person: Dashboard, server: Server, tmp_path: Path
) -> None:
    run = submitted(person, tmp_path, "Yard")
    person.open("/datasets?datasets_view=All+datasets")
    person.page.get_by_text("Create a dataset").click()
    person.fill("Title", "Yard")
    person.sees("Datasets cannot be deleted through the SDK")
    expect(person.page.get_by_role("button", name="Create the dataset")).to_be_enabled()
    person.idle()
    person.page.get_by_role("button", name="Create the dataset").dblclick()
    person.sees("Dataset ready")
    assert not violations(person.page)
    (task,) = [each for each in server.ledger().tasks() if each.dataset_title == "Yard"]
    folder = server.ledger().run(run)
    assert folder is not None
    person.open("/datasets?datasets_view=From+a+folder")
    person.fill("UUID of the folder", str(folder.folder_uuid))
    person.fill("Or the UUID of an existing one", str(task.dataset_uuid))
    person.click("Link the selection")
    person.sees("All 8 entries matched")
    verify_a_smaller_manifest(person, tmp_path, str(task.dataset_uuid))
    person.click("Take rows out of the dataset")
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Plan: 6 rows of")
    assert not violations(person.page)
    dialog.get_by_role("textbox").fill(str(task.dataset_uuid))
    dialog.get_by_role("textbox").blur()
    dialog.get_by_role("button", name="Take out 6 rows").click()
    expect(person.metric("Unexpected")).to_have_text("0")
    person.sees("All 2 entries matched")
    assert newest(server).counts["unexpected"] == 0


def verify_a_smaller_manifest(person: Dashboard, folder: Path, dataset: str) -> None:
    small = folder / "small.csv"
    lines = manifest(folder, "Yard").read_text().splitlines(keepends=True)
    small.write_text("".join(lines[:3]), newline="")
    person.open("/manifest")
    person.page.locator("input[type=file]").set_input_files(small)
    person.sees("2 entries ready")
    person.open("/verify")
    person.page.get_by_text("Verify something else").click()
    person.page.get_by_text("A manifest", exact=True).click()
    expect(person.page.locator(".st-key-tell_manifest input")).to_have_value("small.csv")
    person.fill("UUID of the dataset", dataset)
    person.click("Verify this")
    person.sees("All 2 entries matched, 6 unexpected beside them")
