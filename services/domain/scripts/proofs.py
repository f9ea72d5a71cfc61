"""Linking, splitting, verifying and unlinking what is in Encord already by script.

A folder's files are linked by Encord's SDK alone. What needs a run, a manifest or a receipt is
asked of the engine, which keeps them; a page's click and its program are one decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.domain.runs import DatasetChoice
from services.domain.scripts.manifests import with_schema
from services.domain.scripts.script import Place, Script, command, engine, path
from services.domain.tasks import Question, Source

_LINK_FOLDER: Final = '''\
"""Link files of a folder to a dataset, as the Datasets page does, and see that they are in it."""

import os

from encord import EncordUserClient
from encord.orm.dataset import {imports}

{client}
folder = client.get_storage_folder({folder!r})
items = [
    item.uuid
    for item in folder.list_items({listed}page_size=1000)
{conditions}]
{dataset}
{before}for first in range(0, len(items), 1000):
    dataset.link_items(items[first : first + 1000], DataLinkDuplicatesBehavior.SKIP)
linked = {{row.backing_item_uuid for row in dataset.list_data_rows()}}
print(len(linked.intersection(items)), "of", len(items), "files are in", dataset.dataset_hash)
'''
_NEW_DATASET: Final = """\
if not items:
    raise SystemExit("No file matches the selection, so no dataset was created.")
made = client.create_dataset({title!r}, StorageLocation.GCP, create_backing_folder=False)
dataset = client.get_dataset(made.dataset_hash)"""
_REFUSE: Final = """\
if {row.backing_item_uuid for row in dataset.list_data_rows()}.intersection(items):
    raise SystemExit("One of the files is in the dataset already; nothing was linked.")
"""
_SPLIT: Final = """\
parts = runtime.proofs.split({run!r}, {key!r})
titles = {titles!r}
print(runtime.proofs.link_split({run!r}, parts, titles, actor="script"))"""
_ASKER: Final = "Asker(connection={connection!r}, account={account!r}, actor='script')"
_VERIFY: Final = """\
question = Question(
    source=Source(teller={source.teller!r}, id={source.id!r}, check={source.check!r}),
    dataset={question.dataset!r},
    folder={question.folder!r},
    metadata={question.metadata!r},
)
asker = {asker}
print(runtime.proofs.verify(question, name={name}, asker=asker, nonce={nonce!r}))"""
_UNLINK: Final = """\
receipt = runtime.ledger.receipt({receipt!r})
asker = {asker}
print(runtime.proofs.unlink(receipt, {verdicts!r}, asker=asker, nonce={nonce!r}))"""
_ASKERS: Final = "from services.engine.proof.proofs import Asker\n"
_QUESTIONS: Final = f"from services.domain.tasks import Question, Source\n{_ASKERS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision of a page: the connection, and what makes a click and its program one."""

    place: Place
    #: Its id, and the fingerprint of its account.
    connection: str
    account: str
    nonce: str

    @property
    def asker(self) -> str:
        """Who asks, as a program writes it."""
        return _ASKER.format(connection=self.connection, account=self.account)


def link_folder(place: Place, source: Source, choice: DatasetChoice, *, refuse: bool) -> Script:
    """Link files of a folder.

    Args:
        place: The connection.
        source: The folder, and which of its files.
        choice: The dataset.
        refuse: Whether one file that is in the dataset already stops it all.
    """
    conditions = (
        f"    if {source.search.lower()!r} in f'{{item.name}} {{item.url or \"\"}}'.lower()\n"
    )
    typed = f"    if item.item_type == {source.type!r}\n"
    python = _LINK_FOLDER.format(
        imports="DataLinkDuplicatesBehavior" + ("" if choice.uuid else ", StorageLocation"),
        client=place.client(),
        folder=source.id,
        listed="is_in_dataset=False, " if source.unused else "",
        conditions=(conditions if source.search else "") + (typed if source.type else ""),
        dataset=f"dataset = client.get_dataset({choice.uuid!r})"
        if choice.uuid
        else _NEW_DATASET.format(title=choice.title),
        before=_REFUSE if refuse and choice.uuid else "",
    )
    words = ["link-folder", f"--folder-uuid={source.id}"]
    words += [f"--find={source.search}"] if source.search else []
    words += [f"--type={source.type}"] if source.type else []
    words += ["--unused"] if source.unused else []
    words += ["--refuse-linked"] if refuse else []
    into = f"-uuid={choice.uuid}" if choice.uuid else f"={choice.title}"
    return Script(python=python, command=place.command(*words, f"--dataset{into}"))


def split(run: str, key: str, titles: Mapping[str, str], pattern: str) -> Script:
    """Link a run to a new dataset for each of some values of a metadata key.

    Args:
        run: The run.
        key: The metadata key.
        titles: The values, and the title of each one's dataset.
        pattern: What the titles were made of.
    """
    python = engine(
        "Link a run to a dataset for each value of a metadata key",
        _SPLIT.format(run=run, key=key, titles=dict(titles)),
    )
    values = [f"--value={value}" for value in titles]
    return Script(
        python=python, command=command("split", run, f"--by={key}", f"--title={pattern}", *values)
    )


def verify(decision: Decision, question: Question, *, file: str = "") -> Script:
    """Compare what somebody expects with a dataset, a folder or both.

    Args:
        decision: The decision.
        question: What is compared.
        file: The manifest's file, where a manifest tells it.
    """
    source = question.source
    name = repr(file) if file else f"runtime.ledger.{source.teller}({source.id!r}).name"
    call = _VERIFY.format(
        question=question, source=source, asker=decision.asker, name=name, nonce=decision.nonce
    )
    words = ["verify-against", f"--{source.teller}={path(file) if file else source.id}"]
    words += [f"--dataset-uuid={question.dataset}"] if question.dataset else []
    words += [f"--folder-uuid={question.folder}"] if question.folder else []
    words += [] if question.metadata else ["--no-metadata"]
    line = decision.place.command(*words)
    return Script(
        python=engine("Compare what is expected with what Encord lists", call, _QUESTIONS),
        command=with_schema(line, source.check, without=" --no-schema") if source.check else line,
    )


def unlink(decision: Decision, receipt: str, verdicts: tuple[str, ...], title: str) -> Script:
    """Take the rows of some verdicts of a receipt out of its dataset, then verify again.

    Args:
        decision: The decision.
        receipt: The receipt.
        verdicts: Whose rows go.
        title: The dataset's, as a person typed it to confirm.
    """
    call = _UNLINK.format(
        receipt=receipt, asker=decision.asker, verdicts=verdicts, nonce=decision.nonce
    )
    words = ["unlink", receipt, *(f"--verdict={each}" for each in verdicts), f"--confirm={title}"]
    return Script(
        python=engine("Take rows out of a dataset, then verify", call, _ASKERS),
        command=decision.place.command(*words),
    )
