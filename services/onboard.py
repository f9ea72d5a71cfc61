"""`python -m services onboard`: from a manifest file to a proven dataset, without the dashboard.

Interrupted at any point and called again with the same words, it goes on with the same run.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Final

from services.bootstrap import Runtime, build_runtime, tools
from services.domain.runs import DatasetChoice, FolderChoice, RunState, Submission
from services.encord_api.interface import Integration
from services.engine.connections import Connection
from services.engine.worker import Worker
from services.ledger import runs
from services.ledger.keeping import DamagedLedgerError
from services.ledger.views import RunView
from services.manifests.errors import ManifestError
from services.manifests.options import CheckOptions
from services.settings import Settings

DASHBOARD: Final = "http://localhost:8501"
EXIT_PROVEN, EXIT_NOT_PROVEN, EXIT_USAGE = 0, 1, 2


def main(argv: list[str]) -> int:
    """Run the command; 0 only when verification proves that everything arrived."""
    asked = _parser().parse_args(argv)
    try:
        runtime = build_runtime(Settings())
    except DamagedLedgerError as refused:
        return _refuse(str(refused))
    try:
        connection = _connection(runtime, asked.connection)
        if connection is None:
            return _refuse("There is no such connection: set ENCORD_SSH_KEY_FILE, or use sandbox.")
        return _onboard(runtime, connection, asked)
    except (OSError, ManifestError) as problem:
        return _refuse(str(problem))
    finally:
        runtime.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services onboard", description=__doc__)
    parser.add_argument("file", type=Path, help="the manifest: JSON, JSON Lines or CSV")
    parser.add_argument("--integration", required=True, metavar="TITLE")
    parser.add_argument("--folder", required=True, metavar="NAME", help="a new folder's name")
    parser.add_argument("--dataset", metavar="TITLE", help="default: the folder's name")
    parser.add_argument("--connection", choices=("sandbox", "encord"), default="sandbox")
    return parser


def _connection(runtime: Runtime, wanted: str) -> Connection | None:
    if wanted == "encord":
        runtime.connect_server()
        return runtime.connections.server()
    runtime.start_sandbox()
    runtime.wait_for_sandbox()
    return runtime.connections.sandbox()


def _onboard(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    check = runtime.connections.check(connection.id)
    if not check.ok:
        return _refuse(f"{check.title}. {check.remedy}")
    matching = [found for found in check.integrations if found.title == asked.integration]
    if len(matching) != 1:
        titles = ", ".join(sorted(found.title for found in check.integrations)) or "none"
        return _refuse(
            f"No single integration is called {asked.integration!r}. There are: {titles}"
        )
    with asked.file.open("rb") as source:
        manifest = runtime.manifests.add(asked.file.name, source)
    options = CheckOptions(schema=check.schema or None)
    summary = runtime.manifests.check(manifest, options).summary
    _say(f"{summary.valid_entries} of {summary.entries} entries are valid.")
    if not summary.valid_entries:
        return _refuse("Nothing can be submitted. Run validate to see why.")
    submission = _submission(asked, connection, matching[0], manifest, options)
    run = runtime.onboarding.submit(submission, actor=submission.created_by)
    print(f"{DASHBOARD}/run?run={run}", flush=True)  # noqa: T201 - the command's output
    return _follow(runtime, run)


def _submission(
    asked: argparse.Namespace,
    connection: Connection,
    integration: Integration,
    manifest: str,
    options: CheckOptions,
) -> Submission:
    """Make the same submission from the same words, so that a second call is no second run."""
    words = f"{manifest} {asked.folder} {asked.dataset} {integration.id} {connection.account}"
    return Submission(
        name=asked.folder,
        connection=connection.id,
        account=connection.account,
        manifest=manifest,
        check=options.to_json(),
        folder=FolderChoice(name=asked.folder),
        integration=integration.id,
        integration_title=integration.title,
        dataset=DatasetChoice(title=asked.dataset or asked.folder),
        nonce=hashlib.sha256(words.encode()).hexdigest(),
        created_by="command line",
    )


def _follow(runtime: Runtime, run: str) -> int:
    """Work until nothing is left to do, or until a person has to help."""
    worker = Worker(
        tools(runtime.settings, runtime.connections), slots=runtime.settings.worker_slots
    )
    last = ""

    def done() -> bool:
        nonlocal last
        view = _view(runtime, run)
        if (line := _line(view)) != last:
            _say(line)
            last = line
        return view.state.is_final or view.state is RunState.NEEDS_ATTENTION

    with runtime.ledger.transaction() as cx:
        runs.unblock(cx, connection=_view(runtime, run).connection)
    worker.run_until(done)
    return _verdict(runtime, _view(runtime, run))


def _verdict(runtime: Runtime, view: RunView) -> int:
    if view.state is RunState.NEEDS_ATTENTION:
        return _refuse(f"The run needs attention: {view.problem_detail}")
    receipts = runtime.ledger.receipts(run=view.id, limit=1)
    if not receipts:
        return _refuse("The run ended without a verification.")
    receipt = receipts[0]
    other = [f"{n} {verdict}" for verdict, n in receipt.counts.items() if verdict != "matched"]
    words = ", ".join([f"{receipt.matched} of {receipt.expected} matched", *other])
    print(f"{words}. Receipt {receipt.id}", flush=True)  # noqa: T201 - the command's output
    return EXIT_PROVEN if receipt.proven else EXIT_NOT_PROVEN


def _view(runtime: Runtime, run: str) -> RunView:
    view = runtime.ledger.run(run)
    assert view is not None
    return view


def _line(view: RunView) -> str:
    counts = view.counts
    return f"{view.state}: {counts.settled} of {counts.entries} entries, {counts.failed} failed"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress


def _refuse(why: str) -> int:
    _say(why)
    return EXIT_USAGE
