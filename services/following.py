"""How a command follows a run to its end, and what it says and returns then."""

from typing import Final

from services.bootstrap import Runtime, tools
from services.connecting import refuse, say
from services.domain.runs import RunState, WorkKind
from services.engine.worker import ALL_KINDS, Worker
from services.ledger import runs
from services.ledger.views import RunView

#: Where a run stands still until a person does something, and what that is.
HALTED: Final = {
    RunState.NEEDS_ATTENTION: "It needs attention: {why} When that is put right: {resume}",
    RunState.PAUSED: "It is paused. To go on: {resume}",
}
CANCELLED: Final = "It was cancelled. To begin anew, give the same command with --after={run}"
WITHOUT_NOTICES: Final = tuple(kind for kind in ALL_KINDS if kind is not WorkKind.NOTIFY)
EXIT_PROVEN, EXIT_NOT_PROVEN = 0, 1


def follow(runtime: Runtime, run: str) -> RunView:
    """Work until nothing is left to do, or until a person has to help.

    Without a webhook of its own the command leaves notices to a worker that stays: it would close
    what that one delivers.
    """
    wired = tools(runtime.settings, runtime.connections)
    worker = Worker(
        wired,
        slots=runtime.settings.worker_slots,
        connections=runtime.connections.held,
        kinds=ALL_KINDS if wired.webhook else WITHOUT_NOTICES,
    )
    last = ""

    def done() -> bool:
        nonlocal last
        view = _view(runtime, run)
        if (line := _line(view)) != last:
            say(line)
            last = line
        return view.state.is_final or view.state in HALTED

    worker.ring()  # before anything is unblocked: others stop a run whose key nobody noted
    with runtime.ledger.transaction() as cx:
        runs.unblock(cx, connection=_view(runtime, run).connection)
    worker.run_until(done)
    return _view(runtime, run)


def arrival(view: RunView) -> int:
    """Say what became of a run's entries; 0 only when all are in Encord."""
    if view.state in HALTED:
        return refuse(halt(view))
    counts = view.counts
    print(  # noqa: T201 - the command's output
        f"{counts.arrived} of {counts.entries} registered, {counts.failed} failed. Run {view.id}",
        flush=True,
    )
    return EXIT_PROVEN if counts.arrived == counts.entries else EXIT_NOT_PROVEN


def halt(view: RunView) -> str:
    """Say why a run stands still, and what makes it go on."""
    resume = f"python -m services resume {view.id}"
    return HALTED[view.state].format(why=view.problem_detail, resume=resume)


def verdict(runtime: Runtime, view: RunView) -> int:
    """Say what a verification found; 0 only when everything arrived."""
    if view.state in HALTED:
        return refuse(halt(view))
    receipts = runtime.ledger.receipts(run=view.id, limit=1)
    if not receipts:
        return refuse(f"It ended as {view.state}, without a verification.")
    receipt = receipts[0]
    other = [f"{n} {verdict}" for verdict, n in receipt.counts.items() if verdict != "matched"]
    words = ", ".join([f"{receipt.matched} of {receipt.expected} matched", *other])
    print(f"{words}. Receipt {receipt.id}", flush=True)  # noqa: T201 - the command's output
    return EXIT_PROVEN if receipt.proven else EXIT_NOT_PROVEN


def outcome(runtime: Runtime, task: RunView) -> int:
    """Say what a linking came to, and how to begin it anew where it was cancelled."""
    if task.state is RunState.CANCELLED:
        return refuse(CANCELLED.format(run=task.id))
    return verdict(runtime, task)


def _view(runtime: Runtime, run: str) -> RunView:
    view = runtime.ledger.run(run)
    assert view is not None
    return view


def _line(view: RunView) -> str:
    counts = view.counts
    return f"{view.state}: {counts.settled} of {counts.entries} entries, {counts.failed} failed"
