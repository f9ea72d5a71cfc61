"""Everything a person can ask for: submit, retry, cancel, resume, link, verify, download.

Each command is one transaction on the ledger; the worker does the rest. Repeating a command by a
double click or in a second tab changes nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from sqlalchemy import Connection as Transaction
from sqlalchemy import select, update

from services.domain.chunks import Ranges
from services.domain.outcomes import Outcome
from services.domain.runs import (
    FINAL,
    DatasetChoice,
    FolderChoice,
    RunState,
    Submission,
    WorkKind,
    WorkState,
)
from services.encord_api.interface import Folder, Integration
from services.ledger import runs, state
from services.ledger.choosing import (
    Chosen,
    count_entries,
    current,
    entries_of,
    matching,
    within,
)
from services.ledger.errors import NoSuchRunError, NothingToRetryError
from services.ledger.events import record
from services.ledger.specs import RunSpec, run_spec
from services.ledger.store import Ledger
from services.ledger.tables import RUN, WORK
from services.ledger.views import RunView
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore


def retry_nonce(
    made: int, *, cause: str | None = None, search: str = "", entries: Ranges | None = None
) -> str:
    """Name the decision to retry, when so many retries were known: wherever it is taken again."""
    asked = "-".join(filter(None, (cause, search, str(entries or "")))) or "all"
    return f"retry-{made}-{asked}"


def link_nonce(arrived: int) -> str:
    """Name the decision to link: twice is once, and after a retry has brought more it is new."""
    return f"link-{arrived}"


class Onboarding:
    """The commands. Every one names who asked."""

    def __init__(
        self,
        ledger: Ledger,
        manifests: ManifestStore,
        label_of: Callable[[str], str],
    ) -> None:
        """Take the collaborators; `label_of` names a connection for people."""
        self._ledger = ledger
        self._manifests = manifests
        self._label_of = label_of

    def submit(self, submission: Submission, *, actor: str) -> str:
        """Record a submission and return its run; the same submission is the same run."""
        checked = self._manifests.open(
            submission.manifest, CheckOptions.from_json(submission.check)
        )
        # Whatever name the same bytes get later, the run reads them as this check did.
        submission = replace(submission, check=checked.options.to_json())
        summary = checked.summary
        chosen = submission.entries
        entries = summary.valid_entries if chosen is None else len(chosen)
        with self._ledger.transaction() as cx:
            run = runs.create(
                cx,
                submission,
                connection_label=self._label_of(submission.connection),
                manifest_name=summary.name,
                entries=entries,
                held=summary.held_entries if submission.parent is None else 0,
            )
            record(cx, "asked", actor=actor, run=run, detail="submit")
        return run

    def adopt(
        self,
        job: str,
        *,
        manifest: str,
        check: str,
        folder: Folder,
        integration: Integration,
        connection: str,
        account: str,
        actor: str,
    ) -> str:
        """Follow an upload job that was started elsewhere; the same job is the same run.

        Args:
            job: Id of the upload job.
            manifest: Fingerprint of what it was started with.
            check: How that was checked, as `CheckOptions.to_json` writes it.
            folder: Where the job registers.
            integration: Through what failures are retried.
            connection: Id of the connection.
            account: Fingerprint of the account's public key.
            actor: Who asks.

        Raises:
            NotCheckedError: There is no such check.
        """
        submission = Submission(
            name=f"Adopted: {self._manifests.name_of(manifest)}",
            connection=connection,
            account=account,
            manifest=manifest,
            check=check,
            folder=FolderChoice(uuid=folder.uuid, name=folder.name),
            integration=integration.id,
            integration_title=integration.title,
            nonce="adopted",
            created_by=actor,
            adopted_job=job,
        )
        return self.submit(submission, actor=actor)

    def earlier(self, manifest: str, folder: str | None = None) -> list[RunView]:
        """Return past submissions of a manifest, to this folder if one is named."""
        return self._ledger.earlier(manifest, folder)

    def retryable(
        self, run: str, *, cause: str | None = None, search: str = "", entries: Ranges | None = None
    ) -> int:
        """Count what `retry` would send with the same words."""
        with self._ledger.reading() as cx:
            root = cx.scalar(select(RUN.c.root).where(RUN.c.id == run)) or run
            failed = _still_failed(cx, root, cause=cause, search=search)
            if entries is not None:
                return len(_free(cx, root, failed, search=search, entries=entries))
            busy = chain.from_iterable(within(failed, each) for each in _being_retried(cx, root))
            held = sum(count_entries(cx, part, search=search) for part in busy)
            return count_entries(cx, failed, search=search) - held

    def retry(
        self,
        run: str,
        *,
        nonce: str,
        actor: str,
        cause: str | None = None,
        search: str = "",
        entries: Ranges | None = None,
    ) -> str:
        """Submit again what failed, as a run of the same family.

        Args:
            run: The run, or one of its retries.
            nonce: Made when the choice was shown; the same one is the same retry.
            actor: Who asks.
            cause: Only failures of this cause.
            search: Only failures whose URL, title or message holds this text.
            entries: Only these entries: a selection.

        Raises:
            NothingToRetryError: Nothing failed for that cause, or it is being retried already.
        """
        with self._ledger.transaction() as cx:
            first = _root(cx, run)
            known = cx.scalar(select(RUN.c.id).where(RUN.c.idem == _retry(first, nonce).idem))
            if known:
                return str(known)
            root = first.place.run
            chosen = _still_failed(cx, root, cause=cause, search=search)
            failed = _free(cx, root, chosen, search=search, entries=entries)
            if not len(failed):
                raise NothingToRetryError
            again = runs.create(
                cx,
                _retry(first, nonce, failed, actor),
                connection_label=self._label_of(first.connection),
                manifest_name=first.manifest_name,
                entries=len(failed),
                held=0,
            )
            record(
                cx, "retried", actor=actor, run=first.place.run, detail=f"{len(failed):,} entries"
            )
            return again

    def rescue(
        self, folder: Folder, *, connection: str, account: str, nonce: str, actor: str
    ) -> str:
        """Rebuild a run from what a folder holds; its history says what is lost."""
        submission = Submission(
            name=f"Rescued: {folder.name}",
            connection=connection,
            account=account,
            manifest="",
            check=CheckOptions().to_json(),
            folder=FolderChoice(uuid=folder.uuid, name=folder.name),
            integration="",
            integration_title="",
            nonce=nonce,
            created_by=actor,
        )
        with self._ledger.transaction() as cx:
            return runs.create(
                cx,
                submission,
                connection_label=self._label_of(connection),
                manifest_name="",
                entries=0,
                held=0,
            )

    def pause(self, run: str, *, actor: str) -> None:
        """Send nothing new of a run; what runs at Encord goes on."""
        with self._ledger.transaction() as cx:
            now = RunState(_state(cx, run))
            if not (now.is_final or now is RunState.CANCELLING):  # nothing new is sent any more
                record(cx, "paused", actor=actor, run=run)
                runs.pause(cx, run)

    def cancel(self, run: str, *, actor: str) -> None:
        """End a run: what was not sent is dropped, what runs is cancelled at Encord."""
        with self._ledger.transaction() as cx:
            if RunState(_state(cx, run)).is_final:
                return
            record(cx, "cancel asked", actor=actor, run=run)
            runs.request_cancel(cx, run)

    def resume(self, run: str, *, actor: str) -> None:
        """Go on with a run that was paused or needed attention."""
        with self._ledger.transaction() as cx:
            if RunState(_state(cx, run)).is_final:
                return
            record(cx, "resumed", actor=actor, run=run)
            runs.unpause(cx, run)  # first: what is paused stays so when it is unblocked
            runs.unblock(cx, run=run)

    def link(self, run: str, choice: DatasetChoice, *, nonce: str, actor: str) -> bool:
        """Link exactly what arrived of a run and its retries to a dataset, then verify it.

        Another dataset takes the place of one whose linking has stopped. False when nothing was
        begun: the run is not done with its entries, it is being linked otherwise, or this very
        linking has stopped and is resumed.
        """
        with self._ledger.transaction() as cx:
            first = _root(cx, run).place.run
            idem = hashlib.sha256(f"link {first} {choice} {nonce}".encode()).hexdigest()
            left = _left(cx, first, runs.LINKING)
            if cx.scalar(select(WORK.c.id).where(WORK.c.idem == idem)):
                return all(now != WorkState.BLOCKED for _, now in left)
            if any(kind != WorkKind.VERIFY and now != WorkState.BLOCKED for kind, now in left):
                return False
            if _left(cx, first, state.UPLOADING):  # what arrived is not known yet
                return False
            runs.give_up_linking(cx, first)
            runs.add_work(cx, first, WorkKind.DATASET, state=WorkState.OPEN, idem=idem)
            cx.execute(
                update(RUN)
                .where(RUN.c.id == first)
                .values(
                    paused=False,  # that was the sending, and who asks for linking wants it done
                    dataset_uuid=choice.uuid,
                    dataset_title=choice.title or None,
                    dataset_description=choice.description,
                )
            )
            words = choice.uuid or choice.title
            record(cx, "link asked", actor=actor, run=first, detail=f"to {words}")
            state.refresh(cx, first)
            return True

    def verify(self, run: str, *, actor: str) -> None:
        """Compare a run with its dataset once more."""
        with self._ledger.transaction() as cx:
            first = _root(cx, run).place.run
            pending = cx.scalar(
                select(WORK.c.id).where(
                    WORK.c.run == first,
                    WORK.c.kind == WorkKind.VERIFY,
                    WORK.c.state.not_in((WorkState.DONE, WorkState.CANCELLED)),
                )
            )
            if not pending:
                runs.add_work(cx, first, WorkKind.VERIFY, state=WorkState.OPEN)
                record(cx, "verify asked", actor=actor, run=first)
                state.refresh(cx, first)


def _root(cx: Transaction, run: str) -> RunSpec:
    root = cx.scalar(select(RUN.c.root).where(RUN.c.id == run))
    if root is None:
        raise NoSuchRunError(run)
    runs.lock(cx, root)
    return run_spec(cx, root)


def _left(cx: Transaction, run: str, kinds: tuple[WorkKind, ...]) -> list[tuple[str, str]]:
    """Return kind and state of a run's work of these kinds that is not closed."""
    chosen = select(WORK.c.kind, WORK.c.state).where(
        WORK.c.run == run, WORK.c.kind.in_(kinds), WORK.c.state.not_in(state.CLOSED)
    )
    return [(kind, now) for kind, now in cx.execute(chosen)]


def _state(cx: Transaction, run: str) -> str:
    runs.lock(cx, run)
    known = cx.scalar(select(RUN.c.state).where(RUN.c.id == run))
    if known is None:
        raise NoSuchRunError(run)
    return str(known)


def _retry(first: RunSpec, nonce: str, failed: Ranges | None = None, actor: str = "") -> Submission:
    return Submission(
        name=f"{first.name}, retry",
        connection=first.connection,
        account=first.account,
        manifest=first.manifest,
        check=first.check,
        entries=failed,
        folder=FolderChoice(uuid=first.folder_uuid, name=first.folder_name),
        integration=first.integration,
        integration_title=first.integration_title,
        options=first.options,
        nonce=nonce,
        created_by=actor,
        parent=first.place.run,
    )


def _still_failed(cx: Transaction, root: str, *, cause: str | None, search: str) -> Chosen:
    return matching(cx, current(root), outcome=Outcome.FAILED, cause=cause, search=search)


def _being_retried(cx: Transaction, root: str) -> list[Ranges]:
    """Return what the family's retries under way have, each entry in one of them."""
    active = select(RUN.c.selection).where(
        RUN.c.root == root,
        RUN.c.id != root,
        RUN.c.state.not_in(FINAL),
    )
    return [Ranges.parse(selection or "") for selection in cx.execute(active).scalars()]


def _free(
    cx: Transaction, root: str, failed: Chosen, *, search: str, entries: Ranges | None
) -> Ranges:
    """Return what failed, is asked for, and is not being retried right now."""
    wanted = None if entries is None else set(entries)
    busy = {entry for chosen in _being_retried(cx, root) for entry in chosen}
    return Ranges.of(
        entry
        for entry in entries_of(cx, failed, search=search)
        if entry not in busy and (wanted is None or entry in wanted)
    )
