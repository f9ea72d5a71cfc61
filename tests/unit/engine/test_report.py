"""A completion report accounts for every URL of a run, whatever became of it."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from services.domain.outcomes import Outcome
from services.engine import report
from services.engine.report import Reports, Written
from services.engine.report_rows import NO_OUTCOME, ReportRow
from services.ledger import outcomes
from services.ledger.outcomes import Place
from services.ledger.tables import OUTCOME, RUN
from services.manifests.csv_values import unneutralized
from tests.unit.engine.world import OPTIONS, World

MISSING = "No such object: bucket/1.jpg"
DECIDED = [outcome for outcome in Outcome if outcome is not Outcome.PENDING]
FRAMES = {f"objectUrl_{n}": f"gs://bucket/f{n}.jpg" for n in range(3)}
MIXED = {
    "images": [{"objectUrl": f"gs://bucket/{n}.jpg", "title": f"image {n}"} for n in range(12)],
    "image_groups": [{"title": "=cmd()", "createVideo": False, **FRAMES}],
}


@pytest.fixture
def reports(world: World) -> Reports:
    return Reports(world.ledger, world.manifests)


def head_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def are_vouched_for(written: Written) -> bool:
    """Whether the rows are what the head beside them says."""
    said = {
        each["name"]: (each["bytes"], each["sha256"]) for each in head_of(written.head)["files"]
    }
    files = {path.name: path.read_bytes() for path in (written.csv, written.jsonl)}
    return said == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    }


def test_every_url_of_a_complete_run_has_a_row(world: World, reports: Reports) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.manifest(MIXED))
    world.settle()
    rows = list(reports.rows(run))
    assert [row.url for row in rows] == [
        *(f"gs://bucket/{n}.jpg" for n in range(12)),
        *FRAMES.values(),
    ]
    failed = rows[1]
    assert (failed.outcome, failed.cause) == ("failed", "object-missing")
    assert (failed.message, failed.item) == (MISSING, None)
    assert [(row.entry, row.position) for row in rows[-3:]] == [(12, 0), (12, 1), (12, 2)]
    assert all(row.job and row.item for row in rows if row.outcome == "registered")
    assert len({row.job for row in rows}) == world.asked("start_upload")


def test_the_head_adds_up_and_vouches_for_the_files(
    world: World, reports: Reports, tmp_path: Path
) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.manifest(MIXED))
    world.settle()
    written = reports.write(run, tmp_path / "reports")
    head = head_of(written.head)
    assert (head["entries"]["total"], head["urls"]["total"]) == (13, 15)
    assert (head["entries"]["registered"], head["urls"]["registered"]) == (12, 14)
    assert head["causes"] == {"object-missing": 1}
    assert (head["run"]["id"], head["run"]["state"]) == (run, "complete")
    assert are_vouched_for(written)
    assert [record["rows"] for record in head["files"]] == [15, 15]
    assert written.csv.read_bytes() == b"".join(reports.csv(run))
    assert written.jsonl.read_bytes() == b"".join(reports.jsonl(run))


def test_two_commands_may_write_one_report_at_once(
    world: World, reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.submit(world.manifest(MIXED))
    world.settle()
    batches, done = report._batches, []

    def meanwhile(rows: Iterator[ReportRow]) -> Iterator[list[ReportRow]]:
        monkeypatch.undo()
        done.append(reports.write(run, tmp_path / "reports"))
        return batches(rows)

    monkeypatch.setattr(report, "_batches", meanwhile)
    written = reports.write(run, tmp_path / "reports")
    assert done == [written]
    assert are_vouched_for(written)
    assert {*written.head.parent.iterdir()} == {written.head, written.csv, written.jsonl}
    assert sorted(path.name for path in written.head.parent.iterdir()) == sorted(
        path.name for path in (written.head, written.csv, written.jsonl)
    )


def test_no_cell_is_a_formula_and_every_cell_is_quoted(world: World, reports: Reports) -> None:
    world.encord.broken["gs://bucket/f0.jpg"] = '=HYPERLINK("https://evil.example")\r\n@x'
    run = world.submit(world.manifest(MIXED))
    world.settle()
    data = b"".join(reports.csv(run))
    assert data.startswith(b"\xef\xbb\xbf")
    assert b',"' in data
    assert b'"\'=cmd()"' in data
    cells = [cell for row in read_csv(data) for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    originals = [row.message for row in reports.rows(run)]
    assert [unneutralized(row["message"]) for row in read_csv(data)] == originals


def test_a_cancelled_run_has_its_report(world: World, reports: Reports, tmp_path: Path) -> None:
    world.encord.rate = 0
    run = world.submit(world.images(10), chunk=5)
    for _ in range(4):
        world.step()
    world.encord.advance(2)
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    head = head_of(reports.write(run, tmp_path).head)
    counts = head["entries"]
    assert head["run"]["state"] == "cancelled"
    assert counts["total"] == sum(counts[outcome.value] for outcome in Outcome) == 10
    assert counts["registered"] > 0
    assert counts["cancelled"] > 0


def test_a_run_cancelled_before_anything_was_sent_too(world: World, reports: Reports) -> None:
    run = world.submit(world.images(3))
    world.onboarding.cancel(run, actor="tester")
    world.settle()
    assert Counter(row.outcome for row in reports.rows(run)) == {"cancelled": 3}


def test_before_the_end_entries_are_pending(world: World, reports: Reports) -> None:
    run = world.submit(world.images(3))
    assert {(row.outcome, row.message) for row in reports.rows(run)} == {("pending", "")}


def test_an_entry_the_ledger_lost_is_unknown(world: World, reports: Reports) -> None:
    run = world.submit(world.images(3))
    world.settle()
    with world.ledger.transaction() as cx:
        cx.execute(delete(OUTCOME).where(OUTCOME.c.run == run, OUTCOME.c.entry == 1))
    row = list(reports.rows(run))[1]
    assert (row.outcome, row.message) == ("unknown", NO_OUTCOME)


def test_a_report_of_a_run_stays_and_one_of_the_family_learns(
    world: World, reports: Reports, tmp_path: Path
) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = MISSING
    run = world.submit(world.images(3))
    world.settle()
    before = list(reports.rows(run))
    world.encord.broken.clear()
    retry = world.onboarding.retry(run, nonce="r", actor="tester")
    world.settle()
    assert list(reports.rows(run)) == before
    assert {row.outcome for row in reports.rows(run, after_retries=True)} == {"registered"}
    assert [row.entry for row in reports.rows(retry)] == [1]
    assert reports.resubmittable(run, tmp_path / "again.json") == 0
    assert not (tmp_path / "again.json").exists()
    assert reports.resubmittable(run, tmp_path / "again.json", after_retries=False) == 1


def test_what_did_not_arrive_is_a_manifest_again(
    world: World, reports: Reports, tmp_path: Path
) -> None:
    broken = ["gs://bucket/1.jpg", "gs://bucket/7.jpg", "gs://bucket/f2.jpg"]
    world.encord.broken.update(dict.fromkeys(broken, MISSING))
    run = world.submit(world.manifest(MIXED))
    world.settle()
    target = tmp_path / "again.json"
    assert reports.resubmittable(run, target) == 3
    with target.open("rb") as stream:
        again = world.manifests.add("again.json", stream)
    checked = world.manifests.check(again, OPTIONS)
    assert (checked.summary.valid_entries, checked.summary.held_entries) == (3, 0)
    assert checked.summary.counts == {}
    failed = {row.url for row in reports.rows(run) if row.outcome == "failed"}
    assert {url for entry in checked.read(checked.valid_indexes()) for url in entry.urls} == failed
    titles = [entry.title for entry in checked.read(checked.valid_indexes())]
    assert titles == ["image 1", "image 7", "=cmd()"]


class Decided:
    """A run whose outcomes a test writes itself."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.reports = Reports(self.world.ledger, self.world.manifests)
        manifest = self.world.manifest(MIXED)
        self.run = self.world.submit(manifest)
        checked = self.world.manifests.check(manifest, OPTIONS)
        self.entries = list(checked.read(checked.valid_indexes()))

    def decide(self, decided: list[Outcome | None]) -> None:
        place = Place(run=self.run, root=self.run, generation=0)
        rows = [
            outcomes.outcome_row(place, entry, outcome)
            for entry, outcome in zip(self.entries, decided, strict=True)
            if outcome
        ]
        with self.world.ledger.transaction() as cx:
            cx.execute(update(RUN).where(RUN.c.id == self.run).values(state="complete"))
            cx.execute(delete(OUTCOME))
            outcomes.save(cx, rows)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decided]:
    made = Decided(tmp_path_factory.mktemp("world"))
    yield made
    made.world.ledger.engine.dispose()


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=st.lists(st.sampled_from([*DECIDED, None]), min_size=13, max_size=13))
def test_done_failed_cancelled_and_unknown_are_what_was_submitted(
    decided: Decided, tmp_path: Path, fates: list[Outcome | None]
) -> None:
    decided.decide(fates)
    rows = list(decided.reports.rows(decided.run))
    assert [(row.entry, row.position, row.url) for row in rows] == [
        (entry.index, position, url)
        for entry in decided.entries
        for position, url in enumerate(entry.urls)
    ]
    sets = {outcome: entries_of(rows, outcome) for outcome in Outcome}
    assert sets[Outcome.PENDING] == set()
    assert sum(len(entries) for entries in sets.values()) == len(decided.entries)
    assert set().union(*sets.values()) == {entry.index for entry in decided.entries}
    for index, fate in enumerate(fates):
        assert index in sets[fate or Outcome.UNKNOWN]
    head = head_of(decided.reports.write(decided.run, tmp_path / "report").head)
    assert head["entries"] == {"total": 13} | {o.value: len(sets[o]) for o in Outcome}
    assert head["urls"]["total"] == len(rows)
    again = decided.reports.resubmittable(decided.run, tmp_path / "again.json")
    arrived = sum(outcome is not None and outcome.arrived for outcome in fates)
    assert again == len(decided.entries) - arrived


def entries_of(rows: list[ReportRow], outcome: Outcome) -> set[int]:
    return {row.entry for row in rows if row.outcome == outcome}
