"""The submit protocol: nothing is sent twice that may have arrived, and nothing is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from services.domain.runs import Problem, RunState, WorkKind
from services.encord_api.errors import (
    AlreadyExists,
    EncordError,
    InvalidRequest,
    NotAuthorised,
    NotSent,
    RateLimited,
    Unclear,
)
from services.encord_api.interface import EncordGateway, Folder
from services.engine.advance import advance
from services.ledger.store import Claim, Ledger
from tests.contract.memory import Fault, MemoryGateway
from tests.unit.engine.world import KINDS, World

STARTING = "starting the upload"


class KilledError(BaseException):
    """Stands for kill -9: nothing in the engine catches it."""


def settled(world: World, run: str, arrived: int) -> None:
    world.settle()
    view = world.view(run)
    assert view.state is RunState.COMPLETE
    assert view.counts.arrived == arrived
    folder = view.folder_uuid or ""
    urls = [item.url or "" for page in world.encord.list_items(folder) for item in page]
    assert sorted(urls) == sorted(set(urls)), "an object was registered twice"


def test_an_answer_lost_after_the_job_began_is_adopted(world: World) -> None:
    world.encord.script("start_upload", Fault(Unclear(STARTING), after=True))
    run = world.submit(world.images(3))
    settled(world, run, 3)
    assert world.asked("start_upload") == 1
    assert "adopted" in [event.what for event in world.ledger.events(run).rows]


def test_one_who_comes_too_late_takes_nothing_from_the_next(world: World) -> None:
    """A worker is held up right before it sends, and wakes up while the next one is sending."""
    is_ready, may_go_on, encord = threading.Event(), threading.Event(), world.encord

    def late(connection: str) -> EncordGateway:
        is_ready.set()
        may_go_on.wait()
        return world.gateway(connection)

    run = world.submit(world.images(3))
    while (claim := world.claim()) and claim.kind is not WorkKind.CHUNK:
        advance(world.tools, claim)
    assert claim
    worker = threading.Thread(target=advance, args=(replace(world.tools, gateway=late), claim))
    worker.start()
    is_ready.wait()
    world.clock.seconds += world.pace.lease + 1
    send = encord.start_upload

    def start_upload(folder: str, integration: str, document: Path, *, trace: str) -> str:
        may_go_on.set()
        worker.join()
        return send(folder, integration, document, trace=trace)

    encord.start_upload = start_upload  # type: ignore[method-assign]
    settled(world, run, 3)
    assert world.asked("start_upload") == 1


def test_a_request_that_never_took_effect_is_sent_again_after_two_looks(world: World) -> None:
    world.encord.script("start_upload", Fault(Unclear(STARTING)))
    run = world.submit(world.images(3))
    settled(world, run, 3)
    assert world.asked("start_upload") == 2
    assert "abandoned" in [event.what for event in world.ledger.events(run).rows]


def test_only_the_missing_part_is_sent_again(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = "404: no such object"
    world.encord.script("start_upload", Fault(Unclear(STARTING), after=True))
    run = world.submit(world.images(3))
    settled(world, run, 2)
    assert world.view(run).counts.failed == 1
    assert world.asked("start_upload") == 2


def test_a_connection_that_was_never_made_is_tried_again_at_once(world: World) -> None:
    world.encord.script("start_upload", Fault(NotSent(STARTING)), Fault(NotSent(STARTING)))
    run = world.submit(world.images(3))
    settled(world, run, 3)
    assert world.asked("start_upload") == 3


def test_a_rate_limit_waits_as_long_as_encord_says(world: World) -> None:
    world.encord.script("start_upload", Fault(RateLimited(STARTING, retry_after=120)))
    run = world.submit(world.images(3))
    while world.asked("start_upload") == 0:
        world.step()
    pause = world.ledger.seconds_to_next(KINDS)
    assert pause is not None
    assert 119 <= pause <= 120
    settled(world, run, 3)


def test_a_refused_send_is_nobody_elses_until_it_is_decided(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    ask = MemoryGateway.get_folder

    def meanwhile(encord: MemoryGateway, uuid: str) -> Folder:
        if world.asked("start_upload"):
            taken.append(world.claim())
        return ask(encord, uuid)

    monkeypatch.setattr(MemoryGateway, "get_folder", meanwhile)
    world.encord.script("start_upload", *[Fault(NotAuthorised(STARTING)) for _ in range(3)])
    run = world.submit(world.images(3))
    world.settle()
    assert taken == [None], "another worker took the work before the refusal was understood"
    assert world.view(run).problem is Problem.INTEGRATION_GONE
    assert world.asked("start_upload") == 1


@pytest.mark.parametrize("refusal", [InvalidRequest, AlreadyExists])
def test_a_refused_request_is_not_repeated(world: World, refusal: type[EncordError]) -> None:
    world.encord.script("start_upload", Fault(refusal(STARTING)))
    run = world.submit(world.images(3))
    world.settle()
    assert world.view(run).problem is Problem.REQUEST_REFUSED
    assert world.asked("start_upload") == 1


def test_trouble_while_following_a_job_never_fails_the_run(world: World) -> None:
    trouble = [Fault(Unclear("looking at the job")) for _ in range(6)]
    world.encord.script("job_status", *trouble)
    run = world.submit(world.images(3))
    settled(world, run, 3)
    assert world.asked("start_upload") == 1


@pytest.mark.parametrize("nth", range(16))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_any_commit(
    world: World, monkeypatch: pytest.MonkeyPatch, nth: int, moment: str
) -> None:
    kill_at_commit(monkeypatch, nth, moment)
    run = world.submit(world.images(6), dataset="Street")
    survive(world)
    monkeypatch.undo()
    world.clock.seconds += 1000
    settled(world, run, 6)
    assert world.ledger.receipts(run=run)[0].proven
    assert world.asked("create_folder") == 1
    assert world.asked("create_dataset") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_request_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    original = MemoryGateway.start_upload

    def start(
        self: MemoryGateway, folder: str, integration: str, document: Path, *, trace: str
    ) -> str:
        if moment == "before":
            raise KilledError
        original(self, folder, integration, document, trace=trace)
        raise KilledError

    monkeypatch.setattr(MemoryGateway, "start_upload", start)
    run = world.submit(world.images(3))
    survive(world)
    monkeypatch.undo()
    world.clock.seconds += 1000
    settled(world, run, 3)


def kill_at_commit(monkeypatch: pytest.MonkeyPatch, nth: int, moment: str) -> None:
    """Die right before or right after the nth transaction of the worker is on disk."""
    original = Ledger.fenced
    seen = 0

    @contextmanager
    def dying(self: Ledger, claim: Claim) -> Iterator[Connection]:
        nonlocal seen
        seen += 1
        mine = seen - 1 == nth
        with original(self, claim) as cx:
            yield cx
            if mine and moment == "before":
                raise KilledError
        if mine:
            raise KilledError

    monkeypatch.setattr(Ledger, "fenced", dying)


def survive(world: World) -> None:
    """Work until the kill comes, or until there is nothing left to do."""
    try:
        world.settle()
    except KilledError:
        return
