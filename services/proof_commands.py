"""`python -m services link-folder | verify-against | unlink`: about what is in Encord already."""

import argparse
from pathlib import Path
from secrets import token_hex
from typing import Final

from services.arguments import add_after, add_schema, anew, answered, read_manifest, uuid_argument
from services.bootstrap import Runtime
from services.connecting import ACTOR, add_connection, connected, refuse
from services.domain.runs import DatasetChoice, Problem
from services.domain.tasks import Question, Source
from services.domain.verification import Verdict
from services.engine.connections import Connection
from services.engine.rescue import GROUPS, TYPES
from services.following import follow, outcome, verdict
from services.run_commands import NO_RUN, add_dataset, asker_of, choice_of

NO_RECEIPT: Final = "There is no such receipt in this data directory, or it is about no dataset."
NO_ROWS: Final = "The receipt has no such rows."
NO_PLACE: Final = "Name a dataset, a folder or both: --dataset-uuid, --folder-uuid."


def link_folder(argv: list[str]) -> int:
    """Link files of a folder, then verify; 0 only when all of them are in the dataset.

    Called again with the same words, it goes on with what it began: they are one new dataset. What
    comes to the folder later is linked to that one by its UUID.
    """
    parser = argparse.ArgumentParser(prog="python -m services link-folder")
    parser.add_argument("--folder-uuid", required=True, metavar="UUID", type=uuid_argument)
    parser.add_argument("--find", default="", metavar="TEXT", help="in names or URLs")
    parser.add_argument("--type", default="", choices=(*TYPES, *GROUPS), help="default: any")
    parser.add_argument("--unused", action="store_true", help="only what is in no dataset yet")
    parser.add_argument(
        "--refuse-linked", action="store_true", help="link nothing if one is in the dataset already"
    )
    add_dataset(parser, default="the folder's name")
    add_after(parser)
    add_connection(parser)
    asked = parser.parse_args(argv)
    return connected(asked.connection, lambda runtime, known: _link_folder(runtime, known, asked))


def _link_folder(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    folder = runtime.connections.find_folder(connection.id, asked.folder_uuid)
    choice = choice_of(asked, folder.name)
    source = Source(
        teller="folder",
        id=folder.uuid,
        search=asked.find,
        type=asked.type,
        unused=asked.unused,
    )
    task = runtime.proofs.link(
        Question(source=source, refuse_linked=asked.refuse_linked),
        choice,
        name=f"Files of {folder.name}",
        asker=asker_of(connection),
        nonce=_nonce(runtime, choice) + anew(runtime, asked.after),
    )
    begun = runtime.ledger.run(task)
    if begun and begun.problem is Problem.NOTHING_TO_LINK:  # files may have come since
        runtime.onboarding.resume(task, actor=ACTOR)
    return outcome(runtime, follow(runtime, task))


def _nonce(runtime: Runtime, choice: DatasetChoice) -> str:
    """Name the decision; a dataset that exists may get later files too, once it is verified."""
    newest = runtime.ledger.receipts(limit=1) if choice.uuid else None
    return newest[0].id if newest else ACTOR


def verify_against(argv: list[str]) -> int:
    """Compare what is expected with a dataset, a folder or both; 0 only when it is all there."""
    parser = argparse.ArgumentParser(prog="python -m services verify-against")
    teller = parser.add_mutually_exclusive_group(required=True)
    teller.add_argument("--run", metavar="RUN", help="what a run sent")
    teller.add_argument("--manifest", dest="file", type=Path, metavar="FILE", help="what it lists")
    teller.add_argument("--receipt", metavar="RECEIPT", help="what was expected then")
    parser.add_argument("--dataset-uuid", metavar="UUID", type=uuid_argument)
    where = "tells where a missing file stopped"
    parser.add_argument("--folder-uuid", metavar="UUID", type=uuid_argument, help=where)
    parser.add_argument("--no-metadata", action="store_true", help="do not compare metadata")
    add_schema(parser)
    add_connection(parser)
    asked = parser.parse_args(argv)
    if not (asked.dataset_uuid or asked.folder_uuid):
        return refuse(NO_PLACE)
    return connected(asked.connection, lambda runtime, known: _verify(runtime, known, asked))


def _verify(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    told = _told(runtime, connection, asked)
    if told is None:
        return refuse(NO_RECEIPT if asked.receipt else NO_RUN)
    source, name = told
    question = Question(
        source=source,
        dataset=asked.dataset_uuid,
        folder=asked.folder_uuid,
        metadata=not asked.no_metadata,
    )
    asker = asker_of(connection)
    task = runtime.proofs.verify(question, name=name, asker=asker, nonce=token_hex(16))
    return verdict(runtime, follow(runtime, task))


def _told(
    runtime: Runtime, connection: Connection, asked: argparse.Namespace
) -> tuple[Source, str] | None:
    """Return who tells what is expected, and its name; None when nobody is there."""
    if asked.file:
        manifest, options = read_manifest(runtime, answered(runtime, connection), asked)
        source = Source(teller="manifest", id=manifest, check=options.to_json())
        return source, asked.file.name
    if asked.run:
        run = runtime.ledger.run(asked.run)
        return (Source(teller="run", id=run.id), run.name) if run else None
    receipt = runtime.ledger.receipt(asked.receipt)
    return (Source(teller="receipt", id=receipt.id), receipt.name) if receipt else None


def unlink(argv: list[str]) -> int:
    """Take rows out of a dataset, then verify; 0 only when the rest is what the receipt expects.

    Without the dataset's title to confirm, only the plan is told.
    """
    parser = argparse.ArgumentParser(prog="python -m services unlink")
    parser.add_argument("receipt", metavar="RECEIPT", help="the rows are those of this receipt")
    parser.add_argument(
        "--verdict",
        action="append",
        required=True,
        choices=[str(Verdict.UNEXPECTED), str(Verdict.DUPLICATE)],
        help="of a duplicate, all but the first row; may be repeated",
    )
    parser.add_argument("--confirm", default="", metavar="TITLE", help="the dataset's title")
    add_connection(parser)
    asked = parser.parse_args(argv)
    return connected(asked.connection, lambda runtime, known: _unlink(runtime, known, asked))


def _unlink(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    receipt = runtime.ledger.receipt(asked.receipt)
    if receipt is None or not receipt.dataset_uuid:
        return refuse(NO_RECEIPT)
    verdicts = tuple(dict.fromkeys(asked.verdict))
    rows = runtime.proofs.to_unlink(receipt.id, verdicts)
    if not rows:
        return refuse(NO_ROWS)
    title = receipt.dataset_title or receipt.dataset_uuid
    if asked.confirm != title:
        return refuse(
            f"Plan: {rows} rows of {title!r} go, with any labels on them. The files stay in their "
            "folder. Give the dataset's title as --confirm to do it."
        )
    asker = asker_of(connection)
    task = runtime.proofs.unlink(receipt, verdicts, asker=asker, nonce=token_hex(16))
    return verdict(runtime, follow(runtime, task))
