"""Everything a person can ask about proof: verify, link a part, unlink, read and take away.

Each command is one transaction on the ledger; the worker does the rest. Repeating one by a double
click or in a second tab changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy import select

from services.domain.chunks import Ranges
from services.domain.paging import Page
from services.domain.runs import DatasetChoice, RunState
from services.domain.tasks import Purpose, Question, Source
from services.engine.linking import arrived
from services.engine.proof import document, splitting
from services.engine.proof.pictures import counted
from services.engine.proof.rows import Format, VerifiedRow, VerifiedRows
from services.engine.proof.splitting import Split
from services.engine.proof.tasks import rows_to_unlink
from services.ledger import tasks
from services.ledger.errors import NoSuchRunError
from services.ledger.specs import RunSpec, run_spec
from services.ledger.store import Ledger
from services.ledger.tables import RUN
from services.ledger.tasks import Task
from services.ledger.views import ReceiptView
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

#: Tasks about a run that are looked at, the newest.
REMEMBERED: Final = 500
#: Receipts in which a data row is looked for, newest first.
SEARCHED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and with which connection."""

    connection: str
    account: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a run that becomes a dataset of its own."""

    dataset: DatasetChoice
    entries: Ranges


class Proofs:
    """The commands, and what receipts hold."""

    def __init__(
        self,
        ledger: Ledger,
        manifests: ManifestStore,
        rows: VerifiedRows,
        label_of: Callable[[str], str],
    ) -> None:
        """Take the collaborators; `label_of` names a connection for people."""
        self._ledger = ledger
        self._manifests = manifests
        self._rows = rows
        self._label_of = label_of

    def verify(self, question: Question, *, name: str, asker: Asker, nonce: str) -> str:
        """Compare what a source expects with a dataset, a folder or both; return the task."""
        return self._create(Purpose.VERIFY, question, name=name, asker=asker, nonce=nonce)

    def create(self, dataset: DatasetChoice, *, asker: Asker, nonce: str) -> str:
        """Create a dataset, once however often it is asked for; return the task."""
        nothing = Question(source=Source(teller="nobody", id=""))
        return self._create(
            Purpose.CREATE, nothing, name=dataset.title, asker=asker, nonce=nonce, dataset=dataset
        )

    def link(
        self, question: Question, dataset: DatasetChoice, *, name: str, asker: Asker, nonce: str
    ) -> str:
        """Link what a source holds to a dataset, then verify that; return the task."""
        return self._create(
            Purpose.LINK, question, name=name, asker=asker, nonce=nonce, dataset=dataset
        )

    def link_parts(self, run: str, parts: list[Part], *, actor: str, nonce: str) -> list[str]:
        """Link each part of a run to a dataset of its own; return the tasks, one a part."""
        first = self._run(run)
        asker = Asker(connection=first.connection, account=first.account, actor=actor)
        made = []
        for part in parts:
            source = Source(teller="run", id=first.place.run, entries=str(part.entries))
            name = f"{first.name}: {part.dataset.title or part.dataset.uuid}"
            question = Question(source=source)
            made.append(self.link(question, part.dataset, name=name, asker=asker, nonce=nonce))
        return made

    def link_split(
        self,
        run: str,
        split: Split,
        titles: Mapping[str, str],
        *,
        actor: str,
        after: Iterable[str] = (),
    ) -> list[str]:
        """Link the parts of some values to new datasets of these titles, once; return the tasks.

        A part that was cancelled stays so, unless `after` names its task: then it begins anew,
        once. Of two tasks about one title the latter counts.
        """
        ended = {view.dataset_title: view.id for task in after if (view := self._ledger.run(task))}
        made = []
        for value, title in titles.items():
            part = Part(dataset=DatasetChoice(title=title), entries=split.parts[value])
            anew = f" after {ended[title]}" if title in ended else ""
            made += self.link_parts(run, [part], actor=actor, nonce=f"split {split.key}{anew}")
        return made

    def cancelled_links(self, run: str) -> list[str]:
        """Return the tasks that were to link a run or a part of it, and were cancelled, in order.

        Only the newest are looked at.
        """
        links = self._ledger.tasks(about=run, purpose=Purpose.LINK, limit=REMEMBERED)
        return [task.id for task in reversed(links) if task.state is RunState.CANCELLED]

    def unlink(
        self, receipt: ReceiptView, verdicts: tuple[str, ...], *, asker: Asker, nonce: str
    ) -> str:
        """Take the rows of some verdicts of a receipt out of its dataset, then verify again."""
        question = Question(
            source=Source(teller="receipt", id=receipt.id),
            dataset=receipt.dataset_uuid,
            unlink=verdicts,
        )
        name = f"Unlink from {receipt.dataset_title or receipt.dataset_uuid}"
        return self._create(Purpose.UNLINK, question, name=name, asker=asker, nonce=nonce)

    def to_unlink(self, receipt: str, verdicts: tuple[str, ...]) -> int:
        """Count the rows that `unlink` would take out."""
        return len(rows_to_unlink(self._rows.read(receipt), verdicts))

    def _create(
        self,
        purpose: Purpose,
        question: Question,
        *,
        name: str,
        asker: Asker,
        nonce: str,
        dataset: DatasetChoice | None = None,
    ) -> str:
        task = Task(
            purpose=purpose,
            name=name,
            question=question,
            connection=asker.connection,
            connection_label=self._label_of(asker.connection),
            account=asker.account,
            dataset=dataset,
            nonce=nonce,
            created_by=asker.actor,
        )
        with self._ledger.transaction() as cx:
            source = question.source
            origin = None
            if source.teller == "run":
                origin = run_spec(cx, source.id)
            elif source.teller == "receipt":
                told = self._receipt_run(source.id)
                origin = run_spec(cx, told) if told else None
            return tasks.create(cx, _as_told(task, origin))

    def _receipt_run(self, receipt: str) -> str | None:
        found = self._ledger.receipt(receipt)
        return found.run if found else None

    def _run(self, run: str) -> RunSpec:
        with self._ledger.reading() as cx:
            root = cx.scalar(select(RUN.c.root).where(RUN.c.id == run))
            if root is None:
                raise NoSuchRunError(run)
            return run_spec(cx, root)

    def split_keys(self, run: str) -> list[str]:
        """Return the metadata keys by which a run may be split."""
        first = self._run(run)
        return splitting.keys_of(self._manifest(first), self._arrived(first))

    def split(self, run: str, key: str) -> Split:
        """Cut what has arrived of a run by the values of a metadata key. Reads every entry."""
        first = self._run(run)
        return splitting.split(self._manifest(first), self._arrived(first), key)

    def _manifest(self, run: RunSpec) -> CheckedManifest:
        return self._manifests.check(run.manifest, CheckOptions.from_json(run.check))

    def _arrived(self, run: RunSpec) -> Ranges:
        with self._ledger.reading() as cx:
            return arrived(cx, run.place.root)

    def has_rows(self, receipt: str) -> bool:
        """Whether the rows of a receipt are here: its ledger may come from another machine."""
        return self._rows.path(receipt).exists()

    def page(
        self,
        receipt: str,
        *,
        verdict: str | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 100,
    ) -> Page[VerifiedRow]:
        """Return one page of a receipt's rows; what is wrong comes first."""
        return self._rows.page(receipt, verdict=verdict, search=search, offset=offset, limit=limit)

    def export(
        self, receipt: str, form: Format, *, verdict: str | None = None, search: str = ""
    ) -> bytes:
        """Return a receipt's rows, all or those of a filter, as a file."""
        return self._rows.export(receipt, form, verdict=verdict, search=search)

    def body(self, receipt: str) -> Mapping[str, Any]:
        """Return a receipt as it was written."""
        found = orjson.loads(self._ledger.receipt_json(receipt) or b"{}")
        return found if isinstance(found, dict) else {}

    def document(self, receipt: str) -> bytes:
        """Return a receipt as a page to print."""
        wrong = self._rows.wrong(receipt)
        page = document.page(self.body(receipt), wrong.rows, wrong.total)
        return page.encode()

    def composition(self, receipt: str, what: str) -> list[tuple[str, int]]:
        """Count a receipt's entries by what they are, most first, the rest as one.

        Args:
            receipt: The receipt.
            what: `type` or `folder` of what was asked for, `stage` of what is missing, or `detail`,
                the cause of everything that is not matched.
        """
        return counted(self._rows.read(receipt), what)

    def listed(self, receipt: str, what: str) -> list[tuple[str, int]]:
        """Count what Encord had listed when a receipt was written; empty for one of long ago.

        Args:
            receipt: The receipt.
            what: `sizes` of the objects, smallest first, or `keys` of metadata, most first.
        """
        found = self.body(receipt).get("found", {})
        return [(str(value), int(count)) for value, count in found.get(what, ())]

    def item_of_row(self, row: str) -> str | None:
        """Return the item of a data row, if one of the newest receipts has the row."""
        receipts = (receipt.id for receipt in self._ledger.receipts(limit=SEARCHED))
        items = (self._rows.item_of_row(receipt, row) for receipt in receipts)
        return next((item for item in items if item), None)


def _as_told(task: Task, origin: RunSpec | None) -> Task:
    """Fill in what the run that tells what is expected says about itself."""
    if origin is None:
        return task
    about = origin.about or (origin.place.run if origin.purpose is Purpose.SUBMIT else None)
    return replace(
        task,
        about=about,
        manifest=origin.manifest,
        manifest_name=origin.manifest_name,
        folder_name=origin.folder_name,
    )
