"""Every way a run can end has a report: one row a URL, counts that add up, a way to try again."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from services.domain.outcomes import Outcome
from services.domain.runs import FolderChoice, RunState
from services.engine.report import Reports
from tests.unit.engine.world import OPTIONS, World

MISSING = "404: no such object"
FRAMES = {f"objectUrl_{n}": f"gs://bucket/f{n}.jpg" for n in range(3)}
MIXED = {
    "images": [{"objectUrl": f"gs://bucket/{n}.jpg", "title": f"image {n}"} for n in range(9)],
    "image_groups": [{"title": "group", "createVideo": False, **FRAMES}],
}
URLS = [*(f"gs://bucket/{n}.jpg" for n in range(9)), *FRAMES.values()]
ENTRIES = 10


def complete(world: World) -> str:
    run = world.submit(world.manifest(MIXED))
    world.settle()
    return run


def complete_with_failures(world: World) -> str:
    world.encord.broken.update({"gs://bucket/1.jpg": MISSING, "gs://bucket/f2.jpg": MISSING})
    return complete(world)


def already_there(world: World) -> str:
    folder = FolderChoice(uuid=world.view(complete(world)).folder_uuid)
    run = world.submit(world.manifest(MIXED), nonce="again", folder=folder)
    world.settle()
    return run


def cancelled_half_way(world: World) -> str:
    world.encord.rate = 0
    run = world.submit(world.manifest(MIXED))
    while world.asked("start_upload") < 2:
        world.step()
    world.encord.advance(2)
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    return run


def cancelled_at_once(world: World) -> str:
    run = world.submit(world.manifest(MIXED))
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    return run


def cancelled_while_it_needed_somebody(world: World) -> str:
    world.encord.key_accepted = False
    run = world.submit(world.manifest(MIXED))
    world.settle()
    assert world.view(run).state is RunState.NEEDS_ATTENTION
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    return run


def failed(world: World) -> str:
    world.encord.broken.update(dict.fromkeys(URLS, MISSING))
    return complete(world)


Ending = tuple[Callable[[World], str], RunState, dict[Outcome, int]]
#: How a run gets there, the state it ends in, and its entries by outcome.
ENDINGS: list[Ending] = [
    (complete, RunState.COMPLETE, {Outcome.REGISTERED: 10}),
    (complete_with_failures, RunState.COMPLETE, {Outcome.REGISTERED: 8, Outcome.FAILED: 2}),
    (already_there, RunState.COMPLETE, {Outcome.ALREADY_THERE: 10}),
    (cancelled_half_way, RunState.CANCELLED, {Outcome.REGISTERED: 4, Outcome.CANCELLED: 6}),
    (cancelled_at_once, RunState.CANCELLED, {Outcome.CANCELLED: 10}),
    (cancelled_while_it_needed_somebody, RunState.CANCELLED, {Outcome.CANCELLED: 10}),
    (failed, RunState.FAILED, {Outcome.FAILED: 10}),
]


@pytest.fixture(params=ENDINGS, ids=lambda ending: ending[0].__name__)
def ending(request: pytest.FixtureRequest) -> Ending:
    found: Ending = request.param
    return found


def test_every_end_is_reached_by_some_run() -> None:
    assert {state for _, state, _ in ENDINGS} == {state for state in RunState if state.is_final}


def test_the_report_of_an_ended_run_accounts_for_every_url(
    world: World, tmp_path: Path, ending: Ending
) -> None:
    end, state, expected = ending
    run = end(world)
    assert world.view(run).state is state
    written = Reports(world.ledger, world.manifests).write(run, tmp_path / "report")
    head = json.loads(written.head.read_text())
    table = written.csv.read_bytes().decode("utf-8-sig")
    as_csv = list(csv.DictReader(io.StringIO(table, newline="")))
    as_json = [json.loads(line) for line in written.jsonl.read_text().splitlines()]

    assert [row["url"] for row in as_json] == [row["url"] for row in as_csv] == URLS
    assert [row["outcome"] for row in as_json] == [row["outcome"] for row in as_csv]
    outcomes = {row["entry"]: row["outcome"] for row in as_json}
    assert Counter(outcomes.values()) == {one.value: many for one, many in expected.items()}

    assert head["run"]["state"] == state
    assert head["entries"] == by_outcome(outcomes.values())
    assert head["urls"] == by_outcome(row["outcome"] for row in as_json)
    assert sum(head["causes"].values()) == expected.get(Outcome.FAILED, 0)
    for record, path in zip(head["files"], [written.csv, written.jsonl], strict=True):
        assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert record["rows"] == len(URLS)


def by_outcome(found: object) -> dict[str, int]:
    counted = Counter(found)  # type: ignore[call-overload]
    return {"total": counted.total(), **{one.value: counted[one.value] for one in Outcome}}


def test_what_did_not_arrive_can_be_submitted_again(
    world: World, tmp_path: Path, ending: Ending
) -> None:
    end, _, expected = ending
    run = end(world)
    arrived = sum(many for outcome, many in expected.items() if outcome.arrived)
    target = tmp_path / "again.json"
    reports = Reports(world.ledger, world.manifests)
    left = {row.url for row in reports.rows(run) if not Outcome(row.outcome).arrived}
    assert reports.resubmittable(run, target) == ENTRIES - arrived
    assert target.exists() == bool(left)
    if not left:
        return
    with target.open("rb") as stream:
        again = world.manifests.add("again.json", stream)
    checked = world.manifests.check(again, OPTIONS)
    assert {url for entry in checked.read(checked.valid_indexes()) for url in entry.urls} == left

    world.encord.broken.clear()
    world.encord.key_accepted, world.encord.rate = True, None
    folder = FolderChoice(uuid=world.view(run).folder_uuid, name="Folder")
    second = world.submit(again, nonce="second", folder=folder)
    world.settle()
    assert world.view(second).state is RunState.COMPLETE
    assert world.view(second).counts.arrived == ENTRIES - arrived
