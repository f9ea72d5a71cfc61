"""Verify, link and unlink what is in Encord already: each once, whatever is clicked or killed."""

import hashlib
from itertools import count

import polars as pl
import pytest

from services.domain.chunks import Ranges
from services.domain.runs import DatasetChoice, FolderChoice, Problem, RunState
from services.domain.tasks import Question, Source
from services.encord_api.errors import NotAuthorised, NotFound, Unclear
from services.engine.proof import listing
from services.engine.proof.proofs import Asker, Part
from services.engine.proof.rows import VerifiedRows
from services.ledger.views import ReceiptView, RunView
from tests.contract.memory import Fault, MemoryGateway
from tests.unit.engine.stories import told_once
from tests.unit.engine.world import OPTIONS, World

ASKER = Asker(connection="connection", account="SHA256:test", actor="tester")
MISSING = "404: no such object"


class KilledError(BaseException):
    """Stands for kill -9: nothing in the engine catches it."""


@told_once
def proven_run(world: World, images: int = 7) -> tuple[str, str, str]:
    """Return a run, its folder and its dataset."""
    run = world.submit(world.images(images), dataset="Street")
    world.settle()
    view = world.view(run)
    return run, view.folder_uuid or "", view.dataset_uuid or ""


def receipt_of(world: World, task: str) -> ReceiptView:
    world.settle()
    assert world.view(task).state is RunState.COMPLETE, world.view(task).problem_detail
    return world.ledger.receipts(run=task)[0]


def verify(world: World, question: Question, nonce: str = "one") -> ReceiptView:
    task = world.proofs.verify(question, name="Check", asker=ASKER, nonce=nonce)
    return receipt_of(world, task)


def only(receipt: ReceiptView) -> dict[str, int]:
    return {verdict: number for verdict, number in receipt.counts.items() if number}


def test_a_manifest_is_verified_against_a_dataset_a_folder_and_both(world: World) -> None:
    run, folder, dataset = proven_run(world)
    source = Source(teller="manifest", id=world.view(run).manifest, check=OPTIONS.to_json())
    for places in ((dataset, None), (None, folder), (dataset, folder)):
        question = Question(source=source, dataset=places[0], folder=places[1])
        assert only(verify(world, question)) == {"matched": 7}
    assert world.ledger.runs().total == 1, "a task is no run"


def test_a_manifest_finds_where_each_file_stopped(world: World) -> None:
    world.encord.broken["gs://bucket/6.jpg"] = MISSING
    run, folder, _ = proven_run(world)
    dataset = world.encord.create_dataset("Some", "")
    items = {i.url: i.uuid for page in world.encord.list_items(folder) for i in page}
    world.encord.link_items(dataset, [items["gs://bucket/0.jpg"]])
    by_run = Question(source=Source(teller="run", id=run), dataset=dataset, folder=folder)
    receipt = verify(world, by_run)
    assert only(receipt) == {"matched": 1, "missing": 6}
    stages = dict(world.proofs.composition(receipt.id, "stage"))
    assert stages == {"registered but not linked": 5, "failed": 1}
    assert not receipt.proven
    manifest = Source(teller="manifest", id=world.view(run).manifest, check=OPTIONS.to_json())
    told = verify(world, Question(source=manifest, dataset=dataset, folder=folder))
    stages = dict(world.proofs.composition(told.id, "stage"))
    assert stages == {"registered but not linked": 5, "not known": 1}


def test_a_place_that_is_gone_is_named_for_what_it_is(world: World) -> None:
    run, _, dataset = proven_run(world)
    source = Source(teller="run", id=run)
    gone = "11111111-1111-4111-8111-111111111111"
    for places, problem in (
        ((dataset, gone), (Problem.FOLDER_GONE, f"Encord has no folder {gone} that")),
        ((gone, None), (Problem.DATASET_GONE, f"Encord has no dataset {gone} that")),
    ):
        question = Question(source=source, dataset=places[0], folder=places[1])
        task = world.proofs.verify(question, name="Check", asker=ASKER, nonce="one")
        world.settle()
        said = world.view(task).problem_detail.partition(" this account may see")[0]
        assert (world.view(task).problem, said) == problem


def test_a_group_deleted_while_it_is_read_is_no_dataset_that_is_gone(world: World) -> None:
    frames = {f"objectUrl_{n}": f"gs://bucket/f{n}.jpg" for n in range(3)}
    group = {"title": "Scene", "createVideo": False, **frames}
    run = world.submit(world.manifest({"image_groups": [group]}), dataset="Groups")
    world.settle()
    world.encord.script("frame_urls", Fault(NotFound("reading the frames")))
    world.onboarding.verify(run, actor="tester")
    world.settle()
    assert world.view(run).problem is Problem.REQUEST_REFUSED
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.ledger.receipts(run=run)[0].proven


def test_an_item_or_dataset_that_is_gone_stops_a_link_and_is_told_apart(world: World) -> None:
    run = world.submit(world.images(3))
    world.settle()
    part = Part(dataset=DatasetChoice(title="All"), entries=Ranges.of(range(3)))
    (task,) = world.proofs.link_parts(run, [part], actor="tester", nonce="split")
    fault = Fault(NotFound("linking items to the dataset"))
    world.encord.script("link_items", fault, fault)
    world.settle()
    assert world.view(task).problem is Problem.REQUEST_REFUSED
    world.encord.script("get_dataset", Fault(NotFound("asking for the dataset")))
    world.onboarding.resume(task, actor="tester")
    world.settle()
    assert world.view(task).problem is Problem.DATASET_GONE


def link_to_theirs(world: World, *faults: tuple[str, int]) -> tuple[str, RunView]:
    """Link a run to somebody's dataset while Encord forbids some calls; return dataset and task."""
    run = world.submit(world.images(3))
    world.settle()
    theirs = world.encord.create_dataset("Theirs", "")
    for operation, times in faults:
        world.encord.script(operation, *[Fault(NotAuthorised("asking"))] * times)
    part = Part(dataset=DatasetChoice(uuid=theirs), entries=Ranges.of(range(3)))
    (task,) = world.proofs.link_parts(run, [part], actor="tester", nonce="split")
    world.settle()
    return theirs, world.view(task)


def test_a_dataset_that_this_account_may_not_see_is_told_as_one_that_is_not_there(
    world: World,
) -> None:
    theirs, task = link_to_theirs(world, ("get_dataset", 2))
    assert task.problem is Problem.DATASET_GONE
    assert task.problem_detail == f"Encord has no dataset {theirs} that this account may see."


def test_a_dataset_that_may_be_seen_and_not_added_to_is_not_called_gone(world: World) -> None:
    _, task = link_to_theirs(world, ("link_items", 1))
    assert task.problem is Problem.NOT_AUTHORIZED


def test_a_folder_that_is_forbidden_between_two_pages_is_told(world: World) -> None:
    run, folder, _ = proven_run(world)
    question = Question(source=Source(teller="run", id=run), folder=folder)
    task = world.proofs.verify(question, name="Check", asker=ASKER, nonce="one")
    refused = Fault(NotAuthorised("listing the folder's items"))
    world.encord.script("list_items", refused)
    world.encord.script("get_folder", refused)
    world.settle()
    assert world.view(task).problem is Problem.FOLDER_GONE
    assert not world.ledger.receipts(about=task)
    world.onboarding.resume(task, actor="tester")
    world.settle()
    assert world.view(task).state is RunState.COMPLETE


def test_a_dataset_that_is_gone_stops_an_unlink_and_is_named(world: World) -> None:
    run, _, dataset = proven_run(world)
    world.encord.link_items(dataset, [stranger_to(world)])
    question = Question(source=Source(teller="run", id=run), dataset=dataset)
    task = world.proofs.unlink(verify(world, question), ("unexpected",), asker=ASKER, nonce="n")
    world.encord.script("unlink_rows", Fault(NotFound("taking rows out of the dataset")))
    world.encord.script("get_dataset", Fault(NotFound("asking for the dataset")))
    world.settle()
    assert world.view(task).problem is Problem.DATASET_GONE


def stranger_to(world: World) -> str:
    """Register one item that no other run asked for."""
    other = world.submit(world.manifest({"images": [{"objectUrl": "gs://other/1.jpg"}]}), nonce="o")
    world.settle()
    return world.ledger.outcomes(other).rows[0].item_uuid or ""


def test_the_same_question_twice_is_one_task_and_another_time_is_another(world: World) -> None:
    run, _, dataset = proven_run(world)
    question = Question(source=Source(teller="run", id=run), dataset=dataset)
    asked = [
        world.proofs.verify(question, name="Check", asker=ASKER, nonce=nonce)
        for nonce in ("click", "click", "later")
    ]
    assert asked[0] == asked[1] != asked[2]


def test_metadata_that_was_kept_from_before_is_told(world: World) -> None:
    def one(site: str) -> str:
        entry = {"objectUrl": "gs://bucket/1.jpg", "clientMetadata": {"site": site, "n": 1.0}}
        return world.manifest({"images": [entry]})

    first = world.submit(one("harbor"), dataset="Street")
    world.settle()
    assert only(world.ledger.receipts(run=first)[0]) == {"matched": 1}
    view = world.view(first)
    source = Source(teller="manifest", id=one("depot"), check=OPTIONS.to_json())
    receipt = verify(world, Question(source=source, dataset=view.dataset_uuid))
    assert only(receipt) == {"wrong metadata": 1}
    (row,) = world.proofs.page(receipt.id).rows
    assert row.detail == 'site: asked for "depot", found "harbor"'
    without = Question(source=source, dataset=view.dataset_uuid, metadata=False)
    assert only(verify(world, without)) == {"matched": 1}


def test_metadata_that_is_wholly_absent_is_told(world: World) -> None:
    _, folder, dataset = proven_run(world, images=1)
    asked = {"objectUrl": "gs://bucket/0.jpg", "clientMetadata": {"site": "harbor"}}
    manifest = world.manifest({"images": [asked]})
    source = Source(teller="manifest", id=manifest, check=OPTIONS.to_json())
    for place in (
        Question(source=source, dataset=dataset),
        Question(source=source, folder=folder),
    ):
        receipt = verify(world, place)
        assert only(receipt) == {"wrong metadata": 1}
        assert not receipt.proven
        (row,) = world.proofs.page(receipt.id).rows
        assert row.detail == 'site: asked for "harbor", not there'


def test_of_a_duplicate_the_first_row_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "BATCH", 3)
    run, _, dataset = proven_run(world)
    again = world.submit(world.images(1), nonce="again", folder=FolderChoice(name="Again"))
    world.settle()
    world.encord.link_items(dataset, [world.ledger.outcomes(again).rows[0].item_uuid or ""])
    before = [row.uuid for row in world.encord.list_rows(dataset)]
    receipt = verify(world, Question(source=Source(teller="run", id=run), dataset=dataset))
    assert only(receipt) == {"matched": 6, "duplicate": 1}
    task = world.proofs.unlink(receipt, ("duplicate",), asker=ASKER, nonce="click")
    assert only(receipt_of(world, task)) == {"matched": 7}
    assert [row.uuid for row in world.encord.list_rows(dataset)] == before[:-1]


def test_a_receipt_is_asked_again_and_tells_what_changed(world: World) -> None:
    run, _, dataset = proven_run(world)
    first = world.ledger.receipts(run=run)[0]
    gone = [row.uuid for row in world.encord.list_rows(dataset)][:3]
    world.encord.unlink_rows(dataset, gone)
    again = verify(world, Question(source=Source(teller="receipt", id=first.id), dataset=dataset))
    assert only(again) == {"matched": 4, "missing": 3}
    since = world.proofs.body(again.id)["since"]
    assert since["receipt"] == first.id
    assert since["changes"] == [{"then": "matched", "now": "missing", "entries": 3}]
    assert world.proofs.body(again.id)["looks"]["count"] == 1 + world.pace.lag_looks
    world.onboarding.verify(run, actor="tester")
    world.settle()
    assert world.ledger.receipts(run=run)[0].earlier == first.id


def test_a_receipt_from_before_a_column_came_to_be_is_asked_again(world: World) -> None:
    run, _, dataset = proven_run(world)
    first = world.ledger.receipts(run=run)[0]
    kept = VerifiedRows(world.folder / "receipts").expected_path(first.id)
    older = pl.read_ipc(kept.read_bytes()).drop("apart")
    older.write_ipc(kept)
    again = verify(world, Question(source=Source(teller="receipt", id=first.id), dataset=dataset))
    assert only(again) == {"matched": 7}


def test_what_changed_is_told_of_one_dataset_only(world: World) -> None:
    run, _, _ = proven_run(world)
    first = world.ledger.receipts(run=run)[0]
    world.onboarding.link(run, DatasetChoice(title="Other"), nonce="other", actor="tester")
    world.settle()
    elsewhere = world.ledger.receipts(run=run)[0]
    assert elsewhere.dataset_uuid != first.dataset_uuid
    assert world.proofs.body(elsewhere.id)["since"] is None
    question = Question(
        source=Source(teller="receipt", id=first.id), dataset=elsewhere.dataset_uuid
    )
    assert world.proofs.body(verify(world, question).id)["since"] is None
    world.onboarding.verify(run, actor="tester")
    world.settle()
    assert world.ledger.receipts(run=run)[0].earlier == elsewhere.id


def test_a_late_listing_is_looked_at_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _, dataset = proven_run(world)
    late, looks = MemoryGateway.list_rows, count()
    monkeypatch.setattr(
        MemoryGateway,
        "list_rows",
        lambda self, uuid, **how: late(self, uuid, **how)[: 7 if next(looks) else 5],
    )
    receipt = verify(world, Question(source=Source(teller="run", id=run), dataset=dataset))
    assert receipt.proven
    assert world.proofs.body(receipt.id)["looks"]["count"] == 2


def test_a_run_becomes_several_datasets(world: World) -> None:
    run = world.submit(world.images(10))
    world.settle()
    parts = [
        Part(dataset=DatasetChoice(title="Train"), entries=Ranges.of(range(7))),
        Part(dataset=DatasetChoice(title="Test"), entries=Ranges.of(range(7, 10))),
    ]
    tasks = world.proofs.link_parts(run, parts, actor="tester", nonce="click")
    assert tasks == world.proofs.link_parts(run, parts, actor="tester", nonce="click")
    receipts = [receipt_of(world, task) for task in tasks]
    assert [receipt.matched for receipt in receipts] == [7, 3]
    assert all(receipt.proven and only(receipt).keys() == {"matched"} for receipt in receipts)
    assert world.asked("create_dataset") == 2
    assert [task.about for task in world.ledger.tasks(about=run)] == [run, run]


def test_only_a_part_that_was_cancelled_begins_anew(world: World) -> None:
    described = [
        {"objectUrl": f"gs://bucket/{n}.jpg", "clientMetadata": {"use": use}}
        for n, use in enumerate(["train", "train", "test"])
    ]
    run = world.submit(world.manifest({"images": described}))
    world.settle()
    split, titles = world.proofs.split(run, "use"), {"train": "Train", "test": "Test"}

    def linked(*after: str) -> list[str]:
        return world.proofs.link_split(run, split, titles, actor="tester", after=after)

    train, test = linked()
    world.onboarding.cancel(test, actor="tester")
    world.settle()
    assert linked() == [train, test]
    again = linked(*world.proofs.cancelled_links(run))
    assert again == linked(test)  # however often it is asked for
    assert again[0] == train
    assert receipt_of(world, again[1]).matched == 1
    assert world.asked("create_dataset") == 2


def test_a_selection_of_a_folder_is_linked_and_strangers_are_not(world: World) -> None:
    _, folder, dataset = proven_run(world, 4)
    again = world.manifest({"images": [{"objectUrl": f"gs://bucket/new-{n}.jpg"} for n in (1, 2)]})
    world.submit(again, nonce="two", folder=None)
    world.settle()
    unused = Source(teller="folder", id=folder, unused=True)
    task = world.proofs.link(
        Question(source=unused), DatasetChoice(title="Rest"), name="Rest", asker=ASKER, nonce="n"
    )
    world.settle()
    assert world.view(task).problem is Problem.NOTHING_TO_LINK, "all of this folder is in a dataset"
    assert [each.title for each in world.encord.list_datasets()] == ["Street"]
    into = world.proofs.link(
        Question(source=unused), DatasetChoice(uuid=dataset), name="Rest", asker=ASKER, nonce="n"
    )
    assert receipt_of(world, into).expected == 0, "what is there already needs nothing"
    some = Source(teller="folder", id=folder, search="/3.")
    task = world.proofs.link(
        Question(source=some), DatasetChoice(title="Three"), name="3", asker=ASKER, nonce="n"
    )
    assert only(receipt_of(world, task)) == {"matched": 1}
    rows = world.encord.list_rows(world.view(task).dataset_uuid or "")
    assert [row.file_link for row in rows] == ["gs://bucket/3.jpg"]
    assert len(world.encord.list_rows(dataset)) == 4


def test_a_link_that_must_be_new_stops_before_it_begins(world: World) -> None:
    run, _, dataset = proven_run(world)
    question = Question(source=Source(teller="run", id=run), refuse_linked=True)
    linked = world.asked("link_items")
    task = world.proofs.link(
        question, DatasetChoice(uuid=dataset), name="New", asker=ASKER, nonce="n"
    )
    world.settle()
    assert world.view(task).problem is Problem.ALREADY_LINKED
    assert world.asked("link_items") == linked


def test_rows_nobody_asked_for_are_taken_out_and_the_rest_stays(world: World) -> None:
    run, folder, dataset = proven_run(world)
    world.encord.link_items(dataset, [stranger_to(world)])
    question = Question(source=Source(teller="run", id=run), dataset=dataset)
    receipt = verify(world, question)
    assert only(receipt) == {"matched": 7, "unexpected": 1}
    assert world.proofs.to_unlink(receipt.id, ("unexpected",)) == 1
    tasks = {
        world.proofs.unlink(receipt, ("unexpected",), asker=ASKER, nonce="click") for _ in range(2)
    }
    (task,) = tasks
    after = receipt_of(world, task)
    assert only(after) == {"matched": 7}
    assert world.asked("unlink_rows") == 1
    assert len([i for page in world.encord.list_items(folder) for i in page]) == 7


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("boundary", range(4))
def test_a_link_killed_at_a_piece_resumes_without_duplicates(
    world: World, monkeypatch: pytest.MonkeyPatch, boundary: int, *, after: bool
) -> None:
    run = world.submit(world.images(11))
    world.settle()
    link, calls = MemoryGateway.link_items, count()

    def killed(self: MemoryGateway, dataset: str, items: list[str]) -> None:
        here = next(calls) == boundary
        if here and not after:
            raise KilledError
        link(self, dataset, items)
        if here:
            raise KilledError

    monkeypatch.setattr(MemoryGateway, "link_items", killed)
    parts = [Part(dataset=DatasetChoice(title="All"), entries=Ranges.of(range(11)))]
    (task,) = world.proofs.link_parts(run, parts, actor="tester", nonce="split")
    with pytest.raises(KilledError):
        world.settle()
    world.clock.seconds += world.pace.lease + 1
    receipt = receipt_of(world, task)
    assert receipt.proven
    rows = world.encord.list_rows(world.view(task).dataset_uuid or "")
    assert len(rows) == len({row.item_uuid for row in rows}) == 11
    assert world.asked("create_dataset") == 1


def test_the_rows_of_a_receipt_have_the_hash_it_names(world: World) -> None:
    run, _, _ = proven_run(world)
    receipt = world.ledger.receipts(run=run)[0]
    lines = world.proofs.export(receipt.id, "jsonl")
    assert hashlib.sha256(lines).hexdigest() == receipt.rows_sha256
    assert len(lines.splitlines()) == receipt.lines


@pytest.mark.parametrize("steps", range(3))
def test_a_task_that_is_cancelled_begins_nothing_more(world: World, steps: int) -> None:
    run, _, _ = proven_run(world)
    source = Source(teller="run", id=run)
    task = world.proofs.link(
        Question(source=source), DatasetChoice(title="Seven"), name="7", asker=ASKER, nonce="n"
    )
    for _ in range(steps):  # written down, a dataset made
        world.step()
    made, linked = world.asked("create_dataset"), world.asked("link_items")
    world.onboarding.cancel(task, actor="tester")
    assert world.view(task).state is RunState.CANCELLED
    world.settle()
    assert (world.asked("create_dataset"), world.asked("link_items")) == (made, linked)
    assert world.ledger.receipts(run=task) == []


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_task_cancelled_during_a_request_ends_with_that(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_answered: bool
) -> None:
    run, _, _ = proven_run(world)
    source, link = Source(teller="run", id=run), MemoryGateway.link_items
    task = world.proofs.link(
        Question(source=source), DatasetChoice(title="Seven"), name="7", asker=ASKER, nonce="n"
    )

    def meanwhile(encord: MemoryGateway, dataset: str, items: list[str]) -> None:
        world.onboarding.cancel(task, actor="tester")
        assert world.view(task).state is RunState.CANCELLING
        if not is_answered:
            raise Unclear("linking items to the dataset")
        link(encord, dataset, items)

    monkeypatch.setattr(MemoryGateway, "link_items", meanwhile)
    linked = world.asked("link_items")
    world.settle()
    assert world.view(task).state is RunState.CANCELLED
    assert world.asked("link_items") == linked + is_answered


def test_a_task_cancelled_while_its_dataset_is_in_doubt_leaves_it_empty(world: World) -> None:
    run, _, _ = proven_run(world)
    world.encord.script("create_dataset", Fault(Unclear("creating the dataset"), after=True))
    linked = world.asked("link_items")
    task = world.proofs.link(
        Question(source=Source(teller="run", id=run)),
        DatasetChoice(title="Seven"),
        name="7",
        asker=ASKER,
        nonce="n",
    )
    world.step()
    world.step()
    world.onboarding.cancel(task, actor="tester")
    world.settle()
    assert world.view(task).state is RunState.CANCELLED
    assert world.view(task).dataset_uuid, "what was made is told"
    assert world.asked("link_items") == linked


def test_a_rescue_that_cannot_go_on_can_be_ended(world: World) -> None:
    folder = world.encord.create_folder("Gone", "")
    rescue = world.onboarding.rescue(
        folder, connection="connection", account="SHA256:test", nonce="x", actor="tester"
    )
    world.encord.delete_folder(folder.uuid)
    world.settle()
    assert world.view(rescue).state is RunState.NEEDS_ATTENTION
    world.onboarding.cancel(rescue, actor="tester")
    world.settle()
    assert world.view(rescue).state is RunState.CANCELLED
