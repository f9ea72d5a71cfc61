"""What a person gets from a run: outcomes that add up, retries, links, and a verdict."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.domain.outcomes import Outcome
from services.domain.runs import DatasetChoice, FolderChoice, Problem, RunState, WorkKind
from services.encord_api.errors import NotFound
from services.encord_api.interface import Item, JobState
from services.engine.advance import advance
from services.engine.connections import Connections
from services.engine.errors import NotConnectedError
from services.engine.matching import NO_DATASET
from services.engine.onboarding import link_nonce, retry_nonce
from services.ledger.contradictions import contradictions
from services.ledger.errors import NothingToRetryError
from tests.contract.memory import Fault, MemoryGateway
from tests.unit.engine.world import KINDS, World

MISSING = "404: no such object"
FORBIDDEN = "403: permission denied"


def test_a_run_registers_every_entry_in_chunks(world: World) -> None:
    run = world.submit(world.images(10))
    world.settle()
    view = world.view(run)
    assert view.state is RunState.COMPLETE
    assert (view.counts.registered, view.counts.entries, view.chunks) == (10, 10, 3)
    assert world.asked("start_upload") == 3


def test_the_same_click_twice_is_one_run(world: World) -> None:
    manifest = world.images(3)
    assert world.submit(manifest) == world.submit(manifest)
    world.settle()
    assert world.asked("start_upload") == 1


def test_what_is_there_already_is_told_apart(world: World) -> None:
    manifest = world.images(3)
    first = world.submit(manifest)
    world.settle()
    folder = FolderChoice(uuid=world.view(first).folder_uuid)
    again = world.submit(manifest, nonce="two", folder=folder)
    world.settle()
    assert world.view(again).counts.already_there == 3


def test_failures_are_grouped_by_cause_and_retried_alone(world: World) -> None:
    world.encord.broken.update(
        {"gs://bucket/1.jpg": MISSING, "gs://bucket/2.jpg": MISSING, "gs://bucket/3.jpg": FORBIDDEN}
    )
    run = world.submit(world.images(6))
    world.settle()
    assert world.view(run).counts.failed == 3
    causes = {group.cause.code: group.count for group in world.ledger.causes(run)}
    assert causes == {"object-missing": 2, "object-forbidden": 1}

    world.encord.broken.clear()
    retry = world.onboarding.retry(run, cause="object-missing", nonce="r", actor="tester")
    assert retry == world.onboarding.retry(run, cause="object-missing", nonce="r", actor="tester")
    world.settle()
    assert world.view(retry).counts.registered == 2
    assert world.ledger.family(run).arrived == 5
    assert [group.cause.code for group in world.ledger.causes(run)] == ["object-forbidden"]
    assert [first.id for first in world.ledger.first_runs(limit=1)] == [run], "not the newer retry"


def test_a_retry_that_fails_again_is_retried_from_its_own_page(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.images(3))
    world.settle()
    made = [run]
    for again in range(3):
        nonce = retry_nonce(world.ledger.retried(made[-1]), cause="object-missing")
        made.append(
            world.onboarding.retry(made[-1], cause="object-missing", nonce=nonce, actor="tester")
        )
        world.settle()
        assert world.ledger.retried(run) == world.ledger.retried(made[-1]) == again + 1
    assert len(set(made)) == 4
    assert [retry.id for retry in world.ledger.retries(run)] == made[1:]
    assert world.asked("start_upload") == 4


def test_nothing_to_retry_is_said(world: World) -> None:
    run = world.submit(world.images(2))
    world.settle()
    with pytest.raises(NothingToRetryError):
        world.onboarding.retry(run, nonce="r", actor="tester")


def test_what_is_being_retried_is_not_retried_twice(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.images(2))
    world.settle()
    world.onboarding.retry(run, nonce="first tab", actor="tester")
    with pytest.raises(NothingToRetryError):
        world.onboarding.retry(run, nonce="second tab", actor="tester")


def test_a_dataset_is_linked_and_verified(world: World) -> None:
    run = world.submit(world.images(7), dataset="Street")
    world.settle()
    receipt = world.ledger.receipts(run=run)[0]
    assert (receipt.proven, receipt.matched, receipt.expected) == (True, 7, 7)
    assert world.asked("create_dataset") == 1
    assert world.asked("link_items") == 3


def test_linking_later_takes_the_retries_along(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.images(4))
    world.settle()
    world.encord.broken.clear()
    world.onboarding.retry(run, nonce="r", actor="tester")
    world.settle()
    world.onboarding.link(run, DatasetChoice(title="All"), nonce="l", actor="tester")
    world.onboarding.link(run, DatasetChoice(title="All"), nonce="l", actor="tester")
    world.settle()
    receipt = world.ledger.receipts(run=run)[0]
    assert (receipt.proven, receipt.matched) == (True, 4)
    assert world.asked("create_dataset") == 1


def test_a_run_that_was_paused_while_it_ended_is_linked_when_somebody_asks(world: World) -> None:
    run = world.submit(world.images(3))
    while (claim := world.claim()) is None or claim.kind is not WorkKind.MATCH:
        if claim:
            advance(world.tools, claim)
        else:
            world.clock.seconds += world.ledger.seconds_to_next(KINDS) or 0
            world.encord.advance()
    world.onboarding.pause(run, actor="tester")
    advance(world.tools, claim)
    assert world.view(run).state is RunState.COMPLETE
    assert world.onboarding.link(run, DatasetChoice(title="All"), nonce="l", actor="tester")
    world.settle()
    assert world.ledger.receipts(run=run)[0].proven
    assert world.view(run).state is RunState.COMPLETE


def test_a_run_cancelled_while_its_folder_is_listed_is_not_linked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.submit(world.images(3), dataset="Unwanted")
    read = MemoryGateway.list_items

    def cancelling(encord: MemoryGateway, folder: str, **how: Any) -> Iterator[list[Item]]:
        world.onboarding.cancel(run, actor="tester")
        return read(encord, folder, **how)

    monkeypatch.setattr(MemoryGateway, "list_items", cancelling)
    world.settle()
    assert world.view(run).state.is_final
    assert world.encord.list_datasets() == []


def test_a_run_goes_on_once_its_manifest_is_here_again(world: World) -> None:
    manifest = world.images(3)
    run = world.submit(manifest)
    shutil.rmtree(world.folder / "manifests" / manifest)
    world.settle()
    assert world.view(run).problem is Problem.MANIFEST_CHANGED
    assert "Upload the same file again, then resume" in world.view(run).problem_detail
    assert world.images(3) == manifest
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.view(run).counts.registered == 3


NOWHERE = DatasetChoice(uuid="00000000-0000-0000-0000-000000000000")


def test_another_dataset_takes_the_place_of_one_that_is_not_there(world: World) -> None:
    run = world.submit(world.images(7))
    world.settle()
    assert world.onboarding.link(run, NOWHERE, nonce="l", actor="tester")
    world.settle()
    assert world.view(run).problem is Problem.DATASET_GONE
    assert not world.onboarding.link(run, NOWHERE, nonce="l", actor="tester")
    assert world.view(run).problem is Problem.DATASET_GONE
    assert world.onboarding.link(run, DatasetChoice(title="Right"), nonce="l", actor="tester")
    world.settle()
    (receipt,) = world.ledger.receipts(run=run)
    assert (receipt.proven, receipt.dataset_title) == (True, "Right")
    view = world.view(run)
    assert (view.state, view.problem) == (RunState.COMPLETE, None)


def test_another_dataset_takes_the_place_of_one_that_was_deleted(world: World) -> None:
    world.encord.script("link_items", Fault(NotFound("linking")))
    run = world.submit(world.images(7), dataset="Deleted")
    world.settle()
    assert world.view(run).state is RunState.NEEDS_ATTENTION
    assert world.onboarding.link(run, DatasetChoice(title="Right"), nonce="l", actor="tester")
    world.settle()
    (receipt,) = world.ledger.receipts(run=run)
    assert (receipt.proven, receipt.dataset_title) == (True, "Right")
    with world.ledger.reading() as cx:
        assert list(contradictions(cx)) == []


def test_a_run_is_linked_to_one_dataset_at_a_time(world: World) -> None:
    street, yard = DatasetChoice(title="Street"), DatasetChoice(title="Yard")
    run = world.submit(world.images(3))
    world.settle()
    assert world.onboarding.link(run, street, nonce="l", actor="tester")
    assert world.onboarding.link(run, street, nonce="l", actor="tester"), "a double click"
    assert not world.onboarding.link(run, yard, nonce="l", actor="tester")
    world.settle()
    for choice in (yard, street):
        assert world.onboarding.link(run, choice, nonce="l", actor="tester")
        world.settle()
    titles = [receipt.dataset_title for receipt in world.ledger.receipts(run=run)]
    assert titles == ["Street", "Yard", "Street"]


def test_a_run_is_linked_once_it_is_done_with_its_entries(world: World) -> None:
    run = world.submit(world.images(10), chunk=6)
    while not world.asked("start_upload"):
        world.step()
    world.encord.script("start_upload", Fault(NotFound("uploading")))
    world.settle()
    assert world.view(run).problem is Problem.INTEGRATION_GONE
    assert (world.view(run).counts.arrived, world.view(run).counts.pending) == (6, 4)
    street = DatasetChoice(title="Street")
    assert not world.onboarding.link(run, street, nonce="l", actor="tester")
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    assert world.asked("create_dataset") == 0
    assert world.onboarding.link(run, street, nonce="l", actor="tester"), "the same click as before"
    world.settle()
    assert world.ledger.receipts(run=run)[0].matched == 6


def test_what_never_arrived_is_missing_with_its_reason(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.images(3), dataset="Street")
    world.settle()
    receipt = world.ledger.receipts(run=run)[0]
    assert not receipt.proven
    page = world.proofs.page(receipt.id, verdict="missing")
    assert [(row.url, row.stage, row.detail) for row in page.rows] == [
        ("gs://bucket/1.jpg", "failed", MISSING)
    ]


def test_cancelling_keeps_what_arrived_and_names_the_rest(world: World) -> None:
    world.encord.rate = 0
    run = world.submit(world.images(8))
    while world.asked("start_upload") < 2:
        world.step()
    world.encord.advance(units=3)
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    view = world.view(run)
    assert view.state is RunState.CANCELLED
    assert view.counts.registered == 6  # three units of each of the two jobs
    assert view.counts.cancelled == 2


def test_a_run_cancelled_before_it_began_sends_nothing(world: World) -> None:
    run = world.submit(world.images(3))
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    assert world.view(run).state is RunState.CANCELLED
    assert world.encord.calls == []


def test_a_lost_key_waits_and_goes_on(world: World) -> None:
    run = world.submit(world.images(3))
    world.connected = False
    world.settle()
    assert world.view(run).problem is Problem.RECONNECT
    world.connected = True
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.view(run).counts.registered == 3


def test_a_revoked_key_needs_attention(world: World) -> None:
    run = world.submit(world.images(3))
    world.encord.key_accepted = False
    world.settle()
    view = world.view(run)
    assert (view.state, view.problem) == (RunState.NEEDS_ATTENTION, Problem.NOT_AUTHENTICATED)


def started(world: World) -> str:
    """Return a run whose one job has begun and stands still."""
    world.encord.rate = 0
    run = world.submit(world.images(3))
    while not world.asked("start_upload"):
        world.step()
    return run


def test_a_key_revoked_while_a_job_runs_sends_nothing_twice(world: World) -> None:
    run = started(world)
    world.encord.key_accepted = False
    world.settle()
    assert world.view(run).problem is Problem.NOT_AUTHENTICATED
    world.encord.advance()  # the job at Encord goes on without us
    world.encord.key_accepted = True
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.view(run).counts.registered == 3
    assert world.asked("start_upload") == 1


def test_the_key_of_another_account_is_another_connection(world: World, tmp_path: Path) -> None:
    held = Connections()
    for name in ("mine", "another"):
        key = Ed25519PrivateKey.generate()
        encoded = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        (tmp_path / name).write_bytes(encoded)
    mine, other = (
        held.add_sandbox("http://127.0.0.1:1", tmp_path / name) for name in ("mine", "another")
    )
    held.forget(mine.id)
    assert mine.id != other.id
    with pytest.raises(NotConnectedError):
        held.gateway(mine.id)


def test_a_key_that_two_people_gave_goes_with_the_last_of_them() -> None:
    held, told = Connections(), list[bool]()
    held.on_change = lambda _connection, key: told.append(key is not None)
    key = Ed25519PrivateKey.generate()
    encoded = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    made = held.add("https://api.encord.com", encoded, None, by="ann")
    for person in ("bob", "ann"):
        assert held.add("https://api.encord.com", encoded, None, by=person) == made
    held.forget(made.id, by="ann")
    assert held.get(made.id) == made
    held.forget(made.id, by="bob")
    assert held.get(made.id) is None
    assert told == [True, True, True, False]


def test_an_integration_that_is_gone_needs_attention(world: World) -> None:
    run = world.submit(world.images(3))
    world.encord.script("start_upload", Fault(NotFound("starting the upload")))
    world.settle()
    view = world.view(run)
    assert (view.state, view.problem) == (RunState.NEEDS_ATTENTION, Problem.INTEGRATION_GONE)
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.view(run).counts.registered == 3


def test_a_job_that_somebody_else_cancelled_keeps_what_arrived(world: World) -> None:
    run = started(world)
    world.encord.advance(units=1)
    call = next(each for each in world.encord.calls if each.operation == "start_upload")
    folder, *_, trace = map(str, call.arguments)
    job = world.encord.job_of(trace)
    assert job is not None
    world.encord.cancel_job(folder, job)
    world.settle()
    counts = world.view(run).counts
    assert (counts.registered, counts.cancelled) == (1, 2)


def test_a_folder_that_is_gone_needs_attention(world: World) -> None:
    gone = FolderChoice(uuid="11111111-1111-4111-8111-111111111111")
    run = world.submit(world.images(3), folder=gone)
    world.settle()
    assert world.view(run).problem is Problem.FOLDER_GONE


def test_a_job_that_encord_does_not_know_is_no_folder_that_is_gone(world: World) -> None:
    run = started(world)
    world.encord.script("job_status", Fault(NotFound("looking at the job")))
    world.settle()
    view = world.view(run)
    assert (view.state, view.problem) == (RunState.NEEDS_ATTENTION, Problem.REQUEST_REFUSED)
    assert "looking at the job" in view.problem_detail
    world.encord.advance()
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.view(run).counts.registered == 3


def test_groups_are_matched_by_their_frames(world: World) -> None:
    frames = {f"objectUrl_{n}": f"gs://bucket/f{n}.jpg" for n in range(3)}
    manifest = world.manifest(
        {"image_groups": [{"title": "Scene", "createVideo": False, **frames}]}
    )
    run = world.submit(manifest, dataset="Groups")
    world.settle()
    row = world.ledger.outcomes(run).rows[0]
    assert (row.outcome, row.url_count) == (Outcome.REGISTERED, 3)
    assert world.ledger.receipts(run=run)[0].proven


def test_a_done_job_in_which_all_failed_is_a_failed_run_without_a_dataset(world: World) -> None:
    world.encord.broken.update({f"gs://bucket/{n}.jpg": MISSING for n in range(3)})
    run = world.submit(world.images(3), dataset="Streets")
    world.settle()
    assert world.view(run).state is RunState.FAILED
    events = [event.detail for event in world.ledger.events(run).rows]
    assert any(str(JobState.DONE) in detail for detail in events)
    assert NO_DATASET in events
    assert world.encord.list_datasets() == []
    world.encord.broken.clear()
    world.onboarding.retry(run, nonce="again", actor="tester")
    world.settle()
    choice = DatasetChoice(title=world.view(run).dataset_title or "")
    assert world.onboarding.link(run, choice, nonce=link_nonce(3), actor="tester")
    world.settle()
    assert world.ledger.receipts(run=run)[0].proven
    assert [each.title for each in world.encord.list_datasets()] == ["Streets"]
