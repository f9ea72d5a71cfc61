"""What a worker reads from the ledger before it acts: the run and the work, complete."""

from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from services.domain.chunks import Ranges
from services.domain.runs import RunOptions
from services.domain.tasks import Purpose
from services.ledger.outcomes import Place
from services.ledger.tables import RUN, WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """A run's decisions."""

    place: Place
    name: str
    purpose: Purpose
    question: str
    about: str | None
    connection: str
    account: str
    manifest: str
    manifest_name: str
    #: The check that said which entries are valid, as `CheckOptions.to_json` writes it.
    check: str
    #: None means every valid entry.
    selection: Ranges | None
    folder_uuid: str | None
    folder_name: str
    folder_description: str
    integration: str
    integration_title: str
    options: RunOptions
    dataset_uuid: str | None
    dataset_title: str | None
    dataset_description: str
    entries: int
    held: int
    cancel_requested: bool
    paused: bool
    adopted_job: str | None
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSpec:
    """A piece of work."""

    id: int
    seq: int
    tries: int
    entries: Ranges
    digest: str


def run_spec(cx: Connection, run: str) -> RunSpec:
    """Read a run."""
    row = cx.execute(select(RUN).where(RUN.c.id == run)).one()
    return RunSpec(
        place=Place(run=row.id, root=row.root, generation=row.generation),
        name=row.name,
        purpose=Purpose(row.purpose),
        question=row.question,
        about=row.about,
        connection=row.connection,
        account=row.account,
        manifest=row.manifest,
        manifest_name=row.manifest_name,
        check=row.check_options,
        selection=None if row.selection is None else Ranges.parse(row.selection),
        folder_uuid=row.folder_uuid,
        folder_name=row.folder_name,
        folder_description=row.folder_description,
        integration=row.integration,
        integration_title=row.integration_title,
        options=RunOptions(**orjson.loads(row.options)),
        dataset_uuid=row.dataset_uuid,
        dataset_title=row.dataset_title,
        dataset_description=row.dataset_description,
        entries=row.entries,
        held=row.held,
        cancel_requested=row.cancel_requested,
        paused=row.paused,
        adopted_job=row.adopted_job,
        created_by=row.created_by,
    )


def work_spec(cx: Connection, work: int) -> WorkSpec:
    """Read a piece of work."""
    row = cx.execute(select(WORK).where(WORK.c.id == work)).one()
    return WorkSpec(
        id=row.id,
        seq=row.seq,
        tries=row.tries,
        entries=Ranges.parse(row.entries),
        digest=row.digest,
    )
