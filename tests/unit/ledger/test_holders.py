"""A run whose key no worker holds says so, and goes on when one does."""

from pathlib import Path

from services.domain.runs import Problem, RunState, WorkKind
from services.engine.procrastinate_worker import ProcrastinateWorker
from services.ledger import holders, runs
from services.ledger.store import Ledger
from services.ledger.views import RunView
from tests.unit.engine.world import World
from tests.unit.ledger.test_ledger import create

KINDS = tuple(WorkKind)


def waited(ledger: Ledger, run: str, *, seconds: float, holding: list[str]) -> RunView:
    """Let a worker note its keys and look, some seconds after the run was submitted."""
    with ledger.transaction() as cx:
        now = ledger.clock.now(cx) + seconds
        holders.note(cx, "worker", holding, now=now, until=now + 30)
        holders.block_unheld(cx, now=now, grace=30)
    view = ledger.run(run)
    assert view is not None
    return view


def submitted(ledger: Ledger) -> str:
    with ledger.transaction() as cx:
        run = create(cx)
        runs.unpause(cx, run)
        now = ledger.clock.now(cx)
        cx.exec_driver_sql(f"UPDATE work SET next_at = {now} WHERE state = 'open'")
    return run


def test_a_key_that_nobody_holds_is_named_with_what_to_do(ledger: Ledger) -> None:
    run = submitted(ledger)
    assert waited(ledger, run, seconds=29, holding=[]).state is RunState.QUEUED
    view = waited(ledger, run, seconds=31, holding=["another connection"])
    assert (view.state, view.problem) == (RunState.NEEDS_ATTENTION, Problem.RECONNECT)
    assert "No worker holds the key SHA256:test" in view.problem_detail
    assert "ENCORD_SSH_KEY_FILE" in view.problem_detail
    with ledger.transaction() as cx:  # as the worker does whose key has arrived
        assert runs.unblock(cx, connection="connection") == [run]
    assert waited(ledger, run, seconds=60, holding=["connection"]).state is RunState.QUEUED
    assert ledger.claim("worker", 30, KINDS)


def test_another_workers_key_counts_until_its_note_runs_out(ledger: Ledger) -> None:
    run = submitted(ledger)
    with ledger.transaction() as cx:
        now = ledger.clock.now(cx)
        holders.note(cx, "other", ["connection"], now=now, until=now + 50)
    assert waited(ledger, run, seconds=45, holding=[]).state is RunState.QUEUED
    assert waited(ledger, run, seconds=55, holding=[]).state is RunState.NEEDS_ATTENTION


def test_a_run_that_waits_for_a_key_goes_on_with_whoever_has_it(ledger: Ledger) -> None:
    run = submitted(ledger)
    assert waited(ledger, run, seconds=31, holding=[]).problem is Problem.RECONNECT
    view = waited(ledger, run, seconds=60, holding=["another connection"])
    assert view.problem is Problem.RECONNECT
    view = waited(ledger, run, seconds=90, holding=["another connection", "connection"])
    assert (view.state, view.problem) == (RunState.QUEUED, None)
    assert "needs attention to queued" in [event.detail for event in ledger.events(run).rows]
    assert ledger.claim("worker", 30, (WorkKind.PLAN,))


def test_a_key_that_encord_refused_is_not_tried_again_by_itself(ledger: Ledger) -> None:
    run = submitted(ledger)
    claim = ledger.claim("worker", 30, KINDS)
    assert claim
    with ledger.fenced(claim) as cx:
        runs.block(cx, claim.work, Problem.NOT_AUTHENTICATED, "Refused.")
    view = waited(ledger, run, seconds=60, holding=["connection"])
    assert view.problem is Problem.NOT_AUTHENTICATED


def test_a_key_that_arrives_does_not_end_a_pause(ledger: Ledger) -> None:
    run = submitted(ledger)
    waited(ledger, run, seconds=31, holding=[])
    with ledger.transaction() as cx:
        runs.pause(cx, run)
    view = waited(ledger, run, seconds=60, holding=["connection"])
    assert (view.state, view.paused) == (RunState.PAUSED, True)
    assert ledger.claim("worker", 30, (WorkKind.PLAN,)) is None
    with ledger.transaction() as cx:
        runs.unpause(cx, run)
    assert ledger.claim("worker", 30, (WorkKind.PLAN,))


def test_a_key_counts_from_the_moment_it_arrives(tmp_path: Path) -> None:
    world = World(tmp_path)
    held: list[str] = []
    worker = ProcrastinateWorker(world.tools, "postgresql://", slots=1, connections=lambda: held)
    held.append("connection")
    worker.ring()
    run = world.submit(world.images(1))
    assert waited(world.ledger, run, seconds=1, holding=[]).state is RunState.QUEUED
