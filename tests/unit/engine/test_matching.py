"""What becomes of an entry is decided by what Encord said of its own job, and of no other."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from services.domain.outcomes import Outcome
from services.domain.runs import DatasetChoice, FolderChoice, RunOptions
from services.encord_api.errors import Unclear
from services.encord_api.interface import DataRow, Item, JobState, JobStatus
from services.engine.matching import PERHAPS_NEW
from services.ledger.buckets import BucketRecords
from tests.contract.memory import BUCKET, Fault, MemoryGateway, _Job
from tests.unit.engine.world import World

REFUSED = "The integration may not read this bucket."
LATE = "gs://bucket/0.jpg"


class Troubled(MemoryGateway):
    """Encord that fails the job of one image as a whole, and lists another image late."""

    def __init__(self, *, doomed: str) -> None:
        super().__init__()
        self.doomed = doomed
        self.lag = 1
        self.failed: list[_Job] = []

    def job_status(self, folder: str, job: str) -> JobStatus:
        status = super().job_status(folder, job)
        if self._jobs[job] in self.failed:
            return replace(status, state=JobState.ERROR, errors=(REFUSED,))
        return status

    def list_items(
        self,
        folder: str,
        *,
        newest_first: bool = False,
        metadata: bool = False,
        in_dataset: bool | None = None,
    ) -> Iterator[list[Item]]:
        asked = {"newest_first": newest_first, "metadata": metadata, "in_dataset": in_dataset}
        lags, self.lag = self.lag > 0, self.lag - 1
        for page in super().list_items(folder, **asked):  # type: ignore[arg-type]
            yield [item for item in page if not (lags and item.url == LATE)]

    def _work(self, job: _Job, units: int | None) -> None:
        if any(self.doomed in unit.urls for unit in job.pending):
            job.pending.clear()
            self.failed.append(job)
        super()._work(job, units)


def test_a_job_that_failed_says_nothing_of_another_jobs_late_entries(tmp_path: Path) -> None:
    world = World(tmp_path, encord=Troubled(doomed="gs://bucket/5.jpg"))
    run = world.submit(world.images(8), chunk=4)
    world.settle()
    counts = world.view(run).counts
    assert (counts.registered, counts.failed, counts.unknown) == (4, 4, 0)
    failed = world.ledger.outcomes(run, outcome=Outcome.FAILED).rows
    assert {row.entry for row in failed} == {4, 5, 6, 7}
    assert {row.message for row in failed} == {REFUSED}


def test_waits_for_encord_leave_a_late_listing_its_chances(tmp_path: Path) -> None:
    """Of the items and, with one linked later, of the dataset's rows: each is looked at again."""
    world = World(tmp_path, encord=Troubled(doomed=""))
    away = [Fault(Unclear("listing")) for _ in range(3)]
    world.encord.script("list_items", *away)
    world.encord.script("list_rows", *away)
    listed, lags = MemoryGateway.list_rows, iter((True,))

    def rows(dataset: str, *, metadata: bool = False) -> list[DataRow]:
        found = listed(world.encord, dataset, metadata=metadata)
        return found[1:] if next(lags, False) else found

    world.encord.list_rows = rows  # type: ignore[method-assign]
    run = world.submit(world.images(3), dataset="Street")
    world.settle()
    assert world.view(run).counts.registered == 3
    assert world.ledger.receipts(run=run)[0].proven


def test_what_an_unanswered_upload_brought_is_newly_registered(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = "404: no such object"
    world.encord.script("start_upload", Fault(Unclear("starting the upload"), after=True))
    run = world.submit(world.images(3))
    world.settle()
    counts = world.view(run).counts
    assert (counts.registered, counts.already_there, counts.failed) == (2, 0, 1)


def test_what_was_perhaps_there_before_an_unanswered_upload_proves_nothing(world: World) -> None:
    manifest, folder = world.images(3), world.encord.create_folder("Theirs", "")
    document = world.folder / "theirs.json"
    document.write_text(json.dumps({"images": [{"objectUrl": LATE}]}))
    world.encord.start_upload(folder.uuid, BUCKET.id, document, trace="theirs")
    world.encord.advance()
    world.encord.script("start_upload", Fault(Unclear("starting the upload"), after=True))
    run = world.submit(manifest, folder=FolderChoice(uuid=folder.uuid))
    world.settle()
    counts = world.view(run).counts
    assert (counts.arrived, counts.registered) == (3, 0)
    assert {row.message for row in world.ledger.outcomes(run).rows} == {PERHAPS_NEW}
    assert BucketRecords(world.ledger).proofs("connection") == []


def test_a_job_that_somebody_else_started_proves_no_integration(world: World) -> None:
    folder = world.encord.create_folder("Theirs", "")
    document = world.folder / "theirs.json"
    document.write_text(json.dumps({"images": [{"objectUrl": LATE}]}))
    job = world.encord.start_upload(folder.uuid, BUCKET.id, document, trace="theirs")
    chosen = FolderChoice(uuid=folder.uuid)
    run = world.submit(world.images(1), folder=chosen, adopted_job=job)
    world.settle()
    assert world.view(run).counts.registered == 1
    assert BucketRecords(world.ledger).proofs("connection") == []


def test_entries_of_one_object_have_an_item_each_as_far_as_there_are_so_many(world: World) -> None:
    urls = ["gs://bucket/0.jpg", "gs://bucket/1.jpg"] * 2
    manifest = world.manifest({"images": [{"objectUrl": url} for url in urls]})
    for skips, items in ((True, 2), (False, 4)):
        options = RunOptions(skip_duplicate_urls=skips)
        run = world.submit(manifest, nonce=f"{skips}", dataset=f"{skips}", options=options)
        world.settle()
        assert world.view(run).counts.registered == 4
        assert len({row.item_uuid for row in world.ledger.outcomes(run).rows}) == items
        receipt = world.ledger.receipts(run=run)[0]
        assert (receipt.matched, receipt.proven) == (4, True)


def test_of_two_kept_duplicates_one_may_fail(world: World) -> None:
    manifest = world.manifest({"images": [{"objectUrl": LATE}] * 2})
    kept = RunOptions(skip_duplicate_urls=False)
    run = world.submit(manifest, dataset="Kept", options=kept)
    while world.step():
        pass
    world.encord.advance(1)
    world.encord.broken[LATE] = "404: no such object"
    world.settle()
    counts = world.view(run).counts
    assert (counts.registered, counts.failed) == (1, 1)
    receipt = world.ledger.receipts(run=run)[0]
    assert (receipt.matched, receipt.counts["missing"], receipt.proven) == (1, 1, False)
    world.encord.broken.clear()
    world.onboarding.retry(run, nonce="again", actor="tester")
    world.settle()
    world.onboarding.link(run, DatasetChoice(title="Kept"), nonce="again", actor="tester")
    world.settle()
    receipt = world.ledger.receipts(run=run)[0]
    assert (receipt.matched, receipt.proven) == (2, True)
