"""What becomes of an entry is decided by what Encord said of its own job, and of no other."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from services.domain.outcomes import Outcome
from services.encord_api.errors import Unclear
from services.encord_api.interface import Item, JobState, JobStatus
from tests.contract.memory import Fault, MemoryGateway, _Job
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


def test_what_an_unanswered_upload_brought_is_newly_registered(world: World) -> None:
    world.encord.broken["gs://bucket/1.jpg"] = "404: no such object"
    world.encord.script("start_upload", Fault(Unclear("starting the upload"), after=True))
    run = world.submit(world.images(3))
    world.settle()
    counts = world.view(run).counts
    assert (counts.registered, counts.already_there, counts.failed) == (2, 0, 1)
