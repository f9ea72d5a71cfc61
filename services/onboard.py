"""`python -m services onboard`: from a manifest file to a proven dataset, without the dashboard.

Interrupted at any point and called again with the same words, it goes on with the same run.
"""

import argparse
import hashlib
from typing import Final

from services.arguments import (
    add_after,
    add_integration,
    add_manifest,
    anew,
    answered,
    integration_of,
    read_manifest,
    uuid_argument,
)
from services.bootstrap import Runtime
from services.connecting import ACTOR, add_connection, connected, refuse
from services.domain.chunks import MAX_ENTRIES
from services.domain.runs import DatasetChoice, FolderChoice, RunOptions, RunState, Submission
from services.encord_api.interface import Integration
from services.engine.connections import Connection
from services.engine.onboarding import link_nonce
from services.following import CANCELLED, arrival, follow, verdict
from services.ledger.views import RunView
from services.manifests.options import CheckOptions

DASHBOARD: Final = "http://localhost:8501"


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
    # The organization's own schema may change between two calls; one that was chosen is a word too.
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
        created_by=ACTOR,
    )
