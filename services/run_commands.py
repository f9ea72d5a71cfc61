"""`python -m services retry | link | split | verify ...`: what pages do with a run, by words.

A command names its decision as a page's click does. After a click that links it finds what that
began, and follows it to the end; after one that retries it sends only what nobody is retrying, be
RUN the first run or one of its retries. A dataset is created once for the same words.
"""

import argparse
from typing import Final

from services.arguments import add_after, anew, uuid_argument
from services.bootstrap import Runtime
from services.connecting import (
    ACTOR,
    add_connection,
    connect,
    connect_for,
    opened,
    refuse,
    say,
)
from services.domain.chunks import Ranges
from services.domain.runs import DatasetChoice, RunState
from services.domain.tasks import Purpose
from services.engine.connections import Connection
from services.engine.onboarding import link_nonce, retry_nonce
from services.engine.proof.proofs import Asker
from services.engine.proof.splitting import are_titles, titles_of
from services.following import CANCELLED, HALTED, arrival, follow, halt, outcome, verdict
from services.ledger.errors import NothingToRetryError
from services.ledger.views import ReceiptView, RunView

OTHER_DATASET: Final = (
    "The run is not done with its entries, or is being linked, or was linked just now, to another "
    "dataset. When that has ended, link again."
)
ENDED: Final = "It has ended already, or is about to."
GOES_ON: Final = "A run is split once it has ended."
NO_TITLES: Final = "Every dataset needs a title of its own: use {value} in it."
NO_RUN: Final = "There is no such run in this data directory."


def main(name: str, argv: list[str]) -> int:
    """Run one command and return its exit code; 0 only when all that was asked for is there."""
    asked = _parser(name).parse_args(argv)
    return opened(lambda runtime: _act(runtime, name, asked))


def _act(runtime: Runtime, name: str, asked: argparse.Namespace) -> int:
    if name == "create-dataset":
        return _create_dataset(runtime, asked)
    run = runtime.ledger.run(asked.run)
    if run is None:
        return refuse(NO_RUN)
    if name == "pause":  # asks Encord for nothing
        return _pause(runtime, run)
    connect_for(runtime, run)
    first = runtime.ledger.run(run.parent) if run.parent else None
    return ACTS[name](runtime, first or run, asked)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services {name}", description=__doc__)
    if name == "create-dataset":
        parser.add_argument("--title", required=True)
        add_after(parser)
        add_connection(parser)
    else:
        parser.add_argument("run", metavar="RUN", help="the run's id, as in its page's address")
    if name == "retry":
        parser.add_argument("--cause", metavar="CODE", help="only what failed for this cause")
        parser.add_argument("--find", default="", metavar="TEXT", help="in URL, title or message")
        parser.add_argument(
            "--entries", type=Ranges.parse, metavar="N-M,N", help="only these, counted from 0"
        )
    if name == "split":
        parser.add_argument("--by", required=True, metavar="KEY", help="the metadata key")
        parser.add_argument("--title", required=True, help="of each dataset, with {value} in it")
        parser.add_argument("--value", action="append", help="may be repeated; default: all")
        again = "begin this part's task anew, which was cancelled; may be repeated"
        parser.add_argument("--after", action="append", default=[], metavar="TASK", help=again)
    if name == "link":
        add_dataset(parser, default="the run's")
    if name == "create-dataset":
        add_description(parser)
    return parser


def add_dataset(parser: argparse.ArgumentParser, *, default: str) -> None:
    """Let a command choose a dataset."""
    parser.add_argument("--dataset", metavar="TITLE", help=f"a new dataset; default: {default}")
    there = "a dataset that exists"
    parser.add_argument("--dataset-uuid", metavar="UUID", type=uuid_argument, help=there)
    add_description(parser)


def add_description(parser: argparse.ArgumentParser) -> None:
    """Let a command describe a new dataset."""
    parser.add_argument("--description", default="")


def _retry(runtime: Runtime, first: RunView, asked: argparse.Namespace) -> int:
    made = runtime.ledger.retried(asked.run)
    cause, search, entries = asked.cause, asked.find, asked.entries
    nonce = retry_nonce(made, cause=cause, search=search, entries=entries)
    try:
        again = runtime.onboarding.retry(
            asked.run, nonce=nonce, actor=ACTOR, cause=cause, search=search, entries=entries
        )
    except NothingToRetryError:
        return refuse(f"Nothing of {first.name} is left to retry.")
    return arrival(follow(runtime, again))


def _pause(runtime: Runtime, run: RunView) -> int:
    runtime.onboarding.pause(run.id, actor=ACTOR)
    view = runtime.ledger.run(run.id) or run
    return _stopped(view) if view.paused else refuse(ENDED)


def _resume(runtime: Runtime, _first: RunView, asked: argparse.Namespace) -> int:
    runtime.onboarding.resume(asked.run, actor=ACTOR)
    view = follow(runtime, asked.run)
    return verdict(runtime, view) if view.receipt else arrival(view)


def _cancel(runtime: Runtime, _first: RunView, asked: argparse.Namespace) -> int:
    runtime.onboarding.cancel(asked.run, actor=ACTOR)
    view = follow(runtime, asked.run)
    return _stopped(view) if view.state is RunState.CANCELLED else refuse(ENDED)


def _stopped(view: RunView) -> int:
    counts = view.counts
    registered = f": {counts.arrived} of {counts.entries} registered"
    line = f"{view.state}{registered if view.purpose is Purpose.SUBMIT else ''}"
    print(line, flush=True)  # noqa: T201 - the command's output
    return 0


def _link(runtime: Runtime, first: RunView, asked: argparse.Namespace) -> int:
    choice = choice_of(asked, first.name)
    nonce = link_nonce(runtime.ledger.family(first.id).arrived)
    taken = runtime.onboarding.link(first.id, choice, nonce=nonce, actor=ACTOR)
    if not taken and not _is(choice, runtime.ledger.run(first.id) or first):
        return refuse(OTHER_DATASET)
    view = follow(runtime, first.id)
    receipts = runtime.ledger.receipts(run=first.id, limit=1)
    if view.state.is_final and receipts and not _is(choice, receipts[0]):
        return refuse(OTHER_DATASET)
    return verdict(runtime, view)


def choice_of(asked: argparse.Namespace, title: str) -> DatasetChoice:
    """Return the dataset that was asked for: one that exists, or a new one by a title."""
    if asked.dataset_uuid:
        return DatasetChoice(uuid=asked.dataset_uuid, description=asked.description)
    return DatasetChoice(title=asked.dataset or title, description=asked.description)


def _is(choice: DatasetChoice, linked: RunView | ReceiptView) -> bool:
    """Whether a run is linked, or a receipt is about, the dataset that was asked for."""
    if choice.uuid:
        return linked.dataset_uuid == choice.uuid
    return linked.dataset_title == choice.title


def _split(runtime: Runtime, first: RunView, asked: argparse.Namespace) -> int:
    if not (first.state.is_final or first.state in {RunState.NEEDS_ATTENTION, RunState.PAUSED}):
        return refuse(GOES_ON)
    found = runtime.proofs.split(first.id, asked.by)
    values = list(dict.fromkeys(asked.value or found.parts))
    unknown = [value for value in values if value not in found.parts]
    if unknown or not values:
        return refuse(f"No entry that arrived has a {asked.by} of {', '.join(unknown) or 'any'}.")
    titles = titles_of(values, asked.title)
    if not are_titles(titles):
        return refuse(NO_TITLES)
    say(f"{found.shared} objects in more than one part, {found.outside(values)} entries in none")
    for task in asked.after:
        anew(runtime, task)  # only what was cancelled
    tasks = runtime.proofs.link_split(first.id, found, titles, actor=ACTOR, after=asked.after)
    return max(outcome(runtime, follow(runtime, task)) for task in tasks)


def _verify(runtime: Runtime, first: RunView, _asked: argparse.Namespace) -> int:
    if first.dataset_uuid is None and first.purpose is not Purpose.VERIFY:
        return refuse("The run is not linked to a dataset yet.")
    runtime.onboarding.verify(first.id, actor=ACTOR)
    return verdict(runtime, follow(runtime, first.id))


def _create_dataset(runtime: Runtime, asked: argparse.Namespace) -> int:
    connection = connect(runtime, asked.connection)
    nonce = ACTOR + anew(runtime, asked.after)
    choice = DatasetChoice(title=asked.title, description=asked.description)
    made = follow(runtime, runtime.proofs.create(choice, asker=asker_of(connection), nonce=nonce))
    if made.state is RunState.CANCELLED:
        return refuse(CANCELLED.format(run=made.id))
    if made.state in HALTED:
        return refuse(halt(made))
    print(made.dataset_uuid, flush=True)  # noqa: T201 - the command's output
    return 0


def asker_of(connection: Connection) -> Asker:
    """Return who asks by a command."""
    return Asker(connection=connection.id, account=connection.account, actor=ACTOR)


ACTS: Final = {
    "retry": _retry,
    "resume": _resume,
    "cancel": _cancel,
    "link": _link,
    "split": _split,
    "verify": _verify,
}
