"""`python -m services onboard`: from a manifest file to a proven dataset, without the dashboard.

How a command reads a manifest and follows a run is here too; other commands use it.

Interrupted at any point and called again with the same words, it goes on with the same run.
"""

import argparse
import hashlib
from pathlib import Path
from typing import Final

from services.bootstrap import Runtime, tools
from services.connecting import RefusedError, add_connection, connected, refuse, say
from services.domain.chunks import MAX_ENTRIES
from services.domain.metadata import MetadataSchema
from services.domain.runs import (
    DatasetChoice,
    FolderChoice,
    RunOptions,
    RunState,
    Submission,
    WorkKind,
)
from services.domain.uuids import read_uuid
from services.encord_api.interface import Integration
from services.engine.connections import Check, Connection
from services.engine.onboarding import link_nonce
from services.engine.worker import ALL_KINDS, Worker
from services.ledger import runs
from services.ledger.views import RunView
from services.manifests.command import read_schema
from services.manifests.options import CheckOptions

NO_UUID: Final = "this is not a UUID"
DASHBOARD: Final = "http://localhost:8501"
#: Where a run stands still until a person does something, and what that is.
HALTED: Final = {
    RunState.NEEDS_ATTENTION: "It needs attention: {why} When that is put right: {resume}",
    RunState.PAUSED: "It is paused. To go on: {resume}",
}
CANCELLED: Final = "It was cancelled. To begin anew, give the same command with --after={run}"
WITHOUT_NOTICES: Final = tuple(kind for kind in ALL_KINDS if kind is not WorkKind.NOTIFY)
EXIT_PROVEN, EXIT_NOT_PROVEN = 0, 1


class NoAnswerError(RefusedError):
    """The connection does not answer as it should."""

    def __init__(self, check: Check) -> None:
        super().__init__(f"{check.title}. {check.remedy}")


class NoIntegrationError(RefusedError):
    """No integration, or more than one, is called so; names those that there are."""

    def __init__(self, wanted: str, known: tuple[Integration, ...]) -> None:
        names = ", ".join(sorted(f"{each.title} ({each.id})" for each in known)) or "none"
        super().__init__(f"No single integration is called {wanted!r}. There are: {names}")


class NotCancelledError(RefusedError):
    """What is to begin anew was not cancelled."""

    def __init__(self, run: str) -> None:
        super().__init__(f"--after names what was cancelled, and {run} was not. Leave it out.")


class NoEntryError(RefusedError):
    """No entry of the manifest can be sent."""

    def __init__(self) -> None:
        super().__init__("Nothing can be submitted. Run validate to see why.")


def main(argv: list[str]) -> int:
    """Run the command; 0 only when verification proves that everything arrived."""
    asked = _parser().parse_args(argv)
    return connected(asked.connection, lambda runtime, known: _onboard(runtime, known, asked))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services onboard", description=__doc__)
    add_manifest(parser)
    add_integration(parser)
    parser.add_argument("--folder", required=True, metavar="NAME", help="a new folder's name")
    parser.add_argument("--dataset", metavar="TITLE", help="default: the folder's name")
    parser.add_argument("--no-dataset", action="store_true", help="register only")
    parser.add_argument("--name", help="of the run; default: the folder's name")
    there = "register in this folder"
    parser.add_argument("--folder-uuid", metavar="UUID", type=uuid_argument, help=there)
    parser.add_argument("--keep-duplicates", action="store_true", help="also what is there already")
    parser.add_argument("--upsert-metadata", action="store_true", help="update what is there")
    parser.add_argument("--job-entries", type=int, default=MAX_ENTRIES, help="in one upload job")
    add_after(parser)
    add_connection(parser)
    return parser


def uuid_argument(typed: str) -> str:
    """Read a UUID on the command line, in Encord's spelling; another text is wrong usage."""
    uuid = read_uuid(typed)
    if uuid is None:
        raise argparse.ArgumentTypeError(NO_UUID)
    return uuid


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Let a command read a manifest."""
    parser.add_argument("file", type=Path, help="the manifest: JSON, JSON Lines or CSV")
    add_schema(parser)


def add_schema(parser: argparse.ArgumentParser) -> None:
    """Let a command choose what the metadata of a manifest is compared with."""
    schema = parser.add_mutually_exclusive_group()
    schema.add_argument("--schema", type=Path, metavar="FILE", help="default: the organisation's")
    schema.add_argument("--no-schema", action="store_true", help="compare metadata with nothing")


def add_after(parser: argparse.ArgumentParser) -> None:
    """Let a command begin anew what it goes on with otherwise."""
    what = "begin anew after this run or task of the same words, which was cancelled"
    parser.add_argument("--after", default="", metavar="RUN", help=what)


def anew(runtime: Runtime, after: str) -> str:
    """Return what makes a decision another one than what was cancelled; raises NotCancelledError.

    It names what was cancelled, so that a command that is started twice begins once.
    """
    if not after:
        return ""
    view = runtime.ledger.run(after)
    if view is None or view.state is not RunState.CANCELLED:
        raise NotCancelledError(after)
    return f" after {after}"


def add_integration(parser: argparse.ArgumentParser) -> None:
    """Let a command choose an integration."""
    integration = parser.add_mutually_exclusive_group(required=True)
    integration.add_argument("--integration", metavar="TITLE")
    integration.add_argument("--integration-id", metavar="ID", help="where a title is not unique")


def _onboard(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    check = answered(runtime, connection)
    integration = integration_of(check, asked)
    manifest, options = read_manifest(runtime, check, asked)
    again = anew(runtime, asked.after)
    submission = _submission(asked, connection, integration, manifest, options, again)
    run = runtime.onboarding.submit(submission, actor=submission.created_by)
    print(f"{DASHBOARD}/run?run={run}", flush=True)  # noqa: T201 - the command's output
    view = follow(runtime, run)
    if view.state is RunState.CANCELLED:
        return refuse(CANCELLED.format(run=run))
    has_files = runtime.ledger.family(run).arrived or view.dataset_uuid
    if asked.no_dataset or not has_files:
        return arrival(view)
    if view.state.is_final and not _is_linked_to(view, submission.dataset):
        view = _link(runtime, view, submission)
    return verdict(runtime, view)


def _is_linked_to(view: RunView, wanted: DatasetChoice | None) -> bool:
    """Whether a run has the dataset that is asked for: an earlier call may have asked otherwise."""
    known = view.dataset_uuid is not None
    return known and wanted is not None and view.dataset_title == wanted.title


def answered(runtime: Runtime, connection: Connection) -> Check:
    """Return what a connection answers; raises `NoAnswerError`."""
    check = runtime.connections.check(connection.id)
    if not check.ok:
        raise NoAnswerError(check)
    return check


def integration_of(check: Check, asked: argparse.Namespace) -> Integration:
    """Return the one that is meant: two may have the same title; raises `NoIntegrationError`."""
    known, title = check.integrations, asked.integration
    meant = [each for each in known if each.id == asked.integration_id or each.title == title]
    if len(meant) != 1:
        raise NoIntegrationError(title or asked.integration_id, known)
    return meant[0]


def read_manifest(
    runtime: Runtime, check: Check, asked: argparse.Namespace
) -> tuple[str, CheckOptions]:
    """Check a manifest; return its fingerprint and how it was checked.

    Raises:
        OSError: The file cannot be read.
        ManifestError: It is no manifest, or the schema is none.
        NoEntryError: Nothing of it can be sent.
    """
    with asked.file.open("rb") as source:
        manifest = runtime.manifests.add(asked.file.name, source)
    options = CheckOptions(schema=_schema(check, asked))
    summary = runtime.manifests.check(manifest, options).summary
    say(f"{summary.valid_entries} of {summary.entries} entries are valid.")
    if not summary.valid_entries:
        raise NoEntryError
    return manifest, options


def _schema(check: Check, asked: argparse.Namespace) -> MetadataSchema | None:
    """Return what metadata is compared with; None when no key is declared."""
    if asked.no_schema:
        return None
    return (read_schema(asked.schema) if asked.schema else check.schema) or None


def _link(runtime: Runtime, view: RunView, submission: Submission) -> RunView:
    """Link a run that an earlier call linked to no dataset or to another, and verify it."""
    assert submission.dataset is not None
    nonce = link_nonce(runtime.ledger.family(view.id).arrived)
    actor = submission.created_by
    runtime.onboarding.link(view.id, submission.dataset, nonce=nonce, actor=actor)
    return follow(runtime, view.id)


def _submission(
    asked: argparse.Namespace,
    connection: Connection,
    integration: Integration,
    manifest: str,
    options: CheckOptions,
    again: str,
) -> Submission:
    """Make the same submission from the same words, so that a second call is no second run.

    The dataset is none of them: a run can be linked to one, or to another, afterwards.
    """
    # The organisation's own schema may change between two calls; one that was chosen is a word too.
    schema = options.digest if asked.schema or asked.no_schema else ""
    words = (
        f"{manifest} {asked.folder} {asked.folder_uuid} {integration.id} {connection.account} "
        f"{asked.keep_duplicates} {asked.upsert_metadata} {schema}{again}"
    )
    dataset = None if asked.no_dataset else DatasetChoice(title=asked.dataset or asked.folder)
    return Submission(
        name=asked.name or asked.folder,
        connection=connection.id,
        account=connection.account,
        manifest=manifest,
        check=options.to_json(),
        folder=FolderChoice(uuid=asked.folder_uuid, name=asked.folder),
        integration=integration.id,
        integration_title=integration.title,
        options=RunOptions(
            skip_duplicate_urls=not asked.keep_duplicates,
            upsert_metadata=asked.upsert_metadata,
            max_chunk_entries=asked.job_entries,
        ),
        dataset=dataset,
        nonce=hashlib.sha256(words.encode()).hexdigest(),
        created_by="command line",
    )


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
