"""What people do with runs that do not go straight: pause, select, adopt, rescue."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.domain.chunks import Ranges
from services.domain.runs import (
    DatasetChoice,
    FolderChoice,
    Problem,
    RunState,
    Submission,
    WorkKind,
)
from services.encord_api.interface import Item
from services.ledger.contradictions import contradictions
from services.ledger.errors import NothingToRetryError
from tests.contract.memory import BUCKET, MemoryGateway
from tests.unit.engine.world import KINDS, OPTIONS, World

MISSING = "404: no such object"


def step_until(world: World, operation: str, count: int) -> None:
    while world.asked(operation) < count:
        if not world.step():
            pause = world.ledger.seconds_to_next(KINDS)
            assert pause is not None, f"{operation} was not reached"
            world.clock.seconds += pause + 0.001


def test_pausing_sends_nothing_new_and_follows_what_runs(world: World) -> None:
    world.encord.rate = 0
    run = world.submit(world.images(12))
    step_until(world, "start_upload", 1)
    world.onboarding.pause(run, actor="tester")
    assert world.view(run).state is RunState.PAUSED
    world.encord.advance()
    world.settle()
    assert world.asked("start_upload") == 1
    assert world.view(run).counts.registered == 4

    world.onboarding.resume(run, actor="tester")
    world.encord.rate = None
    world.settle()
    view = world.view(run)
    assert (view.state, view.counts.registered) == (RunState.COMPLETE, 12)
    assert world.asked("start_upload") == 3


@pytest.mark.parametrize(
    ("during", "created"), [("list_items", 0), ("create_dataset", 1)], ids=["matching", "creating"]
)
def test_a_pause_during_a_step_holds_back_what_follows_it(
    world: World, monkeypatch: pytest.MonkeyPatch, during: str, created: int
) -> None:
    ask = getattr(MemoryGateway, during)

    def meanwhile(encord: MemoryGateway, *words: str, **more: bool) -> object:
        world.onboarding.pause(run, actor="tester")
        return ask(encord, *words, **more)

    monkeypatch.setattr(MemoryGateway, during, meanwhile)
    run = world.submit(world.images(4), dataset="Streets")
    world.settle()
    assert world.view(run).state is RunState.PAUSED
    assert (world.asked("create_dataset"), world.asked("link_items")) == (created, 0)
    monkeypatch.undo()
    world.onboarding.resume(run, actor="tester")
    world.settle()
    assert world.ledger.receipts(run=run)[0].proven
    assert (world.asked("create_dataset"), world.asked("link_items")) == (1, 2)


def test_a_paused_run_can_be_cancelled(world: World) -> None:
    run = world.submit(world.images(4))
    world.onboarding.pause(run, actor="tester")
    world.settle()
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    assert world.view(run).state is RunState.CANCELLED


def test_a_run_that_is_being_cancelled_cannot_be_paused_on_the_way(world: World) -> None:
    run = world.submit(world.images(4))
    step_until(world, "start_upload", 1)
    world.onboarding.cancel(run, actor="tester")
    assert world.view(run).state is RunState.CANCELLING
    world.onboarding.pause(run, actor="tester")
    world.settle()
    assert world.view(run).state.is_final


def test_retry_by_selection_and_by_search_says_how_many_first(world: World) -> None:
    world.encord.broken.update({f"gs://bucket/{n}.jpg": MISSING for n in range(5)})
    run = world.submit(world.images(6))
    world.settle()
    onboarding = world.onboarding
    assert onboarding.retryable(run) == 5
    assert onboarding.retryable(run, search="bucket/3") == 1
    chosen = Ranges.of([1, 2, 5])
    assert onboarding.retryable(run, entries=chosen) == 2
    world.encord.broken.clear()
    again = onboarding.retry(run, entries=chosen, nonce="r", actor="tester")
    world.settle()
    assert world.view(again).counts.registered == 2
    assert world.view(again).parent == run
    assert onboarding.retryable(run) == 3
    with pytest.raises(NothingToRetryError):
        onboarding.retry(run, search="nothing like it", nonce="s", actor="tester")


def test_a_job_started_elsewhere_is_followed_and_matched(world: World, tmp_path: Path) -> None:
    world.encord.broken["gs://bucket/2.jpg"] = MISSING
    folder = world.encord.create_folder("By a script", "")
    document = tmp_path / "theirs.json"
    document.write_text(
        '{"images": [{"objectUrl": "gs://bucket/0.jpg"}, {"objectUrl": "gs://bucket/1.jpg"}, '
        '{"objectUrl": "gs://bucket/2.jpg"}], "skip_duplicate_urls": true}'
    )
    job = world.encord.start_upload(folder.uuid, BUCKET.id, document, trace="theirs")
    before = world.asked("start_upload")
    run = world.onboarding.submit(
        Submission(
            name="Adopted",
            connection="connection",
            account="SHA256:test",
            manifest=world.images(3),
            check=OPTIONS.to_json(),
            folder=FolderChoice(uuid=folder.uuid, name=folder.name),
            integration=BUCKET.id,
            integration_title=BUCKET.title,
            nonce="adopt",
            created_by="tester",
            adopted_job=job,
        ),
        actor="tester",
    )
    world.settle()
    view = world.view(run)
    assert world.asked("start_upload") == before
    assert (view.counts.registered, view.counts.failed) == (2, 1)
    assert view.adopted_job == job


def test_a_job_that_is_followed_already_is_not_followed_twice(world: World) -> None:
    manifest = world.images(2)
    first = world.submit(manifest)
    world.settle()
    report = world.ledger.events(first).rows
    job = next(event.detail for event in report if event.what == "accepted").removeprefix("job ")
    again = world.submit(manifest, nonce="again", adopted_job=job)
    world.settle()
    view = world.view(again)
    assert view.state is RunState.NEEDS_ATTENTION
    assert "followed already, by the run Run" in view.problem_detail
    world.onboarding.cancel(again, actor="tester")
    world.settle()
    assert world.view(again).state is RunState.CANCELLED
    assert world.asked("start_upload") == 1


def test_a_folder_alone_is_enough_to_go_on(world: World) -> None:
    frames = {f"objectUrl_{n}": f"gs://bucket/f{n}.jpg" for n in range(2)}
    manifest = world.manifest(
        {
            "images": [{"objectUrl": "gs://bucket/a.jpg", "title": "A"}],
            "image_groups": [{"title": "G", "createVideo": False, **frames}],
        }
    )
    lost = world.submit(manifest)
    world.settle()
    folder = world.encord.get_folder(world.view(lost).folder_uuid or "")
    rescued = world.onboarding.rescue(
        folder, connection="connection", account="SHA256:test", nonce="x", actor="tester"
    )
    world.settle()
    view = world.view(rescued)
    assert (view.state, view.counts.already_there, view.counts.entries) == (
        RunState.COMPLETE,
        2,
        2,
    )
    rows = world.ledger.outcomes(rescued).rows
    assert {(row.type, row.title, row.url_count) for row in rows} == {
        ("image", "A", 1),
        ("image_group", "G", 2),
    }
    details = " ".join(event.detail for event in world.ledger.events(rescued).rows)
    assert "Not recoverable" in details
    assert "0 items without a URL left out, and 0 that the check refuses" in details


def test_a_rescue_says_what_it_had_to_leave_out(world: World) -> None:
    lost = world.submit(world.images(2))
    world.settle()
    folder = world.encord.get_folder(world.view(lost).folder_uuid or "")
    document = world.folder / "by another program.json"
    document.write_text('{"images": [{"objectUrl": "no address"}]}')
    world.encord.start_upload(folder.uuid, BUCKET.id, document, trace="foreign")
    world.encord.advance()
    rescued = world.onboarding.rescue(
        folder, connection="connection", account="SHA256:test", nonce="x", actor="tester"
    )
    world.settle()
    details = " ".join(event.detail for event in world.ledger.events(rescued).rows)
    assert "2 entries found, 0 items without a URL left out, and 1 that the check" in details


def test_two_items_of_one_object_are_rescued_linked_and_proven_as_two(world: World) -> None:
    urls = ["gs://bucket/a.jpg", "gs://bucket/a.mp4", "gs://bucket/a.jpg"]
    folder = world.encord.create_folder("Lost", "")
    document = world.folder / "theirs.json"
    images = [{"objectUrl": url, "title": f"{n}"} for n, url in enumerate(urls)]
    document.write_text(json.dumps({"images": images[::2], "videos": images[1:2]}))
    for _ in range(2):  # everything is there twice
        world.encord.start_upload(folder.uuid, BUCKET.id, document, trace="theirs")
        world.encord.advance()
    rescued = world.onboarding.rescue(
        folder, connection="connection", account="SHA256:test", nonce="x", actor="tester"
    )
    world.settle()
    items = {item.uuid: item.name for page in world.encord.list_items(folder.uuid) for item in page}
    rows = world.ledger.outcomes(rescued).rows
    assert {row.item_uuid: row.title for row in rows} == items
    assert len(items) == 6
    choice = DatasetChoice(title="All")
    assert world.onboarding.link(rescued, choice, nonce="one", actor="tester")
    world.settle()
    receipt = world.ledger.receipts(run=rescued)[0]
    assert (receipt.counts["matched"], receipt.proven) == (6, True)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_run_whose_folder_is_gone_can_be_ended_and_guesses_nothing(
    world: World, looks: int
) -> None:
    world.encord.rate = 0
    run = world.submit(world.images(3), dataset="Unwanted")
    step_until(world, "job_status", 1)
    if looks > 1:  # the job has ended, and the folder is to be listed
        world.encord.advance()
        step_until(world, "job_status", looks)
    world.encord.delete_folder(world.view(run).folder_uuid or "")
    world.settle()
    assert world.view(run).problem is Problem.FOLDER_GONE
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    view = world.view(run)
    assert (view.state, view.counts.unknown, view.counts.pending) == (RunState.CANCELLED, 3, 0)
    assert world.ledger.outcomes(run).rows[0].message.startswith("Encord showed this account no")
    assert world.encord.list_datasets() == []
    with world.ledger.reading() as cx:
        assert not list(contradictions(cx))


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_nothing_is_sent_once_somebody_stopped_it_while_groups_were_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    frames = {f"objectUrl_{n}": f"gs://bucket/f{n}.jpg" for n in range(3)}
    group = {"title": "Scene", "createVideo": False, **frames}
    run = world.submit(world.manifest({"image_groups": [group]}))
    read = MemoryGateway.list_items

    def stopping(encord: MemoryGateway, folder: str, **how: Any) -> Iterator[list[Item]]:
        getattr(world.onboarding, command)(run, actor="tester")
        return read(encord, folder, **how)

    monkeypatch.setattr(MemoryGateway, "list_items", stopping)
    world.settle()
    assert world.asked("start_upload") == 0
    stopped = {"pause": RunState.PAUSED, "cancel": RunState.CANCELLED}
    assert world.view(run).state is stopped[command]
    if command == "pause":
        monkeypatch.undo()
        world.onboarding.resume(run, actor="tester")
        world.settle()
        assert world.view(run).counts.registered == 1


def test_no_lease_runs_out_while_the_frames_of_many_groups_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    read = MemoryGateway.frame_urls

    def slowly(encord: MemoryGateway, item: str) -> tuple[str, ...]:
        world.clock.seconds += 1
        taken.append(world.claim())
        return read(encord, item)

    groups = world.pace.lease + 10
    manifest = world.manifest(
        {
            "image_groups": [
                {"title": f"{n}", "createVideo": False, "objectUrl_0": f"gs://bucket/{n}.jpg"}
                for n in range(int(groups))
            ]
        }
    )
    monkeypatch.setattr(MemoryGateway, "frame_urls", slowly)
    run = world.submit(manifest, chunk=100)
    world.settle()
    assert world.view(run).counts.registered == groups
    folder = world.encord.get_folder(world.view(run).folder_uuid or "")
    rescued = world.onboarding.rescue(
        folder, connection="connection", account="SHA256:test", nonce="x", actor="tester"
    )
    world.settle()
    assert world.view(rescued).counts.already_there == groups
    assert len(taken) >= 2 * groups
    assert set(taken) == {None}, "another worker took work that was being done"


def test_many_jobs_of_one_account_stay_within_its_budget(world: World) -> None:
    world.encord.rate = 0
    world.submit(world.images(30), chunk=1)
    step_until(world, "job_status", 30)
    start, looked = world.clock.seconds, world.asked("job_status")
    while world.clock.seconds < start + 20:
        if not world.step():
            world.clock.seconds += world.ledger.seconds_to_next(KINDS) or 0.1
    pace = (world.asked("job_status") - looked) / (world.clock.seconds - start)
    assert pace <= world.pace.polls_per_second * 1.25


def test_progress_is_kept_for_plot_and_estimate(world: World) -> None:
    world.encord.rate = 0
    run = world.submit(world.images(100), chunk=100)
    step_until(world, "start_upload", 1)
    assert world.ledger.remaining(run) is None
    for _ in range(8):
        world.encord.advance(units=10)
        world.clock.seconds += 30
        world.step()
    points = world.ledger.progress(run)
    assert [point.settled for point in points] == sorted(point.settled for point in points)
    assert points[-1].settled == 80


def test_a_folder_deleted_meanwhile_needs_attention(world: World) -> None:
    world.encord.rate = 0
    run = world.submit(world.images(3))
    step_until(world, "start_upload", 1)
    folder = world.view(run).folder_uuid or ""
    world.encord.delete_folder(folder)
    world.settle()
    assert world.view(run).problem is Problem.FOLDER_GONE
    assert f"no folder {folder} that this account may see" in world.view(run).problem_detail


def test_kinds_are_all_known_to_the_engine() -> None:
    from services.engine.advance import STEPS

    assert set(STEPS) == set(WorkKind)
