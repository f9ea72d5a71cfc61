"""What the runs of one family share is true, however many of them write at once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from services.domain.outcomes import Outcome
from services.ledger import buckets, outcomes, tally
from services.ledger.buckets import BucketRecords
from services.ledger.state import refresh
from services.ledger.store import Ledger
from services.ledger.tables import OUTCOME, RUN
from tests.contract.memory import BUCKET
from tests.unit.engine.world import World

QUIET = "22222222-2222-4222-8222-222222222222"
CAUSES = {"object-missing": "404: no such object", "object-forbidden": "403: permission denied"}


@pytest.fixture
def world(ledger: Ledger, tmp_path: Path) -> Iterator[World]:
    url = ledger.engine.url.render_as_string(hide_password=False)
    made = World(tmp_path / "world", database_url=url)
    yield made
    made.ledger.engine.dispose()


def arrive(cx: Connection, run: str) -> None:
    """Let everything of a run arrive, as matching it does."""
    rows: list[dict[str, Any]] = [
        dict(row) for row in cx.execute(select(OUTCOME).where(OUTCOME.c.run == run)).mappings()
    ]
    for row in rows:
        del row["superseded"]
        row |= {"rank": Outcome.REGISTERED.rank, "cause": None, "message": ""}
    outcomes.save(cx, rows)


def test_two_retries_matched_at_once_leave_counts_of_both(world: World) -> None:
    for number, message in zip((0, 299), CAUSES.values(), strict=True):  # in two blocks of words
        world.encord.broken[f"gs://bucket/{number}.jpg"] = message
    run = world.submit(world.images(300), chunk=300)
    world.settle()
    one, other = (
        world.onboarding.retry(run, cause=cause, nonce=cause, actor="tester") for cause in CAUSES
    )
    world.settle()
    with world.ledger.transaction() as cx:
        tally.forget(cx, one, run)
    begun = threading.Event()

    def finish(retry: str) -> None:
        begun.set()
        with world.ledger.transaction() as cx:
            arrive(cx, retry)
            refresh(cx, retry)

    second = threading.Thread(target=finish, args=(other,))
    with world.ledger.transaction() as cx:
        arrive(cx, one)
        second.start()
        begun.wait()
        second.join(1.0)  # either it waits for this transaction, or it is over by then
        refresh(cx, one)
    second.join()
    assert world.view(run).still_failed == 0
    with world.ledger.reading() as cx:
        counted = tally.by_outcome(tally.kinds_of(cx, run, family=True))
    assert counted[Outcome.REGISTERED] == 300


def test_an_integration_that_others_outran_stays_proven(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_OFFERED", 2)
    first = world.submit(world.images(1), nonce="first")
    with world.ledger.transaction() as cx:
        cx.execute(RUN.update().where(RUN.c.id == first).values(integration=QUIET))
    world.encord._integrations[QUIET] = BUCKET
    for number in range(3):
        world.submit(world.images(1), nonce=str(number))
    world.settle()
    proven = {each.integration for each in BucketRecords(world.ledger).proofs("connection")}
    assert proven == {QUIET, BUCKET.id}
