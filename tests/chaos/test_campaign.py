"""Hundreds of kills on every run of the suite: nothing lost, nothing twice, nothing unknown."""

import os
from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign, Report
from tests.postgres import cluster

pytestmark = pytest.mark.usefixtures("main_of_nobody")

#: On each of the two databases; `make chaos` has more, and CHAOS_KILLS.
KILLS = int(os.environ.get("CHAOS_KILLS", "250"))
#: Steps of the protocol that a campaign goes on until it has hit; the report names the others.
STEPS = {
    "after claim",
    "before commit of chunk",
    "after commit of chunk",
    "before start_upload",
    "after start_upload",
    "any moment",
}

#: A minute here; a machine that is slow or has all hands full may take ten times as long.
PATIENCE = 1800


def judge(report: Report) -> None:
    print(report)  # noqa: T201 - the figures are the point
    assert report.killed >= KILLS
    assert (report.lost, report.duplicated, report.untracked) == (0, 0, 0), report
    assert report.findings == ()
    assert not report.surprises, report
    assert report.freezes
    assert report.faults
    assert set(report.kills) >= STEPS, "a step of the protocol was never hit"


@pytest.mark.timeout(PATIENCE)
@pytest.mark.chaos
def test_killed_on_sqlite(tmp_path: Path) -> None:
    judge(Campaign(tmp_path, kills=KILLS, steps=STEPS).run())


@pytest.mark.timeout(PATIENCE)
@pytest.mark.chaos
def test_killed_on_postgresql_that_is_killed_too(tmp_path: Path) -> None:
    with cluster() as postgres:
        report = Campaign(tmp_path, kills=KILLS, postgres=postgres, steps=STEPS).run()
    judge(report)
    assert report.backends
    assert report.crashes
